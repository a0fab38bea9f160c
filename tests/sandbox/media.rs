//! Media: up, looked up, down, gone.

use std::time::Duration;

use axum::body::Bytes;
use futures_util::stream;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{Answer, Caller, NUMBER, OTHER_NUMBER, form};

async fn download(caller: &Caller, url: &Value) -> reqwest::Response {
    caller.request(Method::GET, url.as_str().unwrap()).send().await.unwrap()
}

#[tokio::test]
async fn what_went_up_comes_down_unchanged() {
    let caller = Caller::start().await;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let id = caller.upload("image/png", bytes.clone()).await;
    assert!(id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");

    let node = caller.get(&format!("/v23.0/{id}?phone_number_id={NUMBER}")).await;
    node.is_accepted("look-up");
    let url = node.body["url"].clone();
    assert!(url.as_str().unwrap().starts_with(caller.sandbox.url().as_str()), "{url}");
    let expected = json!({
        "messaging_product": "whatsapp",
        "url": url,
        "mime_type": "image/png",
        "sha256": hex::encode(Sha256::digest(&bytes)),
        "file_size": "100000",
        "id": id,
    });
    assert_eq!(node.body, expected);

    let answer = download(&caller, &url).await;
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.headers()["content-length"], "100000");
    assert_eq!(answer.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn the_largest_document_is_taken_and_a_larger_one_is_not() {
    let caller = Caller::start().await;
    let megabyte = Bytes::from(vec![7_u8; 1024 * 1024]);
    let document = |extra: usize| {
        let pieces = std::iter::repeat_n(megabyte.clone(), 100)
            .chain((extra > 0).then(|| Bytes::from(vec![7_u8; extra])))
            .map(Ok::<_, std::io::Error>);
        let body = reqwest::Body::wrap_stream(stream::iter(pieces));
        let part = Part::stream(body).file_name("a.pdf").mime_str("application/pdf").unwrap();
        Form::new().text("messaging_product", "whatsapp").part("file", part)
    };
    let answer = caller.upload_form(document(0)).await;
    answer.is_accepted("100 MB");
    let id = answer.body["id"].as_str().unwrap();
    let node = caller.get(&format!("/v23.0/{id}")).await;
    assert_eq!(node.body["file_size"], "104857600");

    let answer = caller.upload_form(document(1)).await;
    answer.is_refused("100 MB and a byte", 131_053, "at most 104857600 bytes");
}

#[tokio::test]
async fn each_type_has_its_size() {
    let caller = Caller::start().await;
    const MB: usize = 1024 * 1024;
    let cases = [
        ("image/jpeg", 5 * MB),
        ("image/webp", 500 * 1024),
        ("audio/mpeg", 16 * MB),
        ("video/mp4", 16 * MB),
    ];
    for (mime_type, largest) in cases {
        caller.upload(mime_type, vec![0; largest]).await;
        let answer = caller.upload_form(form(mime_type, vec![0; largest + 1])).await;
        answer.is_refused(mime_type, 131_053, &format!("at most {largest} bytes"));
    }
    assert_eq!(files(&caller), 2 * cases.len(), "what was refused is not kept");
}

#[tokio::test]
async fn a_wrong_type_is_told_all_the_right_ones() {
    let caller = Caller::start().await;
    let part = Part::bytes(vec![1]).file_name("a.bin");
    let bare = Form::new().text("messaging_product", "whatsapp").part("file", part);
    for (form, received) in
        [(form("image/svg+xml", vec![1]), "image/svg+xml"), (bare, "application/octet-stream")]
    {
        let answer = caller.upload_form(form).await;
        assert_eq!((answer.status, answer.code()), (400, 100));
        let message = answer.body["error"]["message"].as_str().unwrap();
        for part in ["(#100) Param", "audio/opus", "image/webp", "video/3gpp", received] {
            assert!(message.contains(part), "{part} is not in {message}");
        }
    }
}

#[tokio::test]
async fn the_form_must_be_whole() {
    let caller = Caller::start().await;
    let part = || Part::bytes(vec![1]).mime_str("image/png").unwrap();
    let product = || Form::new().text("messaging_product", "whatsapp");
    let cases = [
        (Form::new().part("file", part()), 131_008, "messaging_product"),
        (
            Form::new().text("messaging_product", "sms").part("file", part()),
            131_009,
            "messaging_product",
        ),
        (product(), 131_008, "file"),
        (
            product().part("file", Part::bytes(vec![]).mime_str("image/png").unwrap()),
            131_009,
            "file must not be empty",
        ),
        (product().text("name", "a").part("file", part()), 100, "\"name\""),
    ];
    for (form, code, names) in cases {
        caller.upload_form(form).await.is_refused(names, code, names);
    }
    let request = caller.request(Method::POST, &format!("/v23.0/{NUMBER}/media")).body("bytes");
    Answer::of(request.send().await.unwrap()).await.is_refused("no form", 100, "multipart");
}

#[tokio::test]
async fn a_link_is_good_for_five_minutes_and_needs_the_token() {
    let caller = Caller::start().await;
    let id = caller.upload("image/png", vec![1; 10]).await;
    let node = caller.get(&format!("/v23.0/{id}")).await;
    let url = node.body["url"].as_str().unwrap();
    let no_token = caller.without_token(Method::GET, url).send().await.unwrap();
    assert_eq!(no_token.status(), 401);
    let forged = url.replace("ext=18", "ext=19");
    assert_eq!(download(&caller, &json!(forged)).await.status(), 404);

    caller.clock.advance(Duration::from_millis(299_999));
    assert_eq!(download(&caller, &json!(url)).await.status(), 200);
    caller.clock.advance(Duration::from_millis(1));
    assert_eq!(download(&caller, &json!(url)).await.status(), 404);
    let fresh = caller.get(&format!("/v23.0/{id}")).await;
    assert_eq!(download(&caller, &fresh.body["url"]).await.status(), 200);
}

#[tokio::test]
async fn a_media_lives_thirty_days() {
    let caller = Caller::start().await;
    let id = caller.upload("image/png", vec![1; 10]).await;
    caller.clock.advance(Duration::from_secs(30 * 24 * 60 * 60));
    assert_eq!(caller.get(&format!("/v23.0/{id}")).await.code(), 100);
    caller.send("image", &json!({ "id": id })).await.is_refused("old", 131_009, "image.id");
}

#[tokio::test]
async fn another_numbers_media_is_not_there() {
    let caller = Caller::start().await;
    let id = caller.upload("image/png", vec![1; 10]).await;
    let path = format!("/v23.0/{id}?phone_number_id={OTHER_NUMBER}");
    for answer in [caller.get(&path).await, caller.delete(&path).await] {
        assert_eq!((answer.status, answer.code()), (400, 100));
        assert_eq!(answer.body["error"]["error_subcode"], 33);
    }
    caller.get(&format!("/v23.0/{id}")).await.is_accepted("still there");
}

#[tokio::test]
async fn a_deleted_media_is_gone_with_its_files() {
    let caller = Caller::start().await;
    let id = caller.upload("image/png", vec![1; 10]).await;
    let url = caller.get(&format!("/v23.0/{id}")).await.body["url"].clone();
    let answer = caller.delete(&format!("/v23.0/{id}?phone_number_id={NUMBER}")).await;
    assert_eq!(answer.body, json!({ "success": true }));
    assert_eq!(caller.get(&format!("/v23.0/{id}")).await.code(), 100);
    assert_eq!(download(&caller, &url).await.status(), 404);
    assert_eq!(files(&caller), 0);
}

#[tokio::test]
async fn media_outlive_the_sandbox() {
    let first = Caller::start().await;
    let id = first.upload("video/mp4", vec![5; 1000]).await;
    first.sandbox.stop().await;
    std::fs::write(first.dir.path().join("notes.json"), "{}").unwrap();

    let second = Caller::start_in(first.dir).await;
    let node = second.get(&format!("/v23.0/{id}")).await;
    assert_eq!(node.body["mime_type"], "video/mp4");
    let bytes = download(&second, &node.body["url"]).await.bytes().await.unwrap();
    assert_eq!(bytes, vec![5; 1000]);
    second.send("video", &json!({ "id": id })).await.is_accepted("video");
}

fn files(caller: &Caller) -> usize {
    std::fs::read_dir(caller.dir.path()).unwrap().count()
}
