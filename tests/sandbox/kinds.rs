//! Every kind of message but the interactive ones and templates.

use serde_json::{Value, json};

use crate::harness::{Caller, long, message};

const LINK: &str = "https://shop.example/file?x=1";

#[tokio::test]
async fn each_kind_is_accepted_as_meta_shows_it() {
    let caller = Caller::start().await;
    let contact = json!({
        "addresses": [{ "street": "1 Lucky Shrub Way", "city": "Menlo Park", "state": "CA",
            "zip": "94025", "country": "United States", "country_code": "US", "type": "Office" }],
        "birthday": "1999-01-23",
        "emails": [{ "email": "bjohnson@luckyshrub.com", "type": "Work (old)" }],
        "name": { "formatted_name": "Barbara J. Johnson", "first_name": "Barbara",
            "last_name": "Johnson", "middle_name": "Joana", "suffix": "Esq.", "prefix": "Dr." },
        "org": { "company": "Lucky Shrub", "department": "Legal", "title": "Lead Counsel" },
        "phones": [{ "phone": "+16505559999", "type": "Landline", "wa_id": "19175559999" }],
        "urls": [{ "url": "https://www.luckyshrub.com", "type": "Company" }],
    });
    let named = json!({ "name": { "formatted_name": "Ana" } });
    let cases = [
        ("text", json!({ "body": long(4096), "preview_url": true })),
        ("image", json!({ "link": LINK, "caption": long(1024) })),
        ("video", json!({ "link": LINK, "caption": "A tour" })),
        ("document", json!({ "link": LINK, "caption": "Invoice", "filename": "invoice.pdf" })),
        ("audio", json!({ "link": LINK, "voice": true })),
        ("sticker", json!({ "link": LINK })),
        (
            "location",
            json!({ "latitude": "37.44216251868683", "longitude": "-122.16153582049394",
            "name": "Philz Coffee", "address": "101 Forest Ave" }),
        ),
        ("location", json!({ "latitude": 37.4, "longitude": -122 })),
        ("reaction", json!({ "message_id": "wamid.HBgL", "emoji": "😀" })),
        ("reaction", json!({ "message_id": "wamid.HBgL", "emoji": "" })),
        ("contacts", json!([contact])),
        ("contacts", json!(vec![named; 257])),
    ];
    for (kind, content) in cases {
        caller.send(kind, &content).await.is_accepted(kind);
    }
}

