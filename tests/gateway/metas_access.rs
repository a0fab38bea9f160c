//! Who calls in Meta's shape, and whose number and account the path names.

use serde_json::json;

use crate::harness::{
    Ask, Gateway, META_TOKEN, NUMBER, Place, TOKEN, WABA, another, cases, graph_id, somebody,
    token_of,
};
use crate::metas::{SHAPES, no_such, of_number, of_waba, refused};

cases![
    a_token_is_taken_from_any_of_four_places,
    two_different_tokens_are_none,
    avenpings_routes_take_it_from_two_places_only,
    the_waba_of_the_header_must_be_the_accounts,
    a_number_in_the_path_must_be_the_accounts,
    a_waba_in_the_path_must_be_the_accounts,
    an_id_that_is_none_goes_nowhere,
    the_version_goes_up_as_it_was_given,
];

const OTHER_NUMBER: &str = "222000222000222";
const OTHER_WABA: &str = "333000333000333";

/// One of four places to show a token in.
fn showing(ask: Ask, place: usize, token: &str, path: &str, gateway: &Gateway) -> Ask {
    match place {
        0 => ask.token(token),
        1 => ask.anonymous().header("X-API-Token", token),
        2 => ask.anonymous().header("x-access-token", token),
        _ => gateway.get(&format!("{path}?access_token={token}")).anonymous(),
    }
}

