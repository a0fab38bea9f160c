//! Customers who write.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::{Answer, Caller, NUMBER, OTHER_NUMBER};
use crate::receiver::Receiver;

const BUSINESS: &str = "15550783881";

async fn told() -> (Caller, Receiver) {
    let (caller, receiver) = (Caller::start().await, Receiver::start().await);
    caller.sandbox.call_back(receiver.callback());
    (caller, receiver)
}

async fn write(caller: &Caller, body: Value) -> Answer {
    let request = caller
        .request(reqwest::Method::POST, "/sandbox/inbound")
        .header("content-type", "application/json")
        .body(body.to_string());
    Answer::of(request.send().await.unwrap()).await
}

/// What comes of it at the receiver: the contact, and the message, which has the id of the answer.
async fn written(caller: &Caller, receiver: &mut Receiver, body: Value) -> (Value, Value) {
    let answer = write(caller, body).await;
    answer.is_accepted("inbound");
    let value = receiver.next_value().await;
    let message = value["messages"][0].clone();
    assert_eq!(answer.body, json!({ "messages": [{ "id": message["id"] }] }));
    assert!(message["id"].as_str().unwrap().starts_with("wamid."));
    assert_eq!(message["timestamp"], "1800000000");
    (value["contacts"][0].clone(), message)
}

#[tokio::test]
async fn a_text_arrives_with_who_wrote_it() {
    let (caller, mut receiver) = told().await;
    let ask = json!({ "text": "Grüße 👋", "from": "+1 555-765-4321", "name": "Zoë" });
    write(&caller, ask).await.is_accepted("inbound");
    let post = receiver.next().await;
    assert!(post.text().contains(r"Gr\u00fc\u00dfe \ud83d\udc4b"), "{}", post.text());
    let value = post.value();
    assert_eq!(
        value["metadata"],
        json!({ "display_phone_number": BUSINESS, "phone_number_id": NUMBER })
    );
    let (contact, message) = (&value["contacts"][0], &value["messages"][0]);
    assert_eq!(contact["profile"]["name"], "Zoë");
    assert_eq!(contact["wa_id"], "15557654321");
    assert_eq!(message["from"], "15557654321");
    assert_eq!(message["from_user_id"], contact["user_id"]);
    assert_eq!(message["type"], "text");
    assert_eq!(message["text"]["body"], "Grüße 👋");
}

#[tokio::test]
async fn who_hides_the_number_is_known_by_the_same_user_id() {
    let (caller, mut receiver) = told().await;
    let (shown, _) = written(&caller, &mut receiver, json!({ "text": "Hi" })).await;
    let hidden = json!({ "text": "Hi", "hideNumber": true });
    let (contact, message) = written(&caller, &mut receiver, hidden).await;
    assert!(contact.get("wa_id").is_none() && message.get("from").is_none());
    assert_eq!(contact["user_id"], shown["user_id"]);
    assert_eq!(message["from_user_id"], shown["user_id"]);
    assert!(!message.to_string().contains("15557654321"));
}

#[tokio::test]
async fn another_number_can_be_written_to() {
    let (caller, mut receiver) = told().await;
    let ask = json!({ "text": "Hi", "phoneNumberId": OTHER_NUMBER });
    write(&caller, ask).await.is_accepted("inbound");
    assert_eq!(receiver.next_value().await["metadata"]["phone_number_id"], OTHER_NUMBER);
    let nowhere = write(&caller, json!({ "text": "Hi", "phoneNumberId": "1" })).await;
    assert_eq!((nowhere.status, nowhere.code()), (400, 100));
}

#[tokio::test]
async fn an_image_comes_with_its_link_type_and_hash() {
    let (caller, mut receiver) = told().await;
    let bytes = b"\x89PNG".to_vec();
    let id = caller.upload("image/png", bytes.clone()).await;
    let image = json!({ "id": id, "caption": "Look" });
    let ask = json!({ "type": "image", "image": image });
    let (_, message) = written(&caller, &mut receiver, ask).await;
    assert_eq!(message["image"]["id"], id);
    assert_eq!(message["image"]["caption"], "Look");
    assert_eq!(message["image"]["mime_type"], "image/png");
    assert_eq!(message["image"]["sha256"], STANDARD.encode(Sha256::digest(&bytes)));
    let link = message["image"]["url"].as_str().unwrap();
    let link = link.strip_prefix(caller.sandbox.url().as_str()).unwrap();
    let fetched = caller.request(reqwest::Method::GET, link).send().await.unwrap();
    assert_eq!(fetched.bytes().await.unwrap(), bytes);

    let unknown = json!({ "type": "image", "image": { "id": "1234567890123456" } });
    write(&caller, unknown).await.is_refused("unknown media", 131_009, "image.id");
}

