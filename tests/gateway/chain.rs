//! Who may call: four steps, in the documented order.

use std::time::Duration;

use avenping_gateway::model::{NewAccount, Plan};
use serde_json::json;

use crate::harness::{Gateway, NOW, NUMBER, Place, at, cases, graph_id, plan, somebody, token_of};

cases![
    a_token_is_taken_from_either_header_and_the_scheme_in_any_case,
    no_token_is_missing_and_a_wrong_one_is_invalid,
    two_different_tokens_are_none,
    a_token_in_the_query_is_never_accepted,
    a_suspended_user_is_told_that_the_token_is_invalid,
    a_user_without_a_whatsapp_account_or_a_meta_token_is_told_so,
    a_plan_is_active_up_to_and_including_its_end,
    only_premium_and_enterprise_open_the_api,
    an_add_on_is_not_the_plan,
    an_earlier_step_answers_before_a_later_one,
    a_number_must_be_named_and_be_the_accounts_own,
    someone_elses_number_is_refused_before_the_fields_are_read,
    every_guarded_route_asks_for_a_token_first,
];

const UNAUTHORIZED: &str = "UNAUTHORIZED";

async fn a_token_is_taken_from_either_header_and_the_scheme_in_any_case(place: Place) {
    let gateway = Gateway::start(&place).await;
    let token = token_of("ada");
    let headers = [
        vec![("Authorization", format!("Bearer {token}"))],
        vec![("authorization", format!("bEARER   {token}"))],
        vec![("X-API-Token", token.clone())],
        vec![("Authorization", format!("Bearer {token}")), ("x-api-token", token.clone())],
        vec![("Authorization", "Basic abc".to_owned()), ("X-API-Token", token.clone())],
    ];
    for headers in headers {
        let mut ask = gateway.get("/v2/me").anonymous();
        for (name, value) in &headers {
            ask = ask.header(name, value);
        }
        assert_eq!(ask.send().await.status, 200, "{headers:?}");
    }
}

async fn no_token_is_missing_and_a_wrong_one_is_invalid(place: Place) {
    let gateway = Gateway::start(&place).await;
    let missing = [None, Some(("Authorization", "Basic abc")), Some(("Authorization", "Bearer "))];
    for header in missing {
        let mut ask = gateway.get("/v2/me").anonymous();
        if let Some((name, value)) = header {
            ask = ask.header(name, value);
        }
        let answer = ask.send().await;
        answer.refused(401, UNAUTHORIZED, "Missing API token");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let wrong = [
        "short",
        "an-opaque-token-that-nobody-has",
        // Of our own form, with a checksum that is wrong.
        "avp_live_00000000000000000000000000000000000000",
        &"x".repeat(600),
    ];
    for token in wrong {
        let answer = gateway.get("/v2/me").token(token).send().await;
        answer.refused(401, UNAUTHORIZED, "Invalid API token");
    }
}

async fn two_different_tokens_are_none(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&other_number("bob")).await;
    let refused = gateway.get("/v2/me").header("X-API-Token", token_of("bob")).send().await;
    refused.refused(401, UNAUTHORIZED, "Invalid API token");
    let refused = gateway.get("/v2/me").header("Authorization", "Bearer another").send().await;
    refused.refused(401, UNAUTHORIZED, "Invalid API token");
    let refused = gateway.get("/v2/me").header("X-API-Token", b"caf\xe9").send().await;
    refused.refused(401, UNAUTHORIZED, "Invalid API token");
}

async fn a_token_in_the_query_is_never_accepted(place: Place) {
    let gateway = Gateway::start(&place).await;
    let token = token_of("ada");
    for name in ["access_token", "token", "api_token", "x-api-token"] {
        let target = format!("/v2/me?{name}={token}");
        let answer = gateway.get(&target).anonymous().send().await;
        answer.refused(401, UNAUTHORIZED, "Missing API token");
    }
}

fn other_number(name: &str) -> NewAccount {
    let mut newcomer = somebody(name);
    newcomer.account.phone_numbers[0].id = graph_id("222000222000222");
    newcomer
}

