//! Media in Meta's shape: files on their way up, and the bytes that links lead to.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wiremock::ResponseTemplate;

use crate::harness::{
    Act, Answer, Ask, Gateway, META_TOKEN, Place, Setup, TOKEN, Wire, carries_token, cases,
};
use crate::metas::{NO_SUCH, SHAPES, failed, no_such, of_number, refused};

cases![
    a_form_goes_up_whatever_the_order_of_its_parts,
    a_type_may_be_a_kind_and_a_name_a_whole_path,
    what_is_no_upload_is_told_so,
    graphs_refusals_of_a_file_pass,
    an_answer_without_an_id_is_unknown_and_not_repeated,
    the_bytes_come_by_the_link_of_the_look_up,
    what_a_browser_could_run_becomes_bytes_to_be_saved,
    bytes_that_cannot_be_had_are_told_in_metas_words,
];

const BYTES: &str = "the bytes of the media";
const BOUNDARY: &str = "the-boundary";
const UPLOADED: &str = r#"{"id":"m-1", "x":1.0}"#;

fn part(head: &str, body: &str) -> String {
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n")
}

fn file() -> String {
    part("name=\"file\"; filename=\"pic.png\"\r\nContent-Type: image/png", "bytes")
}

fn form(ask: Ask, parts: &[String]) -> Ask {
    let body = format!("{}--{BOUNDARY}--\r\n", parts.concat());
    ask.header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}")).body(body)
}

fn upload(gateway: &Gateway, shape: &str, parts: &[String]) -> Ask {
    form(gateway.ask("POST", &of_number(shape, "media")), parts)
}

async fn ready(place: &Place) -> Gateway {
    let gateway = Gateway::start(place).await;
    gateway.meta.answers("POST", &of_number("", "media"), 200, UPLOADED).await;
    gateway
}

/// What went up, the boundary of it aside.
async fn went_up(gateway: &Gateway) -> String {
    let request = gateway.meta.asked().await.pop().unwrap();
    assert!(carries_token(&request));
    assert_eq!(request.url.query(), None);
    let content_type = request.headers["content-type"].to_str().unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    String::from_utf8_lossy(&request.body).replace(boundary, "B")
}

fn expected(filename: &str, content_type: &str) -> String {
    [
        "--B\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n",
        &format!("--B\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\n{content_type}\r\n"),
        &format!(
            "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n"
        ),
        &format!("Content-Type: {content_type}\r\n\r\nbytes\r\n--B--\r\n"),
    ]
    .concat()
}

async fn a_form_goes_up_whatever_the_order_of_its_parts(place: Place) {
    let gateway = ready(&place).await;
    let product = part("name=\"messaging_product\"", "whatsapp");
    let kind = part("name=\"type\"", "image/png");
    let orders = [
        vec![product.clone(), kind.clone(), file()],
        vec![file(), kind.clone(), product.clone()],
        vec![file(), part("name=\"of_tomorrow\"", "x"), product],
        vec![file()],
    ];
    for shape in SHAPES {
        for parts in &orders {
            upload(&gateway, shape, parts).send().await.is(200, UPLOADED);
            assert_eq!(went_up(&gateway).await, expected("pic.png", "image/png"));
        }
        let target = format!("{}?messaging_product=whatsapp", of_number(shape, "media"));
        let ask = form(gateway.ask("POST", &target), &[kind.clone(), file()]);
        ask.chunked().send().await.is(200, UPLOADED);
        let target = format!("{target}&access_token={TOKEN}");
        let ask = form(gateway.ask("POST", &target).anonymous(), &[file()]);
        ask.send().await.is(200, UPLOADED);
        assert_eq!(went_up(&gateway).await, expected("pic.png", "image/png"));
    }
}

