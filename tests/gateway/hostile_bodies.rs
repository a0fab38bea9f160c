//! Bodies that nobody sends by accident.

use serde_json::json;

use crate::harness::{Gateway, NUMBER, Place, cases};

cases![
    two_megabytes_are_taken_and_one_byte_more_is_not,
    a_body_that_declares_too_much_is_refused_before_it_is_read,
    only_json_is_read_and_no_type_at_all_is_taken_for_it,
    an_encoded_body_is_refused,
    what_is_json_but_no_object_has_no_number,
    deep_nesting_in_unknown_members_is_no_ones_concern,
    deep_nesting_where_it_would_go_up_is_refused,
    deep_nesting_in_what_is_forwarded_is_refused_where_it_stands,
    text_that_cannot_be_kept_is_refused_where_it_stands,
    bytes_that_are_no_text_are_no_json,
];

const TEXT: &str = "/v2/messages/send/text";
const MOST: usize = 2 * 1024 * 1024;

/// A good message that is this many bytes long.
fn padded(length: usize) -> String {
    let body = format!(r#"{{"phoneNumberId":"{NUMBER}","to":"1","text":"Hi","padding":""}}"#);
    let padding = "x".repeat(length - body.len());
    body.replace(r#""padding":"""#, &format!(r#""padding":"{padding}""#))
}

async fn two_megabytes_are_taken_and_one_byte_more_is_not(place: Place) {
    let gateway = Gateway::start(&place).await;
    let fitting = padded(MOST);
    assert_eq!(gateway.ask("POST", TEXT).json(&fitting).send().await.status, 200);
    assert_eq!(gateway.ask("POST", TEXT).json(&fitting).chunked().send().await.status, 200);
    assert_eq!(gateway.meta.count().await, 2);

    let message = "The request body must be at most 2097152 bytes";
    let large = padded(MOST + 1);
    for path in [TEXT, "/v2/webhooks/config"] {
        let answer = gateway.ask("POST", path).json(&large).chunked().send().await;
        answer.refused(413, "PAYLOAD_TOO_LARGE", message);
    }
    assert_eq!(gateway.meta.count().await, 2);
}

async fn a_body_that_declares_too_much_is_refused_before_it_is_read(place: Place) {
    let gateway = Gateway::start(&place).await;
    let message = "The request body must be at most 2097152 bytes";
    for length in [MOST as u64 + 1, 10_000_000_000, 1 << 60] {
        for path in [TEXT, "/v2/webhooks/config", "/v2/templates/send"] {
            let answer = gateway.ask("POST", path).claiming(length).send().await;
            answer.refused(413, "PAYLOAD_TOO_LARGE", message);
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn only_json_is_read_and_no_type_at_all_is_taken_for_it(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = padded(200);
    let fine = [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json ;charset=\"utf-8\"; x=y",
    ];
    for content_type in fine {
        let ask = gateway.ask("POST", TEXT).header("Content-Type", content_type);
        assert_eq!(ask.body(body.as_str()).send().await.status, 200, "{content_type}");
    }
    assert_eq!(gateway.ask("POST", TEXT).body(body.as_str()).send().await.status, 200);
    let sent = gateway.meta.count().await;

    let message = "Send the body as Content-Type: application/json";
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "json",
        "",
        "\u{e9}",
    ] {
        for path in [TEXT, "/v2/webhooks/config"] {
            let ask = gateway.ask("POST", path).header("Content-Type", content_type);
            let answer = ask.body(body.as_str()).send().await;
            answer.refused(415, "UNSUPPORTED_MEDIA_TYPE", message);
        }
    }
    assert_eq!(gateway.meta.count().await, sent);
}

async fn an_encoded_body_is_refused(place: Place) {
    let gateway = Gateway::start(&place).await;
    let ask = || gateway.ask("POST", TEXT).json(&padded(200));
    for encoding in ["gzip", "br", "identity, gzip"] {
        let answer = ask().header("Content-Encoding", encoding).send().await;
        let message = "Send the body without Content-Encoding";
        answer.refused(415, "UNSUPPORTED_MEDIA_TYPE", message);
    }
    assert_eq!(ask().header("Content-Encoding", "Identity").send().await.status, 200);
    assert_eq!(gateway.meta.count().await, 1);
}

async fn what_is_json_but_no_object_has_no_number(place: Place) {
    let gateway = Gateway::start(&place).await;
    for body in ["[]", "[{\"phoneNumberId\":\"1\"}]", "\"phoneNumberId\"", "7", "true", "null"] {
        let answer = gateway.ask("POST", TEXT).json(body).send().await;
        answer.refused(400, "VALIDATION_ERROR", "phoneNumberId is required");
        let answer = gateway.ask("POST", "/v2/webhooks/config").json(body).send().await;
        answer.faults(&[("", "must be an object")]);
    }
    assert_eq!(gateway.meta.count().await, 0);
}

fn nested(depth: usize) -> String {
    format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
}

async fn deep_nesting_in_unknown_members_is_no_ones_concern(place: Place) {
    let gateway = Gateway::start(&place).await;
    for depth in [100, 10_000, 900_000] {
        let body = format!(
            r#"{{"phoneNumberId":"{NUMBER}","to":"1","text":"Hi","unknown":{}}}"#,
            nested(depth)
        );
        let answer = gateway.ask("POST", TEXT).json(&body).send().await;
        // Ignored, or no JSON that anybody reads: never a crash, never sent wrong.
        if answer.status != 200 {
            answer.refused(400, "VALIDATION_ERROR", "Request body is not valid JSON");
        }
        let objects =
            format!("{}1{}", r#"{"a":"#.repeat(depth.min(300_000)), "}".repeat(depth.min(300_000)));
        let answer = gateway.ask("POST", TEXT).json(&objects).send().await;
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    assert_eq!(gateway.get("/v2/health").send().await.status, 200);
}

async fn deep_nesting_where_it_would_go_up_is_refused(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = |depth: usize| {
        format!(
            r#"{{"phoneNumberId":"{NUMBER}","to":"1","templateName":"t","components":{}}}"#,
            nested(depth)
        )
    };
    let fine = gateway.ask("POST", "/v2/templates/send").json(&body(100)).send().await;
    assert_eq!(fine.status, 200, "{}", fine.text());
    for depth in [200, 10_000, 900_000] {
        let answer = gateway.ask("POST", "/v2/templates/send").json(&body(depth)).send().await;
        assert_eq!(answer.status, 400);
        let text = answer.text();
        assert!(text.contains("components") || text.contains("not valid JSON"), "{text}");
    }
    assert_eq!(gateway.meta.messages().await.len(), 1);
}

async fn deep_nesting_in_what_is_forwarded_is_refused_where_it_stands(place: Place) {
    let gateway = Gateway::start(&place).await;
    let contact = r#"{"name":{"formatted_name":"A","first_name":"B"},"x":DEEP}"#;
    let template = r#""name":"a","category":"UTILITY","language":"en","components":[],"x":DEEP"#;
    let places = [
        ("/v2/messages/send/contacts", format!(r#""contacts":[{contact}]"#), "contacts"),
        (
            "/v2/messages/send/interactive/flow",
            r#""bodyText":"B","flowCta":"C","flowId":"1","flowData":{"x":DEEP}"#.to_owned(),
            "flowData",
        ),
        (
            "/v2/messages/send/interactive/address",
            r#""bodyText":"B","country":"IN","values":{"x":DEEP}"#.to_owned(),
            "values",
        ),
        ("/v2/templates", template.to_owned(), ""),
    ];
    for (path, own, at) in places {
        for depth in [200, 10_000] {
            let own = own.replace("DEEP", &nested(depth));
            let body = format!(r#"{{"phoneNumberId":"{NUMBER}","to":"1",{own}}}"#);
            let answer = gateway.ask("POST", path).json(&body).send().await;
            answer.faults(&[(at, "must be valid Unicode text, nested at most 128 deep")]);
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn text_that_cannot_be_kept_is_refused_where_it_stands(place: Place) {
    let gateway = Gateway::start(&place).await;
    let unicode = "must be valid Unicode text";
    for (escape, message) in [
        (r"\u0000", "must not contain NUL characters"),
        (r"\ud83d", unicode),
        (r"\ude00", unicode),
        (r"\ude00\ud83d", unicode),
    ] {
        let body = format!(r#"{{"phoneNumberId":"{NUMBER}","to":"1","text":"a{escape}b"}}"#);
        let answer = gateway.ask("POST", TEXT).json(&body).send().await;
        answer.faults(&[("text", message)]);
        let body = format!(r#"{{"phoneNumberId":"{NUMBER}{escape}","to":"1","text":"a"}}"#);
        let answer = gateway.ask("POST", TEXT).json(&body).send().await;
        assert!(matches!(answer.status, 400 | 403), "{}", answer.text());
        let body = format!(
            r#"{{"phoneNumberId":"{NUMBER}","to":"1","templateName":"t","components":["{escape}"]}}"#
        );
        let answer = gateway.ask("POST", "/v2/templates/send").json(&body).send().await;
        if message == unicode {
            let fault = "must be valid Unicode text, nested at most 128 deep";
            answer.faults(&[("components", fault)]);
        }
    }
    let with_nul = json!({ "webhookCode": "a\u{0}b" });
    let answer = gateway.post("/v2/webhooks/config", &with_nul).send().await;
    answer.faults(&[("webhookCode", "must not contain NUL characters")]);
}

async fn bytes_that_are_no_text_are_no_json(place: Place) {
    let gateway = Gateway::start(&place).await;
    let (before, after) = (format!(r#"{{"phoneNumberId":"{NUMBER}","to":"1","text":""#), "\"}");
    for bytes in [&b"\xff"[..], b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"] {
        let body = [before.as_bytes(), bytes, after.as_bytes()].concat();
        let ask = gateway.ask("POST", TEXT).header("Content-Type", "application/json").body(body);
        let answer = ask.send().await;
        answer.refused(400, "VALIDATION_ERROR", "Request body is not valid JSON");
    }
    assert_eq!(gateway.meta.count().await, 0);
}