#[tokio::test]
async fn replies_reactions_and_locations_arrive_as_they_were_given() {
    let (caller, mut receiver) = told().await;
    let contents = [
        (
            "interactive",
            json!({ "type": "button_reply", "button_reply": { "id": "1", "title": "Yes" } }),
        ),
        (
            "interactive",
            json!({ "type": "list_reply",
                "list_reply": { "id": "1", "title": "Tea", "description": "Green" } }),
        ),
        ("button", json!({ "payload": "stop", "text": "Stop" })),
        ("reaction", json!({ "message_id": "wamid.X", "emoji": "👍" })),
        ("reaction", json!({ "message_id": "wamid.X" })),
        ("location", json!({ "latitude": 52.5, "longitude": 13.4, "name": "Here" })),
        ("what_is_new_tomorrow", json!({ "any": ["thing"] })),
    ];
    for (kind, content) in contents {
        let context = json!({ "from": BUSINESS, "id": "wamid.Y" });
        let message = json!({ "type": kind, kind: content, "context": context });
        let (_, arrived) = written(&caller, &mut receiver, json!({ "message": message })).await;
        assert_eq!(arrived["type"], kind);
        assert_eq!(arrived[kind], content);
        assert_eq!(arrived["context"], context);
        assert_eq!(arrived["from"], "15557654321");
    }
}

#[tokio::test]
async fn what_a_whole_message_says_of_itself_stays() {
    let (caller, mut receiver) = told().await;
    let message = json!({
        "id": "wamid.MINE", "timestamp": "1700000000", "from_user_id": "DE.42", "type": "text",
        "text": { "body": "Hi" },
    });
    write(&caller, json!({ "message": message })).await.is_accepted("whole");
    let value = receiver.next_value().await;
    assert_eq!(value["messages"], json!([message]));
    assert_eq!(value["contacts"], json!([{ "profile": { "name": "Ada" }, "user_id": "DE.42" }]));
}

#[tokio::test]
async fn a_message_about_the_number_itself_has_no_contact() {
    let (caller, mut receiver) = told().await;
    let system = json!({ "body": "moved", "wa_id": "1", "type": "user_changed_number" });
    let ask = json!({ "message": { "type": "system", "system": system } });
    let (contact, _) = written(&caller, &mut receiver, ask).await;
    assert!(contact.is_null());
}

#[tokio::test]
async fn what_nobody_could_write_is_refused_and_told_to_nobody() {
    let (caller, mut receiver) = told().await;
    let refused = [
        (json!({}), 131_008, "text"),
        (json!({ "text": "" }), 131_009, "text.body"),
        (json!({ "text": "Hi", "txet": "Hi" }), 100, "txet"),
        (json!({ "text": "Hi", "from": "nobody" }), 131_009, "from"),
        (json!({ "text": "Hi", "from": BUSINESS }), 131_009, "from"),
        (json!({ "text": "Hi", "hideNumber": "yes" }), 100, "hideNumber"),
        (json!({ "type": "location", "location": { "latitude": 1 } }), 131_008, "longitude"),
        (json!({ "message": { "text": { "body": "Hi" } } }), 131_008, "message.type"),
        (json!({ "message": { "type": "text" }, "text": "Hi" }), 100, "text"),
    ];
    for (body, code, names) in refused {
        write(&caller, body.clone()).await.is_refused(&body.to_string(), code, names);
    }
    let stranger = caller.without_token(reqwest::Method::POST, "/sandbox/inbound");
    assert_eq!(stranger.body("{}").send().await.unwrap().status(), 401);
    assert!(!receiver.has_more());
}

#[tokio::test]
async fn without_a_callback_nobody_can_write() {
    let caller = Caller::start().await;
    write(&caller, json!({ "text": "Hi" })).await.is_refused("no callback", 100, "nobody to tell");
}
