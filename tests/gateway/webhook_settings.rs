//! Where the caller wants to be called: set, shown, cleared, and judged.

use serde_json::{Value, json};

use crate::harness::{Gateway, Place, Setup, cases, somebody, token_of};

cases![
    nothing_set_shows_empty_strings_and_the_usual_events,
    a_url_gets_a_code_of_its_own_and_keeps_it,
    an_empty_string_clears_and_a_missing_member_does_not,
    clearing_the_code_of_a_set_url_makes_a_new_one,
    the_events_are_the_whole_list,
    a_change_without_any_member_is_refused,
    what_is_wrong_is_told,
    an_address_that_is_not_public_is_refused,
    an_address_that_is_public_is_taken,
    development_may_lift_the_rules,
    settings_belong_to_one_account,
];

const PATH: &str = "/v2/webhooks/config";
const URL: &str = "https://example.com/hook";

async fn set(gateway: &Gateway, change: Value) -> Value {
    gateway.post(PATH, &change).send().await.data()
}

async fn shown(gateway: &Gateway) -> Value {
    gateway.get(PATH).send().await.data()
}

async fn nothing_set_shows_empty_strings_and_the_usual_events(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.get(PATH).send().await.is(
        200,
        concat!(
            r#"{"success":true,"data":{"webhookUrl":"","webhookCode":"","isVerified":false,"#,
            r#""events":["newLead","newMessage"],"signingSecret":""}}"#
        ),
    );
}