/// What an account gets to hear that differs from the usual one.
async fn hears(
    gateway: &Gateway,
    name: &str,
    spoil: impl FnOnce(&mut NewAccount),
) -> (u16, String) {
    let mut newcomer = other_number(name);
    spoil(&mut newcomer);
    gateway.join(&newcomer).await;
    let answer = gateway.get("/v2/me").token(&token_of(name)).send().await;
    let json = answer.json();
    (answer.status, format!("{} {}", json["error"], json["message"]).replace('"', ""))
}

async fn a_suspended_user_is_told_that_the_token_is_invalid(place: Place) {
    let gateway = Gateway::start(&place).await;
    let heard = hears(&gateway, "bob", |bob| bob.account.suspended = true).await;
    assert_eq!(heard, (401, "UNAUTHORIZED Invalid API token".into()));
}

async fn a_user_without_a_whatsapp_account_or_a_meta_token_is_told_so(place: Place) {
    let gateway = Gateway::start(&place).await;
    let told = (404, "NOT_FOUND WhatsApp account not found".to_owned());
    let heard = hears(&gateway, "bob", |bob| bob.account.whatsapp = None).await;
    assert_eq!(heard, told);
    let without_token = |eve: &mut NewAccount| {
        eve.account.whatsapp.as_mut().unwrap().meta_token = None;
    };
    assert_eq!(hears(&gateway, "eve", without_token).await, told);
}

fn until(name: &str, millis: i64) -> Plan {
    Plan { name: name.to_owned(), add_on: false, ends_at: Some(at(millis)) }
}

async fn a_plan_is_active_up_to_and_including_its_end(place: Place) {
    let gateway = Gateway::start(&place).await;
    let ends_now = |bob: &mut NewAccount| bob.account.plans = vec![until("Premium", NOW)];
    assert_eq!(hears(&gateway, "bob", ends_now).await.0, 200);

    gateway.clock.advance(Duration::from_millis(1));
    let expired = gateway.get("/v2/me").token(&token_of("bob")).send().await;
    expired.refused(403, "PLAN_EXPIRED", "Your plan has expired");

    let endless = |eve: &mut NewAccount| {
        eve.account.plans = vec![Plan { ends_at: None, ..plan("Premium") }];
    };
    assert_eq!(hears(&gateway, "eve", endless).await.1, "PLAN_EXPIRED Your plan has expired");
}

async fn only_premium_and_enterprise_open_the_api(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (nth, name) in ["Premium", "premium", "ENTERPRISE", "Enterprise"].iter().enumerate() {
        let has = |bob: &mut NewAccount| bob.account.plans = vec![plan(name)];
        assert_eq!(hears(&gateway, &format!("fine-user-{nth}"), has).await.0, 200, "{name}");
    }
    let told = "DEVELOPER_PLAN_REQUIRED API access requires a Premium or Enterprise plan";
    for (nth, name) in ["Basic", "Premium Plus", " Premium", ""].iter().enumerate() {
        let has = |bob: &mut NewAccount| bob.account.plans = vec![plan(name)];
        let heard = hears(&gateway, &format!("poor-user-{nth}"), has).await;
        assert_eq!(heard, (403, told.into()), "{name}");
    }
    let none = |eve: &mut NewAccount| eve.account.plans = Vec::new();
    assert_eq!(hears(&gateway, "eve", none).await, (403, told.into()));
}

async fn an_add_on_is_not_the_plan(place: Place) {
    let gateway = Gateway::start(&place).await;
    let add_on = |plan: Plan| Plan { add_on: true, ..plan };
    let only_add_on = |bob: &mut NewAccount| bob.account.plans = vec![add_on(plan("Premium"))];
    let told = "DEVELOPER_PLAN_REQUIRED API access requires a Premium or Enterprise plan";
    assert_eq!(hears(&gateway, "bob", only_add_on).await, (403, told.into()));

    let after_expired_add_on = |eve: &mut NewAccount| {
        eve.account.plans = vec![add_on(until("Premium", 1)), plan("Enterprise"), plan("Basic")];
    };
    assert_eq!(hears(&gateway, "eve", after_expired_add_on).await.0, 200);
}

