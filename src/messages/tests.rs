use serde_json::{Value, json};

use super::{KINDS, Kind};
use crate::fields::Members;

fn kind_of(body: &Value) -> Option<&'static str> {
    let text = body.to_string();
    let members: Members<'_> = serde_json::from_str(&text).unwrap();
    Kind::recognise(&members).map(|kind| kind.path.trim_start_matches("/v2/messages/send/"))
}

#[test]
fn each_example_is_valid_and_send_knows_nine_of_the_kinds() {
    let mut known = 0;
    for kind in &KINDS {
        let members: Members<'_> = serde_json::from_str(kind.example).unwrap();
        let composed = kind.compose(&members);
        assert!(composed.is_ok(), "{}: {:?}", kind.path, composed.err());
        let recognised = Kind::recognise(&members).map(|kind| kind.path);
        assert_eq!(recognised == Some(kind.path), kind.is_on_send(), "{}", kind.path);
        known += usize::from(kind.is_on_send());
    }
    assert_eq!(known, 9);
}

#[test]
fn the_record_of_a_form_can_name_it() {
    let flow = |body: &str| {
        let members: Members<'_> = serde_json::from_str(body).unwrap();
        let kind = KINDS.iter().find(|kind| kind.name() == "interactive/flow").unwrap();
        let composed = kind.compose(&members).unwrap();
        composed.message.content.form().map(str::to_owned)
    };
    let by = |name: &str| {
        format!(r#"{{"phoneNumberId":"1","to":"1","bodyText":"B","flowCta":"C","{name}":"594"}}"#)
    };
    assert_eq!(flow(&by("flowId")).as_deref(), Some("594"));
    assert_eq!(flow(&by("flowName")).as_deref(), Some("594"));
}

#[test]
fn send_takes_the_first_kind_whose_signs_are_there() {
    let cases = [
        (json!({ "text": "", "media": {} }), Some("text")),
        (json!({ "text": 5, "media": {} }), Some("media")),
        (json!({ "media": "x", "location": {} }), Some("location")),
        (
            json!({ "bodyText": "b", "catalogId": "1", "productRetailerId": "2", "cards": [] }),
            Some("interactive/product"),
        ),
        (json!({ "bodyText": "b", "cards": [] }), Some("interactive/product-carousel")),
        (
            json!({ "bodyText": "b", "catalogId": "1", "sections": [] }),
            Some("interactive/product-list"),
        ),
        (json!({ "bodyText": "b", "buttons": [], "footerText": "f" }), Some("interactive/button")),
        (
            json!({ "bodyText": "b", "buttonText": "t", "sections": [], "footerText": "f" }),
            Some("interactive/list"),
        ),
        (json!({ "bodyText": "b", "footerText": "f" }), Some("interactive/catalog-message")),
        (
            json!({ "bodyText": "b", "thumbnailProductRetailerId": "t" }),
            Some("interactive/catalog-message"),
        ),
        (json!({ "bodyText": "b" }), None),
        (json!({ "bodyText": "b", "buttons": {} }), None),
        (json!({}), None),
    ];
    for (body, expected) in cases {
        assert_eq!(kind_of(&body), expected, "{body}");
    }
}