async fn a_url_gets_a_code_of_its_own_and_keeps_it(place: Place) {
    let gateway = Gateway::start(&place).await;
    let answer = set(&gateway, json!({ "webhookUrl": URL })).await;
    let code = answer["webhookCode"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 64);
    assert!(code.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
    assert_eq!(answer["webhookUrl"], URL);
    assert_eq!(answer["isVerified"], false);
    assert_eq!(shown(&gateway).await, answer);

    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(&code);
    assert_eq!(answer["signingSecret"], format!("whsec_{encoded}"));

    let moved = set(&gateway, json!({ "webhookUrl": "https://example.com/other" })).await;
    assert_eq!(moved["webhookCode"], code.as_str());
    let own = set(&gateway, json!({ "webhookCode": "my own code ü" })).await;
    assert_eq!(own["webhookCode"], "my own code ü");
    let lone = Gateway::start(&place).await;
    assert_eq!(shown(&lone).await, own, "another node sees the same");
}

async fn an_empty_string_clears_and_a_missing_member_does_not(place: Place) {
    let gateway = Gateway::start(&place).await;
    set(&gateway, json!({ "webhookUrl": URL, "webhookCode": "code" })).await;
    let kept = set(&gateway, json!({ "webhookUrl": null, "events": ["newMessage"] })).await;
    assert_eq!((&kept["webhookUrl"], &kept["webhookCode"]), (&json!(URL), &json!("code")));
    let cleared = set(&gateway, json!({ "webhookUrl": "" })).await;
    assert_eq!((&cleared["webhookUrl"], &cleared["webhookCode"]), (&json!(""), &json!("code")));
    let bare = set(&gateway, json!({ "webhookCode": "" })).await;
    assert_eq!((&bare["webhookCode"], &bare["signingSecret"]), (&json!(""), &json!("")));
    // With no URL there is nothing to sign for.
    assert_eq!(set(&gateway, json!({ "webhookCode": "" })).await["webhookCode"], "");
}

async fn clearing_the_code_of_a_set_url_makes_a_new_one(place: Place) {
    let gateway = Gateway::start(&place).await;
    let first = set(&gateway, json!({ "webhookUrl": URL })).await["webhookCode"].clone();
    let second = set(&gateway, json!({ "webhookCode": "" })).await["webhookCode"].clone();
    assert_ne!(first, second);
    assert_eq!(second.as_str().unwrap().len(), 64);
}

async fn the_events_are_the_whole_list(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (given, expected) in [
        (json!(["metaEvent"]), json!(["metaEvent"])),
        (json!([]), json!([])),
        (json!(["messageStatus", "newLead", "messageStatus"]), json!(["newLead", "messageStatus"])),
    ] {
        let answer = set(&gateway, json!({ "events": given })).await;
        assert_eq!(answer["events"], expected);
        assert_eq!(shown(&gateway).await, answer);
    }
}

async fn a_change_without_any_member_is_refused(place: Place) {
    let gateway = Gateway::start(&place).await;
    let fault = "must have webhookUrl, webhookCode or events";
    for body in [json!({}), json!({ "x": 1 }), json!({ "webhookUrl": null, "events": null })] {
        gateway.post(PATH, &body).send().await.faults(&[("", fault)]);
    }
    let empty = gateway.ask("POST", PATH).send().await;
    empty.refused(400, "VALIDATION_ERROR", "Request body is not valid JSON");
}

async fn what_is_wrong_is_told(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = json!({ "webhookUrl": 5, "webhookCode": [], "events": ["newLead", "nope", 7] });
    let event = "must be newLead, newMessage, messageStatus or metaEvent";
    gateway.post(PATH, &body).send().await.faults(&[
        ("webhookUrl", "must be a string"),
        ("webhookCode", "must be a string"),
        ("events[1]", event),
        ("events[2]", event),
    ]);
    let body = json!({ "webhookUrl": "http://x", "webhookCode": "ü".repeat(257) });
    gateway.post(PATH, &body).send().await.faults(&[
        ("webhookUrl", "must be an https URL"),
        ("webhookCode", "must be at most 256 characters"),
    ]);
    assert_eq!(shown(&gateway).await["webhookUrl"], "");
}

async fn an_address_that_is_not_public_is_refused(place: Place) {
    let gateway = Gateway::start(&place).await;
    let addresses = [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[100::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[3fff::1]",
        "[5f00::1]",
        "[fc00::1]",
        "[fd12::1]",
        "[fe80::1]",
        "[ff02::1]",
        "localhost",
        "LOCALHOST",
        "a.localhost",
        "localhost.",
    ];
    for address in addresses {
        for port in ["", ":8443"] {
            let body = json!({ "webhookUrl": format!("https://{address}{port}/hook") });
            let answer = gateway.post(PATH, &body).send().await;
            answer.faults(&[("webhookUrl", "must be a public address")]);
        }
    }
    let others = [
        ("http://example.com/", "must be an https URL"),
        ("ftp://example.com/", "must be an https URL"),
        ("example.com", "must be an https URL"),
        ("https://user:pass@example.com/", "must not contain a user name or a password"),
        ("https://example.com:22/", "must use port 443 or one above 1023"),
        ("https://example.com/\u{7}", "must not contain control characters or spaces"),
        (" https://example.com/", "must not contain control characters or spaces"),
    ];
    for (url, message) in others {
        let answer = gateway.post(PATH, &json!({ "webhookUrl": url })).send().await;
        answer.faults(&[("webhookUrl", message)]);
    }
    let long = format!("https://example.com/{}", "x".repeat(2048));
    let answer = gateway.post(PATH, &json!({ "webhookUrl": long })).send().await;
    answer.faults(&[("webhookUrl", "must be at most 2048 bytes")]);
    assert_eq!(shown(&gateway).await["webhookUrl"], "");
}

async fn an_address_that_is_public_is_taken(place: Place) {
    let gateway = Gateway::start(&place).await;
    for url in [
        "https://example.com",
        "https://example.com:443/a?b=c#d",
        "https://example.com:1024/",
        "https://8.8.8.8/x",
        "https://[2606:4700::1111]:8443/",
        "https://does-not-resolve.invalid/hook",
        "https://xn--bcher-kva.example/",
    ] {
        assert_eq!(set(&gateway, json!({ "webhookUrl": url })).await["webhookUrl"], url);
    }
    let longest = format!("https://example.com/{}", "x".repeat(2048 - 20));
    assert_eq!(set(&gateway, json!({ "webhookUrl": longest })).await["webhookUrl"], longest);
}

async fn development_may_lift_the_rules(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.webhooks.allow_private = true;
    let gateway = setup.start().await;
    let url = "http://127.0.0.1:9000/hook";
    assert_eq!(set(&gateway, json!({ "webhookUrl": url })).await["webhookUrl"], url);
    let answer = gateway.post(PATH, &json!({ "webhookUrl": "ftp://127.0.0.1/" })).send().await;
    answer.faults(&[("webhookUrl", "must be an https URL")]);
}

async fn settings_belong_to_one_account(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&somebody("bob")).await;
    set(&gateway, json!({ "webhookUrl": URL })).await;
    let bobs = gateway.get(PATH).token(&token_of("bob")).send().await.data();
    assert_eq!(bobs["webhookUrl"], "");
}
