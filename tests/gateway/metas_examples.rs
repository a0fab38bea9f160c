//! The examples of Meta's reference, in Meta's shape and as bodies of /v2: both say the same.

use avenping_gateway::sandbox::{Sandbox, demo};
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Answer, Gateway, NUMBER, Place, Setup, another, cases, eventually, token_of};
use crate::metas::{SHAPES, of_number};

cases![
    every_example_goes_up_as_it_came,
    the_body_of_v2_says_the_same,
    the_record_of_both_is_the_same,
    the_sandbox_takes_every_example_in_every_shape,
];

struct Example {
    name: &'static str,
    meta: &'static str,
    v2: &'static str,
}

macro_rules! examples {
    ($($name:literal),+ $(,)?) => {
        const EXAMPLES: &[Example] = &[$(Example {
            name: $name,
            meta: include_str!(concat!("../fixtures/meta/", $name, ".json")),
            v2: include_str!(concat!("../fixtures/meta/", $name, ".v2.json")),
        }),+];
    };
}

examples![
    "address",
    "audio_by_id",
    "audio_by_link",
    "call_permission",
    "catalog",
    "contacts",
    "cta_url",
    "document_by_id",
    "document_by_link",
    "flow_by_id",
    "flow_by_name",
    "image_by_id",
    "image_by_link",
    "list",
    "location",
    "location_request",
    "media_carousel",
    "multi_product",
    "product_carousel",
    "reaction",
    "read",
    "read_with_typing_indicator",
    "reply",
    "reply_button",
    "single_product",
    "sticker_by_id",
    "sticker_by_link",
    "template_flow",
    "template_interactive",
    "template_media",
    "template_text",
    "text",
    "video_by_id",
    "video_by_link",
    "voice_call",
];

/// The media of the examples, and what they are.
const MEDIA: [(&str, &str); 5] = [
    ("1166846181421424", "image/png"),
    ("1166846181421425", "video/mp4"),
    ("1166846181421426", "audio/mpeg"),
    ("1166846181421427", "application/pdf"),
    ("1166846181421428", "image/webp"),
];

/// Path and body.
fn of_v2(text: &str) -> (String, Value) {
    let mut example: Value = serde_json::from_str(text).unwrap();
    (example["path"].as_str().unwrap().to_owned(), example["body"].take())
}

/// What is left of a payload when nothing is said that need not be said.
fn meaning(payload: &Value) -> Value {
    match payload {
        Value::Object(members) => {
            let said =
                |(name, value): &(&String, &Value)| *name != "recipient_type" && !value.is_null();
            let members = members.iter().filter(said);
            members.map(|(name, value)| (name.clone(), meaning(value))).collect()
        }
        Value::Array(items) => items.iter().map(meaning).collect(),
        other => other.clone(),
    }
}

async fn every_example_goes_up_as_it_came(place: Place) {
    let gateway = Gateway::start(&place).await;
    for Example { name, meta, .. } in EXAMPLES {
        for shape in SHAPES {
            let ask = gateway.ask("POST", &of_number(shape, "messages")).json(meta);
            assert_eq!(ask.send().await.status, 200, "{name}");
            let last = gateway.meta.messages().await.pop().unwrap();
            assert_eq!(std::str::from_utf8(&last.body).unwrap(), meta.trim_end(), "{name}");
            assert_eq!(last.url.path(), of_number("", "messages"));
        }
    }
}

async fn the_body_of_v2_says_the_same(place: Place) {
    let gateway = Gateway::start(&place).await;
    for Example { name, meta, v2 } in EXAMPLES {
        let (path, body) = of_v2(v2);
        let answer = gateway.post(&path, &body).send().await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let expected = serde_json::from_str(meta).unwrap();
        assert_eq!(meaning(&gateway.meta.last_body().await), meaning(&expected), "{name}");
    }
}

/// The record that a send left, but for what makes it that one.
async fn recorded(gateway: &Gateway, answer: &Answer) -> Value {
    let path = format!("/v2/messages/{}", answer.header("x-message-id").unwrap());
    eventually("it is recorded", async || gateway.get(&path).send().await.status == 200).await;
    let mut record = gateway.get(&path).send().await.data();
    record["id"].take();
    record["createdAt"].take();
    record
}

async fn the_record_of_both_is_the_same(place: Place) {
    let gateway = Gateway::start(&place).await;
    for Example { name, meta, v2 } in EXAMPLES {
        if name.starts_with("read") {
            continue;
        }
        let ask = gateway.ask("POST", &of_number("", "messages")).json(meta);
        let in_metas = recorded(&gateway, &ask.send().await).await;
        let (path, body) = of_v2(v2);
        let in_ours = recorded(&gateway, &gateway.post(&path, &body).send().await).await;
        assert_eq!(in_metas, in_ours, "{name}");
    }
}

async fn the_sandbox_takes_every_example_in_every_shape(place: Place) {
    let directory = TempDir::new().unwrap();
    let sandbox = Sandbox::start(demo(directory.path().to_owned()).unwrap()).await.unwrap();
    let gateway = Setup::new(&place).await.graph(sandbox.url().as_str()).start().await;
    gateway.join(&another("sam", "sandbox-access-token", &[NUMBER])).await;
    let sam = token_of("sam");

    let mut ids = Vec::new();
    for (example, mime_type) in MEDIA {
        let upload = gateway.ask("POST", "/v2/media").token(&sam).body("the bytes");
        let upload = upload.header("Content-Type", mime_type).header("X-Phone-Number-Id", NUMBER);
        let id = upload.send().await.data()["mediaId"].as_str().unwrap().to_owned();
        ids.push((example, id));
    }
    let known = |text: &str| {
        ids.iter().fold(text.to_owned(), |text, (example, id)| text.replace(example, id))
    };
    for Example { name, meta, v2 } in EXAMPLES {
        let before = sandbox.messages().len();
        let expected: Value = serde_json::from_str(&known(meta)).unwrap();
        for shape in SHAPES {
            let ask = gateway.ask("POST", &of_number(shape, "messages")).token(&sam);
            let answer = ask.json(&known(meta)).send().await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        }
        let (path, body) = of_v2(&known(v2));
        let answer = gateway.post(&path, &body).token(&sam).send().await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());

        let sent = sandbox.messages().split_off(before);
        // To mark a message is to send none.
        let count = if name.starts_with("read") { 0 } else { 3 };
        assert_eq!(sent.len(), count, "{name}");
        for message in sent {
            assert_eq!(meaning(&message.payload), meaning(&expected), "{name}");
        }
    }
    sandbox.stop().await;
}