async fn a_token_is_taken_from_any_of_four_places(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.meta.answers("GET", &of_waba("", "phone_numbers"), 200, r#"{"data":[]}"#).await;
    for path in SHAPES.map(|shape| of_waba(shape, "phone_numbers")) {
        for nth in 0..4 {
            let good = showing(gateway.get(&path), nth, TOKEN, &path, &gateway);
            good.send().await.is(200, r#"{"data":[]}"#);
            let bad = showing(gateway.get(&path), nth, "a-token-of-nobody", &path, &gateway);
            refused(&bad.send().await, 401, 190);
            // Meta's own token opens nothing here.
            let metas = showing(gateway.get(&path), nth, META_TOKEN, &path, &gateway);
            refused(&metas.send().await, 401, 190);
        }
        let all = gateway.get(&format!("{path}?access_token={TOKEN}"));
        let all = all.header("X-API-Token", TOKEN).header("x-access-token", TOKEN);
        assert_eq!(all.send().await.status, 200);
        let empty = gateway.get(&format!("{path}?access_token=")).anonymous();
        refused(&empty.send().await, 401, 190);
    }
    for asked in gateway.meta.asked().await {
        assert_eq!(asked.url.query(), None, "a token goes up in no query");
        assert!(crate::harness::carries_token(&asked));
        assert!(!asked.headers.contains_key("x-access-token"));
    }
}

async fn two_different_tokens_are_none(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&somebody("bob")).await;
    let bob = token_of("bob");
    for path in SHAPES.map(|shape| of_waba(shape, "phone_numbers")) {
        let query = format!("{path}?access_token={bob}");
        for ask in [
            gateway.get(&path).header("X-API-Token", &bob),
            gateway.get(&path).header("x-access-token", &bob),
            gateway.get(&query),
            gateway.get(&query).anonymous().header("x-access-token", TOKEN),
            gateway.get(&format!("{query}&access_token={TOKEN}")).anonymous(),
        ] {
            refused(&ask.send().await, 401, 190);
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn avenpings_routes_take_it_from_two_places_only(place: Place) {
    let gateway = Gateway::start(&place).await;
    let missing = |ask: Ask| async {
        ask.anonymous().send().await.refused(401, "UNAUTHORIZED", "Missing API token");
    };
    missing(gateway.get("/v2/me").header("x-access-token", TOKEN)).await;
    missing(gateway.get(&format!("/v2/me?access_token={TOKEN}"))).await;
}

async fn the_waba_of_the_header_must_be_the_accounts(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.meta.answers("GET", &format!("/v23.0/{NUMBER}"), 200, r#"{"id":"1"}"#).await;
    for shape in SHAPES {
        let paths =
            [format!("{shape}/v23.0/{NUMBER}"), of_number(shape, "media"), of_waba(shape, "flows")];
        for (path, method) in paths.iter().zip(["GET", "POST", "GET"]) {
            for wrong in [OTHER_WABA, "", "x", &format!("{WABA}0")] {
                let ask = gateway.ask(method, path).header("x-waba-id", wrong);
                refused(&ask.send().await, 403, 200);
            }
            let twice = gateway.ask(method, path).header("x-waba-id", WABA);
            let twice = twice.header("x-waba-id", OTHER_WABA);
            refused(&twice.send().await, 403, 200);
        }
        assert_eq!(gateway.meta.count().await, 0);
        let right = gateway.get(&paths[0]).header("x-waba-id", WABA).send().await;
        right.is(200, r#"{"id":"1"}"#);
        assert_eq!(gateway.get(&paths[0]).send().await.status, 200, "it may be absent");
        gateway.meta.forget().await;
        gateway.meta.answers("GET", &format!("/v23.0/{NUMBER}"), 200, r#"{"id":"1"}"#).await;
    }
}

async fn a_number_in_the_path_must_be_the_accounts(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&another("bob", META_TOKEN, &[OTHER_NUMBER])).await;
    for shape in SHAPES {
        for number in [OTHER_NUMBER, "999", WABA] {
            for (method, edge) in [
                ("POST", "messages"),
                ("POST", "media"),
                ("GET", "whatsapp_business_profile"),
                ("POST", "whatsapp_business_profile"),
            ] {
                let path = format!("{shape}/v23.0/{number}/{edge}");
                // Refused before its body is read.
                refused(&gateway.ask(method, &path).body("{broken").send().await, 403, 200);
            }
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_waba_in_the_path_must_be_the_accounts(place: Place) {
    let gateway = Gateway::start(&place).await;
    let mut bob = somebody("bob");
    bob.account.whatsapp.as_mut().unwrap().waba_id = graph_id(OTHER_WABA);
    gateway.join(&bob).await;
    for shape in SHAPES {
        for waba in [OTHER_WABA, "999", NUMBER] {
            for (method, edge) in [
                ("GET", "message_templates"),
                ("POST", "message_templates"),
                ("DELETE", "message_templates?name=hello"),
                ("GET", "flows"),
                ("GET", "phone_numbers"),
            ] {
                let path = format!("{shape}/v23.0/{waba}/{edge}");
                refused(&gateway.ask(method, &path).body("{broken").send().await, 403, 200);
            }
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn an_id_that_is_none_goes_nowhere(place: Place) {
    let gateway = Gateway::start(&place).await;
    for shape in SHAPES {
        for id in ["", "me", "..%2fme", "1%2f2", "1%3fx=1", "%00", "debug_token", "1%20", "ä1"] {
            let edges = [("GET", "/bytes"), ("GET", ""), ("DELETE", "")];
            // Nothing at all would be the path of the version.
            for (method, edge) in edges.into_iter().take(if id.is_empty() { 1 } else { 3 }) {
                let answer = gateway.ask(method, &format!("{shape}/v23.0/{id}{edge}")).send().await;
                if id.is_ascii() {
                    no_such(&answer);
                }
            }
            if !id.is_ascii() {
                continue;
            }
            let path = format!("{shape}/v23.0/{id}/messages");
            refused(&gateway.post(&path, &json!({})).send().await, 403, 200);
            let path = format!("{shape}/v23.0/{id}/flows");
            refused(&gateway.get(&path).send().await, 403, 200);
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn the_version_goes_up_as_it_was_given(place: Place) {
    let gateway = Gateway::start(&place).await;
    for version in ["v17.0", "v24.0", "v2.12"] {
        let path = format!("/{version}/{WABA}/flows");
        gateway.meta.answers("GET", &path, 200, r#"{"data":[]}"#).await;
        for shape in SHAPES {
            let answer = gateway.get(&format!("{shape}{path}")).send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
}