async fn a_type_may_be_a_kind_and_a_name_a_whole_path(place: Place) {
    let gateway = ready(&place).await;
    let cases = [
        ("image", "/home/ada/pic.png\"\r\nContent-Type: image/png", "pic.png", "image/png"),
        ("image", "C:\\\\files\\\\pic.png\"", "pic.png", "image/png"),
        (
            "document",
            "a.pdf\"\r\nContent-Type: application/octet-stream",
            "a.pdf",
            "application/pdf",
        ),
        ("audio/ogg; codecs=opus", "a.bin\"", "a.bin", "audio/ogg; codecs=opus"),
        ("", "a.mp4\"", "a.mp4", "video/mp4"),
    ];
    for shape in SHAPES {
        for (kind, head, filename, content_type) in cases {
            let file = part(&format!("name=\"file\"; filename=\"{head}"), "bytes");
            let parts = [part("name=\"type\"", kind), file];
            upload(&gateway, shape, &parts).send().await.is(200, UPLOADED);
            assert_eq!(went_up(&gateway).await, expected(filename, content_type), "{kind}");
        }
    }
}

async fn what_is_no_upload_is_told_so(place: Place) {
    let gateway = ready(&place).await;
    for shape in SHAPES {
        let ask = || gateway.ask("POST", &of_number(shape, "media"));
        refused(&ask().json("{}").send().await, 415, 100);
        refused(&ask().body("bytes").send().await, 415, 100);
        let packed = upload(&gateway, shape, &[file()]).header("Content-Encoding", "gzip");
        refused(&packed.send().await, 415, 100);
        let bare = ask().header("Content-Type", "multipart/form-data").body("x");
        refused(&bare.send().await, 400, 100);
        let none = upload(&gateway, shape, &[part("name=\"type\"", "image/png")]).send().await;
        assert_eq!(refused(&none, 400, 100)["error_data"]["details"], "file: is required");
        let empty = part("name=\"file\"; filename=\"a.png\"", "");
        refused(&upload(&gateway, shape, &[empty]).send().await, 400, 100);
        refused(&upload(&gateway, shape, &[file(), file()]).send().await, 400, 100);
        let large = ask().header("Content-Type", "multipart/form-data; boundary=x");
        refused(&large.claiming(200 * 1024 * 1024).send().await, 413, 100);
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn graphs_refusals_of_a_file_pass(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (status, code) in [(400, 100), (403, 10), (413, 131_053), (429, 4), (500, 131_000)] {
        gateway.outlast_breakers();
        gateway.meta.forget().await;
        let body = format!(r#"{{"error":{{"message":"No", "code":{code}}}}}"#);
        gateway.meta.answers("POST", &of_number("", "media"), status, &body).await;
        upload(&gateway, "/api", &[file()]).send().await.is(status, &body);
    }
    for status in [401, 400] {
        gateway.outlast_breakers();
        gateway.meta.forget().await;
        let body = format!(r#"{{"error":{{"message":"No {META_TOKEN}","code":190}}}}"#);
        gateway.meta.answers("POST", &of_number("", "media"), status, &body).await;
        let told = upload(&gateway, "", &[file()]).send().await;
        failed(&told, 500, "rejected");
    }
}

async fn an_answer_without_an_id_is_unknown_and_not_repeated(place: Place) {
    let gateway = Gateway::start(&place).await;
    for body in ["", "{}", r#"{"id":""}"#, "<html>", "[]"] {
        gateway.meta.forget().await;
        gateway.meta.answers("POST", &of_number("", "media"), 200, body).await;
        failed(&upload(&gateway, "", &[file()]).send().await, 502, "unknown");
        assert_eq!(gateway.meta.count().await, 1);
    }
    let wire = Wire::always(Act::Close(Vec::new())).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    failed(&upload(&gateway, "/api", &[file()]).send().await, 502, "unknown");
    assert_eq!(wire.requests().len(), 1);
}

fn info(gateway: &Gateway) -> Value {
    json!({
        "id": "77", "messaging_product": "whatsapp", "mime_type": "image/jpeg",
        "sha256": hex::encode(Sha256::digest(BYTES)), "file_size": BYTES.len().to_string(),
        "url": format!("{}/bytes", gateway.meta.url()),
    })
}

async fn with_bytes(gateway: &Gateway, content_type: &str) {
    gateway.meta.forget().await;
    gateway.meta.answers("GET", "/v23.0/77", 200, &info(gateway).to_string()).await;
    let bytes = ResponseTemplate::new(200).set_body_raw(BYTES, content_type);
    gateway.meta.gives("GET", "/bytes", bytes).await;
}

#[track_caller]
fn are_the_bytes(answer: &Answer, content_type: &str) {
    assert_eq!((answer.status, answer.text(), answer.whole), (200, BYTES, true));
    assert_eq!(answer.header("content-type"), Some(content_type));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
    assert!(answer.header("cache-control").unwrap().contains("no-store"));
}

async fn the_bytes_come_by_the_link_of_the_look_up(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.listener.public_url = None;
    let gateway = setup.start().await;
    with_bytes(&gateway, "image/png").await;
    for shape in SHAPES {
        let path = format!("{shape}/v23.0/77");
        let link = async |ask: Ask| -> url::Url {
            ask.send().await.json()["url"].as_str().unwrap().parse().unwrap()
        };
        let plain = link(gateway.get(&path)).await;
        let own = format!("http://{}", gateway.address());
        assert_eq!(plain.as_str(), format!("{own}{path}/bytes"));
        are_the_bytes(&gateway.get(plain.path()).send().await, "image/png");
        refused(&gateway.get(plain.path()).anonymous().send().await, 401, 190);

        // A client that shows its token in the query follows the link with no header at all.
        let shown = link(gateway.get(&format!("{path}?access_token={TOKEN}")).anonymous()).await;
        let target = format!("{}?{}", shown.path(), shown.query().unwrap());
        are_the_bytes(&gateway.get(&target).anonymous().send().await, "image/png");
    }
    assert!(gateway.meta.asked().await.iter().all(carries_token));
}

async fn what_a_browser_could_run_becomes_bytes_to_be_saved(place: Place) {
    let gateway = Gateway::start(&place).await;
    for content_type in ["text/html; charset=utf-8", "image/svg+xml", "text/xml", "rubbish"] {
        with_bytes(&gateway, content_type).await;
        for shape in SHAPES {
            let answer = gateway.get(&format!("{shape}/v23.0/77/bytes")).send().await;
            are_the_bytes(&answer, "application/octet-stream");
            let disposition = answer.header("content-disposition").unwrap();
            assert!(disposition.starts_with("attachment; filename=\"77"), "{disposition}");
        }
    }
}

async fn bytes_that_cannot_be_had_are_told_in_metas_words(place: Place) {
    let gateway = Gateway::start(&place).await;
    let path = "/api/v23.0/77/bytes";
    gateway.meta.answers("GET", "/v23.0/77", 400, NO_SUCH).await;
    no_such(&gateway.get(path).send().await);
    for url in [Value::Null, json!("")] {
        gateway.meta.forget().await;
        let mut info = info(&gateway);
        info["url"] = url;
        gateway.meta.answers("GET", "/v23.0/77", 200, &info.to_string()).await;
        no_such(&gateway.get(path).send().await);
    }
    for (name, value) in [
        ("url", "https://evil.example/x"),
        ("sha256", "0000000000000000000000000000000000000000000000000000000000000000"),
        ("file_size", "7"),
    ] {
        with_bytes(&gateway, "image/png").await;
        gateway.meta.forget().await;
        let mut info = info(&gateway);
        info[name] = value.into();
        gateway.meta.answers("GET", "/v23.0/77", 200, &info.to_string()).await;
        let bytes = ResponseTemplate::new(200).set_body_raw(BYTES, "image/png");
        gateway.meta.gives("GET", "/bytes", bytes).await;
        let error = refused(&gateway.get(path).send().await, 502, 131_000);
        assert_eq!(error["message"], "(#131000) Failed to download media", "{name}");
    }
    gateway.meta.forget().await;
    gateway.meta.answers("GET", "/v23.0/77", 401, r#"{"error":{"code":190}}"#).await;
    failed(&gateway.get(path).send().await, 500, "rejected");
}
