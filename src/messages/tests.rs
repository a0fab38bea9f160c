use serde_json::{Value, json};

use super::{KINDS, Kind};
use crate::fields::Members;

fn kind_of(body: &Value) -> Option<&'static str> {
    let text = body.to_string();
    let members: Members<'_> = serde_json::from_str(&text).unwrap();
    Kind::recognise(&members).map(|kind| kind.path.trim_start_matches("/v2/messages/send/"))
}

#[test]
fn each_example_is_valid_and_send_knows_its_kind() {
    for kind in &KINDS {
        let members: Members<'_> = serde_json::from_str(kind.example).unwrap();
        let composed = kind.compose(&members);
        assert!(composed.is_ok(), "{}: {:?}", kind.path, composed.err());
        assert_eq!(Kind::recognise(&members).unwrap().path, kind.path);
    }
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
