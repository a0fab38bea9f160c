//! Sending a template, by its name in the body or in the path.

use serde_json::{Value, json};

use crate::harness::{ACCEPTED, Gateway, NUMBER, Place, cases};

cases![
    a_template_goes_up_with_its_name_its_language_and_nothing_else,
    components_go_up_digit_for_digit,
    components_left_out_stay_left_out,
    an_empty_language_is_a_fault,
    a_name_in_the_path_is_the_name_whatever_the_body_says,
    what_is_wrong_with_a_template_is_told,
];

fn body(own: &Value) -> Value {
    let mut body = json!({ "phoneNumberId": NUMBER, "to": "15551234567" });
    body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    body
}

fn message(template: &Value) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "15551234567",
        "type": "template",
        "template": template,
    })
}

async fn a_template_goes_up_with_its_name_its_language_and_nothing_else(place: Place) {
    let gateway = Gateway::start(&place).await;
    let components = json!([{ "type": "body", "parameters": [{ "type": "text", "text": "A" }] }]);
    let cases = [
        (
            json!({ "templateName": "t_1" }),
            json!({ "name": "t_1", "language": { "code": "en_US" } }),
        ),
        (
            json!({ "templateName": "t", "language": "de", "components": components, "x": 1 }),
            json!({ "name": "t", "language": { "code": "de" }, "components": components }),
        ),
        (
            json!({ "templateName": "t", "language": null }),
            json!({ "name": "t", "language": { "code": "en_US" } }),
        ),
    ];
    for (own, expected) in cases {
        let answer = gateway.post("/v2/templates/send", &body(&own)).send().await;
        answer.is(200, &format!(r#"{{"success":true,"data":{ACCEPTED}}}"#));
        assert_eq!(gateway.meta.last_body().await, message(&expected));
    }
}

async fn components_go_up_digit_for_digit(place: Place) {
    let gateway = Gateway::start(&place).await;
    let components = r#"[ {"type":"body","a":1.10,"b":1E+2,"c":123456789012345678901234567890 ,"a":0.10000000000000000001,"d":"\u00e9\/"}, null, 7 ]"#;
    for path in ["/v2/templates/send", "/v2/templates/t/test-send"] {
        let body = format!(
            r#"{{"phoneNumberId":"{NUMBER}","to":"1","templateName":"t","components":{components}}}"#
        );
        let answer = gateway.ask("POST", path).json(&body).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let request = gateway.meta.messages().await.pop().unwrap();
        let expected = format!(
            r#"{{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"template","template":{{"name":"t","language":{{"code":"en_US"}},"components":{components}}}}}"#
        );
        assert_eq!(std::str::from_utf8(&request.body).unwrap(), expected);
    }
}

async fn components_left_out_stay_left_out(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (given, expected) in [(Value::Null, None), (json!([]), Some(json!([])))] {
        let body = body(&json!({ "templateName": "t", "components": given }));
        assert_eq!(gateway.post("/v2/templates/send", &body).send().await.status, 200);
        let went_up = gateway.meta.last_body().await;
        assert_eq!(went_up["template"].get("components"), expected.as_ref());
    }
}

async fn an_empty_language_is_a_fault(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = body(&json!({ "templateName": "t", "language": "" }));
    for path in ["/v2/templates/send", "/v2/templates/t/test-send"] {
        let answer = gateway.post(path, &body).send().await;
        answer.faults(&[("language", "must not be empty")]);
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_name_in_the_path_is_the_name_whatever_the_body_says(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (path, name) in [("order_shipped", "order_shipped"), ("a%20b", "a b"), ("a%2Fb", "a/b")] {
        let path = format!("/v2/templates/{path}/test-send");
        let body = body(&json!({ "templateName": "another", "language": "pt_BR" }));
        assert_eq!(gateway.post(&path, &body).send().await.status, 200, "{path}");
        let expected = json!({ "name": name, "language": { "code": "pt_BR" } });
        assert_eq!(gateway.meta.last_body().await, message(&expected));
    }
}

async fn what_is_wrong_with_a_template_is_told(place: Place) {
    let gateway = Gateway::start(&place).await;
    let own = json!({ "to": "x", "language": 5, "components": {} });
    let answer = gateway.post("/v2/templates/send", &body(&own)).send().await;
    answer.faults(&[
        ("to", "must have 1 to 20 digits"),
        ("templateName", "is required"),
        ("language", "must be a string"),
        ("components", "must be an array"),
    ]);
    assert_eq!(gateway.meta.count().await, 0);
}
