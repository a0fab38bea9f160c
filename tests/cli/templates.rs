//! The life of a template: made, sent, edited, deleted, with the stand-in for Meta behind it.

use serde_json::{Value, json};

use crate::demo::Demo;
use crate::place::Place;
use crate::server::Reply;

fn made(demo: &Demo, language: &str, text: &str) -> Reply {
    let body = json!({
        "name": "order_delivered", "category": "UTILITY", "language": language,
        "components": [{ "type": "body", "text": text }],
    });
    demo.ask("POST", "/v2/templates", &[], &body.to_string())
}

fn sent(demo: &Demo, language: &str, values: &[&str]) -> Reply {
    let parameters: Value =
        values.iter().map(|value| json!({ "type": "text", "text": value })).collect();
    let body = json!({
        "to": "16505551234", "templateName": "order_delivered", "language": language,
        "components": [{ "type": "body", "parameters": parameters }],
    });
    demo.post("/v2/templates/send", body)
}

#[track_caller]
fn is_fault(reply: &Reply, path: &str, message: &str) {
    let details = json!([{ "path": path, "message": message }]);
    assert_eq!((reply.status, &reply.body["details"]), (400, &details), "{reply:?}");
}

#[test]
fn a_template_lives_and_its_sends_are_judged_by_what_it_is_now() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let template = "/v2/templates/order_delivered";
    for (language, text) in [("en_US", "Hello {{1}}, here is {{2}}"), ("de", "Hallo {{1}}: {{2}}")]
    {
        let reply = made(&demo, language, text);
        assert_eq!(reply.body["data"]["status"], "PENDING", "{reply:?}");
    }
    let again = made(&demo, "de", "Hallo");
    assert_eq!(again.body["details"]["error"]["error_subcode"], 2_388_024, "{again:?}");

    let known = demo.get(&format!("{template}?language=de"));
    assert_eq!(known.body["data"]["status"], "APPROVED", "{known:?}");
    assert_eq!(sent(&demo, "de", &["Ada", "860198"]).status, 200);
    let message = "the body of order_delivered (de) takes 2 parameters, 1 was given";
    is_fault(&sent(&demo, "de", &["Ada"]), "components", message);
    let message = "order_delivered exists in en_US, de, not in fr";
    is_fault(&sent(&demo, "fr", &["Ada"]), "language", message);

    let change = r#"{"components":[{"type":"BODY","text":"Hallo {{1}}"}]}"#;
    let reply = demo.ask("PATCH", template, &[], change);
    is_fault(&reply, "language", "is required: order_delivered exists in en_US, de");
    let reply = demo.ask("PATCH", &format!("{template}?language=de"), &[], change);
    assert_eq!((reply.status, &reply.body["data"]), (200, &json!({ "success": true })));
    assert_eq!(sent(&demo, "de", &["Ada"]).status, 200);

    let gone = demo.ask("DELETE", &format!("{template}?language=de"), &[], "");
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(demo.get(&format!("{template}?language=de")).status, 404);
    assert_eq!(demo.get(template).status, 200);
    assert_eq!(demo.ask("DELETE", template, &[], "").status, 200);
    assert_eq!(demo.ask("DELETE", template, &[], "").status, 404);
    assert_eq!(sent(&demo, "en_US", &["Ada"]).body["details"]["error"]["code"], 132_001);
}

#[test]
fn the_samples_take_what_they_say_and_nothing_else() {
    let place = Place::new();
    let demo = Demo::start(&place);
    // From here on all of them are known.
    assert_eq!(demo.get("/v2/templates?limit=1000").status, 200);
    let text = |text: &str| json!({ "type": "text", "text": text });
    let named = |name: &str| json!({ "type": "text", "parameter_name": name, "text": "x" });
    let body = |parameters: Value| json!({ "type": "body", "parameters": parameters });
    let image = json!({ "type": "header", "parameters": [
        { "type": "image", "image": { "link": "https://shop.example/a.png" } }
    ] });
    let suffix = |index: usize| json!({ "type": "button", "sub_type": "url", "index": index, "parameters": [text("x")] });
    let card = |index: usize| json!({ "card_index": index, "components": [image, body(json!([text("x")])), suffix(1)] });
    let carousel = |count: usize| {
        let cards: Value = (0..count).map(card).collect();
        json!([body(json!([text("x")])), { "type": "carousel", "cards": cards }])
    };
    let visit = |names: &[&str]| json!([body(names.iter().map(|name| named(name)).collect())]);
    let cases = [
        ("order_shipped", json!([body(json!([text("a"), text("b"), text("c")])), suffix(0)]), 200),
        ("order_shipped", json!([body(json!([text("a"), text("b"), text("c")]))]), 400),
        ("appointment_reminder", visit(&["customer_name", "doctor", "date", "time"]), 200),
        ("appointment_reminder", visit(&["customer_name", "doctor", "date"]), 400),
        ("plant_carousel", carousel(3), 200),
        ("plant_carousel", carousel(2), 400),
        (
            "login_code",
            json!([body(json!([text("123456")])), {
                "type": "button", "sub_type": "url", "index": "0", "parameters": [text("123456")]
            }]),
            200,
        ),
        ("hello_world", json!([]), 200),
        ("hello_world", json!([body(json!([text("a")]))]), 400),
    ];
    for (name, components, status) in cases {
        let own = json!({ "to": "16505551234", "components": components });
        let reply = demo.post(&format!("/v2/templates/{name}/test-send"), own);
        assert_eq!(reply.status, status, "{name} {components}: {reply:?}");
    }
}
