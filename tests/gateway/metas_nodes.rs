//! One object by its id in Meta's shape: whose it is, is known before Graph is asked for it.

use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex, query_param};
use wiremock::{Mock, Request, ResponseTemplate};

use crate::harness::{
    Gateway, META_TOKEN, NUMBER, Place, TOKEN, WABA, another, cases, graph_id, somebody, token_of,
};
use crate::metas::{NO_SUCH, SHAPES, no_such, of_waba, refused};

cases![
    the_accounts_own_objects_are_shown,
    a_flow_that_was_never_seen_is_looked_for,
    what_is_somebody_elses_is_not_there,
    a_media_is_shown_with_a_link_that_leads_here,
    a_media_can_be_asked_for_by_number,
    a_media_is_deleted_once_it_is_known_to_be_the_accounts,
    nothing_else_is_ever_deleted,
    the_profile_of_a_number_is_read_and_written,
];

const MEDIA: &str = "77";
const FLOW: &str = "594425479261596";

/// Of another account with the same Meta token, which would open them all.
const FOREIGN: [(&str, &str); 6] = [
    ("222000222000222", r#"{"id":"222000222000222","verified_name":"Bob"}"#),
    ("333000333000333", r#"{"id":"333000333000333","name":"Bob Ltd","timezone_id":"1"}"#),
    ("444000444000444", r#"{"id":"444000444000444","name":"Lead","status":"DRAFT"}"#),
    ("555000555000555", r#"{"id":"555000555000555","name":"hello","status":"APPROVED"}"#),
    ("666000666000666", r#"{"id":"77","mime_type":"image/png","url":"https://a.example/"}"#),
    ("888000888000888", NO_SUCH),
];

/// Graph knows of one flow and one media of the account; whatever else is asked for is not there.
async fn knowing(place: &Place) -> Gateway {
    let gateway = Gateway::start(place).await;
    let flows = json!({ "data": [{ "id": FLOW, "name": "Lead", "status": "DRAFT" }] });
    gateway.meta.answers("GET", &of_waba("", "flows"), 200, &flows.to_string()).await;
    let own = Mock::given(method("GET")).and(path("/v23.0/77"));
    let own = own.and(query_param("phone_number_id", NUMBER));
    let known = ResponseTemplate::new(200).set_body_raw(info().to_string(), "application/json");
    gateway.meta.when(own.respond_with(known)).await;
    let absent = ResponseTemplate::new(400).set_body_raw(NO_SUCH, "application/json");
    let other = Mock::given(method("GET")).and(path_regex("^/v23.0/[0-9]+$"));
    gateway.meta.when(other.respond_with(absent).with_priority(9)).await;
    gateway
}

fn info() -> Value {
    json!({
        "messaging_product": "whatsapp", "url": format!("https://lookaside.fbsbx.com/?x={META_TOKEN}"),
        "mime_type": "image/png", "sha256": "00", "file_size": "22", "id": MEDIA, "of_graph": [1.5],
    })
}

async fn the_accounts_own_objects_are_shown(place: Place) {
    let gateway = knowing(&place).await;
    assert_eq!(gateway.get(&of_waba("", "flows")).send().await.status, 200);
    for id in [NUMBER, WABA, FLOW] {
        let body = format!(r#"{{"id":"{id}", "x":1.0,"y":"\u00e4"}}"#);
        gateway.meta.answers("GET", &format!("/v23.0/{id}"), 200, &body).await;
        for shape in SHAPES {
            let target = format!("{shape}/v23.0/{id}?fields=x,y&date_format=U&phone_number_id=1");
            let ask = gateway.get(&target).header("Content-Type", "application/json");
            ask.send().await.is(200, &body);
            let asked = gateway.meta.asked().await.pop().unwrap();
            assert_eq!(asked.url.query(), Some("fields=x%2Cy&date_format=U"));
            assert_eq!(asked.url.path(), format!("/v23.0/{id}"));
        }
    }
    assert_eq!(gateway.meta.count().await, 1 + 6, "nothing was looked for");
}

async fn a_flow_that_was_never_seen_is_looked_for(place: Place) {
    let gateway = knowing(&place).await;
    let flow = format!(r#"{{"id":"{FLOW}","name":"Lead"}}"#);
    let own = Mock::given(method("GET")).and(path(format!("/v23.0/{FLOW}")));
    let own = own.and(query_param("fields", "id,name"));
    let known = ResponseTemplate::new(200).set_body_raw(flow.clone(), "application/json");
    gateway.meta.when(own.respond_with(known)).await;
    let target = format!("/api/v23.0/{FLOW}?fields=id,name");
    gateway.get(&target).send().await.is(200, &flow);
    let paths = |asked: Vec<Request>| -> Vec<_> {
        asked.iter().map(|request| request.url.path().to_owned()).collect()
    };
    let own = format!("/v23.0/{FLOW}");
    assert_eq!(paths(gateway.meta.asked().await), [own.clone(), of_waba("", "flows"), own]);
    gateway.get(&target).send().await.is(200, &flow);
    assert_eq!(gateway.meta.count().await, 4, "now it is known");
}

/// Bob has all that is foreign to Ada.
async fn with_bob(place: &Place) -> Gateway {
    let gateway = knowing(place).await;
    let mut bob = another("bob", META_TOKEN, &[FOREIGN[0].0]);
    bob.account.whatsapp.as_mut().unwrap().waba_id = graph_id(FOREIGN[1].0);
    gateway.join(&bob).await;
    let flows = format!(r#"{{"data":[{}]}}"#, FOREIGN[2].1);
    let list = format!("/v23.0/{}/flows", FOREIGN[1].0);
    gateway.meta.answers("GET", &list, 200, &flows).await;
    assert_eq!(gateway.get(&list).token(&token_of("bob")).send().await.status, 200);
    for (id, answer) in FOREIGN {
        let status = if answer == NO_SUCH { 400 } else { 200 };
        gateway.meta.answers("GET", &format!("/v23.0/{id}"), status, answer).await;
    }
    gateway
}

async fn what_is_somebody_elses_is_not_there(place: Place) {
    let gateway = with_bob(&place).await;
    let before = gateway.meta.count().await;
    for shape in SHAPES {
        for (id, _) in FOREIGN {
            for (method, edge) in [("GET", ""), ("GET", "?fields=id"), ("GET", "/bytes")] {
                no_such(&gateway.ask(method, &format!("{shape}/v23.0/{id}{edge}")).send().await);
            }
        }
    }
    for asked in gateway.meta.asked().await.split_off(before) {
        let of_media = asked.url.query() == Some(&format!("phone_number_id={NUMBER}"));
        let of_flows = asked.url.path() == of_waba("", "flows");
        assert!(of_media || of_flows, "{}", asked.url);
    }
    let mut eve = somebody("eve");
    eve.account.phone_numbers.clear();
    gateway.join(&eve).await;
    no_such(&gateway.get("/v23.0/77").token(&token_of("eve")).send().await);
    no_such(&gateway.get("/v23.0/77/bytes").token(&token_of("eve")).send().await);
}

async fn a_media_is_shown_with_a_link_that_leads_here(place: Place) {
    let gateway = knowing(&place).await;
    let theirs = info();
    let text = |link: &str| theirs.to_string().replace(theirs["url"].as_str().unwrap(), link);
    for shape in SHAPES {
        let path = format!("{shape}/v23.0/{MEDIA}");
        let here = format!("https://gateway.example{path}/bytes");
        gateway.get(&path).send().await.is(200, &text(&here));
        let header = gateway.get(&path).anonymous().header("x-access-token", TOKEN);
        header.send().await.is(200, &text(&here));
        let query = gateway.get(&format!("{path}?access_token={TOKEN}")).anonymous();
        query.send().await.is(200, &text(&format!("{here}?access_token={TOKEN}")));
    }
    let asked = gateway.meta.asked().await.pop().unwrap();
    assert_eq!(asked.url.query(), Some(format!("phone_number_id={NUMBER}").as_str()));
}

async fn a_media_can_be_asked_for_by_number(place: Place) {
    let gateway = with_bob(&place).await;
    for shape in SHAPES {
        let before = gateway.meta.count().await;
        for method in ["GET", "DELETE"] {
            let target = format!("{shape}/v23.0/77?phone_number_id={}", FOREIGN[0].0);
            refused(&gateway.ask(method, &target).send().await, 403, 200);
        }
        assert_eq!(gateway.meta.count().await, before);
        let target = format!("{shape}/v23.0/77?phone_number_id={NUMBER}");
        assert_eq!(gateway.get(&target).send().await.json()["id"], "77");
        assert_eq!(gateway.meta.count().await, before + 1);
    }
}

async fn a_media_is_deleted_once_it_is_known_to_be_the_accounts(place: Place) {
    let gateway = knowing(&place).await;
    let gone = r#"{"success":true, "x":1.0}"#;
    gateway.meta.answers("DELETE", "/v23.0/77", 200, gone).await;
    for target in ["/v23.0/77", "/api/v23.0/77", &format!("/v23.0/77?phone_number_id={NUMBER}")] {
        let ask = gateway.ask("DELETE", target).header("Content-Type", "application/json");
        ask.send().await.is(200, gone);
        let mut asked = gateway.meta.asked().await;
        let last = asked.pop().unwrap();
        assert_eq!((last.method.as_str(), last.url.path()), ("DELETE", "/v23.0/77"));
        assert_eq!(last.url.query(), Some(format!("phone_number_id={NUMBER}").as_str()));
        assert_eq!(asked.pop().unwrap().method.as_str(), "GET");
    }
}

async fn nothing_else_is_ever_deleted(place: Place) {
    let gateway = with_bob(&place).await;
    assert_eq!(gateway.get(&of_waba("", "flows")).send().await.status, 200);
    for shape in SHAPES {
        for id in FOREIGN.map(|(id, _)| id).into_iter().chain([NUMBER, WABA, FLOW, "999"]) {
            no_such(&gateway.ask("DELETE", &format!("{shape}/v23.0/{id}")).send().await);
        }
        // Bob's numbers have no such media.
        let strangers = gateway.ask("DELETE", &format!("{shape}/v23.0/{MEDIA}"));
        no_such(&strangers.token(&token_of("bob")).send().await);
    }
    let asked = gateway.meta.asked().await;
    assert!(asked.iter().all(|request| request.method.as_str() == "GET"), "{asked:?}");
}

async fn the_profile_of_a_number_is_read_and_written(place: Place) {
    let gateway = Gateway::start(&place).await;
    let path = format!("/v23.0/{NUMBER}/whatsapp_business_profile");
    let profile = r#"{"data":[{"about":"Hi", "messaging_product":"whatsapp"}]}"#;
    gateway.meta.answers("GET", &path, 200, profile).await;
    gateway.meta.answers("POST", &path, 200, r#"{"success":true}"#).await;
    for shape in SHAPES {
        let ask = gateway.get(&format!("{shape}{path}?fields=about,email&limit=3"));
        ask.send().await.is(200, profile);
        let asked = gateway.meta.asked().await.pop().unwrap();
        assert_eq!(asked.url.query(), Some("fields=about%2Cemail"));
        let body = r#"{ "messaging_product":"whatsapp","about":null, "websites":["x"]}"#;
        let ask = gateway.ask("POST", &format!("{shape}{path}")).json(body);
        ask.send().await.is(200, r#"{"success":true}"#);
        let sent = gateway.meta.asked().await.pop().unwrap();
        assert_eq!((sent.body.as_slice(), sent.url.query()), (body.as_bytes(), None));
    }
}