#[tokio::test]
async fn each_limit_of_a_kind_is_refused_by_the_field() {
    let caller = Caller::start().await;
    let named = |name: Value| json!([{ "name": name }]);
    let contact = |key: &str, value: Value| {
        let mut contact = json!({ "name": { "formatted_name": "Ana" } });
        contact[key] = value;
        json!([contact])
    };
    let cases = [
        ("text", json!({}), 131_008, "text.body"),
        ("text", json!({ "body": "" }), 131_009, "text.body"),
        ("text", json!({ "body": long(4097) }), 131_009, "text.body must be at most 4096"),
        ("text", json!({ "body": 7 }), 100, "text.body must be a string"),
        ("text", json!({ "body": "Hi", "preview_url": "yes" }), 100, "text.preview_url"),
        ("text", json!({ "body": "Hi", "text": "Hi" }), 100, "Unexpected key \"text\""),
        ("text", json!("Hi"), 100, "text must be a JSON object"),
        ("image", json!({}), 131_008, "image.id"),
        ("image", json!({ "id": "1", "link": LINK }), 131_009, "not both"),
        ("image", json!({ "id": "12345" }), 131_009, "image.id 12345 is unknown"),
        ("image", json!({ "link": "ftp://shop.example/a" }), 131_009, "image.link"),
        ("image", json!({ "link": "shop.example/a" }), 131_009, "image.link"),
        (
            "image",
            json!({ "link": LINK, "caption": long(1025) }),
            131_009,
            "image.caption must be at most 1024",
        ),
        ("image", json!({ "link": LINK, "filename": "a.png" }), 100, "\"filename\""),
        ("video", json!({ "link": LINK, "caption": long(1025) }), 131_009, "video.caption"),
        ("document", json!({ "link": LINK, "caption": long(1025) }), 131_009, "document.caption"),
        ("audio", json!({ "link": LINK, "caption": "x" }), 100, "\"caption\""),
        ("audio", json!({ "link": LINK, "voice": 1 }), 100, "audio.voice"),
        ("sticker", json!({ "link": LINK, "caption": "x" }), 100, "\"caption\""),
        ("location", json!({ "longitude": 1 }), 131_008, "location.latitude"),
        ("location", json!({ "latitude": 1 }), 131_008, "location.longitude"),
        ("location", json!({ "latitude": 90.1, "longitude": 1 }), 131_009, "location.latitude"),
        ("location", json!({ "latitude": "north", "longitude": 1 }), 100, "location.latitude"),
        ("location", json!({ "latitude": 1, "longitude": "180.5" }), 131_009, "location.longitude"),
        ("reaction", json!({ "emoji": "😀" }), 131_008, "reaction.message_id"),
        ("reaction", json!({ "message_id": "1", "emoji": "😀" }), 131_009, "reaction.message_id"),
        ("reaction", json!({ "message_id": "wamid.X" }), 131_008, "reaction.emoji"),
        ("reaction", json!({ "message_id": "wamid.X", "emoji": "ok" }), 131_009, "reaction.emoji"),
        (
            "reaction",
            json!({ "message_id": "wamid.X", "emoji": "😀😀" }),
            131_009,
            "reaction.emoji",
        ),
        ("contacts", json!([]), 131_009, "contacts must have 1 to 257"),
        ("contacts", json!(vec![named(json!({}))[0].clone(); 258]), 131_009, "257"),
        ("contacts", json!([{}]), 131_008, "contacts[0].name"),
        (
            "contacts",
            named(json!({ "first_name": "Ana" })),
            131_008,
            "contacts[0].name.formatted_name",
        ),
        (
            "contacts",
            named(json!({ "formatted_name": "Ana", "nick": "A" })),
            100,
            "contacts[0].name",
        ),
        ("contacts", contact("birthday", json!("23/01/1999")), 131_009, "contacts[0].birthday"),
        (
            "contacts",
            contact("phones", json!([{ "phone": 1 }])),
            100,
            "contacts[0].phones[0].phone",
        ),
        ("contacts", contact("emails", json!({})), 100, "contacts[0].emails must be an array"),
        ("contacts", contact("fax", json!("1")), 100, "\"fax\""),
        ("pin", json!({}), 131_051, "pin"),
    ];
    for (kind, content, code, names) in cases {
        let what = format!("{kind} refused for {names}");
        caller.send(kind, &content).await.is_refused(&what, code, names);
    }
}

#[tokio::test]
async fn a_reaction_is_no_reply() {
    let caller = Caller::start().await;
    let mut payload = message("reaction", &json!({ "message_id": "wamid.X", "emoji": "😀" }));
    payload["context"] = json!({ "message_id": "wamid.X" });
    caller.post(&payload).await.is_refused("reaction", 131_009, "context");
}

#[tokio::test]
async fn a_media_is_sent_as_what_it_is() {
    let caller = Caller::start().await;
    let image = caller.upload("image/png", vec![1; 10]).await;
    let aac = caller.upload("audio/aac", vec![1; 10]).await;
    let ogg = caller.upload("audio/ogg; codecs=opus", vec![1; 10]).await;
    caller.send("image", &json!({ "id": image })).await.is_accepted("image");
    caller.send("document", &json!({ "id": image })).await.is_accepted("an image as document");
    caller.send("audio", &json!({ "id": aac })).await.is_accepted("audio");
    caller.send("audio", &json!({ "id": ogg, "voice": true })).await.is_accepted("voice");
    let voice = json!({ "id": aac, "voice": true });
    caller.send("audio", &voice).await.is_refused("voice", 131_009, "audio.voice");
    caller.send("video", &json!({ "id": image })).await.is_refused("video", 131_009, "image/png");
    caller.send("sticker", &json!({ "id": image })).await.is_refused(
        "sticker",
        131_009,
        "sticker.id",
    );
}