async fn an_earlier_step_answers_before_a_later_one(place: Place) {
    let gateway = Gateway::start(&place).await;
    let expired_basic = |bob: &mut NewAccount| bob.account.plans = vec![until("Basic", NOW - 1)];
    let heard = hears(&gateway, "bob", expired_basic).await;
    assert_eq!(heard, (403, "PLAN_EXPIRED Your plan has expired".into()));

    let unlinked_expired = |eve: &mut NewAccount| {
        eve.account.plans = vec![until("Premium", NOW - 1)];
        eve.account.whatsapp = None;
    };
    let heard = hears(&gateway, "eve", unlinked_expired).await;
    assert_eq!(heard, (404, "NOT_FOUND WhatsApp account not found".into()));

    // The plan is judged before the body is read, and the number before the fields.
    let path = "/v2/messages/send/text";
    let ask = gateway.ask("POST", path).token(&token_of("bob")).body("{broken");
    ask.send().await.refused(403, "PLAN_EXPIRED", "Your plan has expired");
    let ask = gateway.ask("POST", path).anonymous().body("{broken");
    ask.send().await.refused(401, UNAUTHORIZED, "Missing API token");
    // And a token before the body has even come.
    let ask = gateway.ask("POST", path).token("a-token-that-nobody-has").claiming(1000);
    ask.send().await.refused(401, UNAUTHORIZED, "Invalid API token");
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_number_must_be_named_and_be_the_accounts_own(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&other_number("bob")).await;
    let message = json!({ "to": "1555", "text": "Hi", "templateName": "t" });
    for path in ["/v2/messages/send/text", "/v2/messages/send", "/v2/templates/send"] {
        for number in [json!(null), json!(""), json!(5), json!([NUMBER]), json!({})] {
            let mut body = message.clone();
            body["phoneNumberId"] = number;
            let answer = gateway.post(path, &body).send().await;
            answer.refused(400, "VALIDATION_ERROR", "phoneNumberId is required");
        }
        let answer = gateway.post(path, &message).send().await;
        answer.refused(400, "VALIDATION_ERROR", "phoneNumberId is required");
        for number in ["222000222000222", "999", "../me", &format!("{NUMBER} ")] {
            let mut body = message.clone();
            body["phoneNumberId"] = number.into();
            let answer = gateway.post(path, &body).send().await;
            answer.refused(403, "FORBIDDEN", "phoneNumberId does not belong to this account");
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn someone_elses_number_is_refused_before_the_fields_are_read(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = json!({ "phoneNumberId": "222000222000222" });
    for path in [
        "/v2/messages/send",
        "/v2/messages/send/text",
        "/v2/messages/send/interactive/list",
        "/v2/templates/send",
        "/v2/templates/t/test-send",
    ] {
        let answer = gateway.post(path, &body).send().await;
        answer.refused(403, "FORBIDDEN", "phoneNumberId does not belong to this account");
    }
    let nameless = gateway.post("/v2/messages/send/text", &json!([])).send().await;
    nameless.refused(400, "VALIDATION_ERROR", "phoneNumberId is required");
    assert_eq!(gateway.meta.count().await, 0);
}

async fn every_guarded_route_asks_for_a_token_first(place: Place) {
    use avenping_gateway::access::Guard;

    let gateway = Gateway::start(&place).await;
    let routes = avenping_gateway::app::routes();
    assert!(routes.len() > 20);
    for route in routes {
        let path = route.path.replace("/docs/{file}", "/docs/index.css").replace(['{', '}'], "");
        let answer = gateway.ask(route.method.as_str(), &path).anonymous().send().await;
        if path == "/webhooks/meta" {
            // Meta's own door: a signature instead of a token, and a promise of its own.
            assert!(matches!(answer.status, 401 | 403), "{path}: {}", answer.status);
        } else if route.guard == Guard::Public {
            assert_eq!(answer.status, 200, "{path}");
        } else {
            answer.refused(401, UNAUTHORIZED, "Missing API token");
        }
    }
    let public = ["/", "/v2/health", "/v2/version", "/v2/ready", "/v2/openapi.json"];
    for path in public {
        assert_eq!(gateway.get(path).anonymous().send().await.status, 200, "{path}");
        // A bad token does not close what is open to all.
        assert_eq!(gateway.get(path).token("bad").send().await.status, 200, "{path}");
    }
    assert_eq!(gateway.meta.count().await, 0);
}
