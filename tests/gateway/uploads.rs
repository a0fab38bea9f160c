//! Media on its way up: as a form with its parts in any order, or as a bare body.

use serde_json::json;

use crate::harness::{
    Act, Answer, Ask, Gateway, META_TOKEN, NUMBER, Place, Setup, Wire, answer, carries_token, cases,
};

cases![
    a_form_goes_up_whatever_the_order_of_its_parts,
    a_bare_body_goes_up_with_what_its_headers_say,
    the_type_is_the_best_one_known,
    a_file_name_is_one_plain_name,
    an_upload_without_a_file_or_with_an_empty_one_is_refused,
    a_number_must_be_named_and_be_the_accounts_own,
    a_form_that_is_none_is_refused,
    a_file_that_declares_too_much_is_refused_before_it_is_read,
    a_file_that_grows_too_large_is_refused,
    a_large_file_goes_up_whole,
    graphs_plain_refusals_keep_their_status_and_refused_credentials_do_not,
    an_answer_without_an_id_is_unknown_and_not_repeated,
    a_file_that_breaks_off_goes_nowhere,
];

const BOUNDARY: &str = "the-boundary";
const PATHS: [&str; 2] = ["/v2/media/upload", "/v2/media"];

fn graph_path() -> String {
    format!("/v23.0/{NUMBER}/media")
}

fn part(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n");
    [head.as_bytes(), body, b"\r\n"].concat()
}

fn number() -> Vec<u8> {
    part("name=\"phoneNumberId\"", NUMBER.as_bytes())
}

fn file(body: &[u8]) -> Vec<u8> {
    part("name=\"file\"; filename=\"pic.png\"\r\nContent-Type: image/png", body)
}

fn form(ask: Ask, parts: &[Vec<u8>]) -> Ask {
    let body = [parts.concat(), format!("--{BOUNDARY}--\r\n").into_bytes()].concat();
    ask.header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}")).body(body)
}

async fn ready(place: &Place) -> Gateway {
    let gateway = Gateway::start(place).await;
    gateway.meta.answers("POST", &graph_path(), 200, r#"{"id":"m-1","x":1}"#).await;
    gateway
}

/// What went up, the boundary of it aside.
async fn went_up(gateway: &Gateway) -> String {
    let request = gateway.meta.asked().await.pop().expect("something went up");
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(request.url.path(), graph_path());
    assert!(carries_token(&request));
    let content_type = request.headers["content-type"].to_str().unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(request.headers["content-length"], request.body.len().to_string().as_str());
    String::from_utf8_lossy(&request.body).replace(boundary, "B")
}

fn expected(filename: &str, content_type: &str, body: &str) -> String {
    [
        "--B\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n",
        &format!("--B\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\n{content_type}\r\n"),
        &format!(
            "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n"
        ),
        &format!("Content-Type: {content_type}\r\n\r\n{body}\r\n--B--\r\n"),
    ]
    .concat()
}

#[track_caller]
fn uploaded(answer: &Answer) {
    answer.is(200, r#"{"success":true,"data":{"mediaId":"m-1"}}"#);
}

async fn a_form_goes_up_whatever_the_order_of_its_parts(place: Place) {
    let gateway = ready(&place).await;
    let kind = part("name=\"type\"", b"image/png");
    let other = part("name=\"other\"; filename=\"x\"", b"ignored");
    let orders = [
        vec![number(), file(b"bytes")],
        vec![file(b"bytes"), number()],
        vec![kind.clone(), file(b"bytes"), other.clone(), number()],
        vec![file(b"bytes"), other, number(), kind],
    ];
    for path in PATHS {
        for parts in &orders {
            uploaded(&form(gateway.ask("POST", path), parts).send().await);
            assert_eq!(went_up(&gateway).await, expected("pic.png", "image/png", "bytes"));
            uploaded(&form(gateway.ask("POST", path), parts).chunked().send().await);
        }
    }
}

async fn a_bare_body_goes_up_with_what_its_headers_say(place: Place) {
    let gateway = ready(&place).await;
    let ask = || gateway.ask("POST", "/v2/media/upload").body("bytes");
    let named = ask()
        .header("X-Phone-Number-Id", NUMBER)
        .header("X-Filename", "a b.pdf")
        .header("Content-Type", "application/pdf");
    uploaded(&named.send().await);
    assert_eq!(went_up(&gateway).await, expected("a b.pdf", "application/pdf", "bytes"));

    let typed = ask().header("phoneNumberId", NUMBER).header("X-Upload-Type", "audio/ogg");
    uploaded(&typed.send().await);
    assert_eq!(went_up(&gateway).await, expected("file", "audio/ogg", "bytes"));

    // JSON is a file like any other here.
    let json = ask().header("X-Phone-Number-Id", NUMBER).header("Content-Type", "application/json");
    uploaded(&json.chunked().send().await);
    assert_eq!(went_up(&gateway).await, expected("file", "application/json", "bytes"));
}

async fn the_type_is_the_best_one_known(place: Place) {
    let gateway = ready(&place).await;
    let cases = [
        (Some("video/mp4"), "; filename=\"a.png\"\r\nContent-Type: image/png", "video/mp4"),
        (None, "; filename=\"a.png\"\r\nContent-Type: image/jpeg", "image/jpeg"),
        (None, "; filename=\"a.png\"\r\nContent-Type: application/octet-stream", "image/png"),
        (None, "; filename=\"a.pdf\"", "application/pdf"),
        (Some("image"), "; filename=\"a.pdf\"", "application/pdf"),
        (None, "; filename=\"noname\"", "application/octet-stream"),
    ];
    for (kind, head, expected) in cases {
        let file = part(&format!("name=\"file\"{head}"), b"bytes");
        let mut parts = vec![number(), file];
        if let Some(kind) = kind {
            parts.push(part("name=\"type\"", kind.as_bytes()));
        }
        uploaded(&form(gateway.ask("POST", "/v2/media"), &parts).send().await);
        let went_up = went_up(&gateway).await;
        let told = format!("name=\"type\"\r\n\r\n{expected}\r\n");
        assert!(went_up.contains(&told), "{head}: {went_up}");
        assert!(went_up.contains(&format!("Content-Type: {expected}\r\n\r\nbytes")), "{went_up}");
    }
}

async fn a_file_name_is_one_plain_name(place: Place) {
    let gateway = ready(&place).await;
    for (given, expected) in [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\dir\\\\pic.jpg", "pic.jpg"),
        ("/", "file"),
        ("", "file"),
        ("..", ".."),
        (&"x".repeat(300), &"x".repeat(200)),
    ] {
        let ask = gateway.ask("POST", "/v2/media").body("bytes");
        let ask = ask.header("X-Phone-Number-Id", NUMBER).header("X-Filename", given);
        uploaded(&ask.send().await);
        let told = format!("filename=\"{expected}\"\r\n");
        let went_up = went_up(&gateway).await;
        assert!(went_up.contains(&told), "{given}: {went_up}");
    }
}

async fn an_upload_without_a_file_or_with_an_empty_one_is_refused(place: Place) {
    let gateway = ready(&place).await;
    let ask = || gateway.ask("POST", "/v2/media/upload");
    form(ask(), &[number()]).send().await.faults(&[("file", "is required")]);
    let empty = form(ask(), &[number(), file(b"")]).send().await;
    empty.faults(&[("file", "must not be empty")]);
    let bare = ask().header("X-Phone-Number-Id", NUMBER).send().await;
    bare.faults(&[("file", "must not be empty")]);
    let two = form(ask(), &[number(), file(b"a"), file(b"b")]).send().await;
    two.faults(&[("file", "must be given only once")]);
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_number_must_be_named_and_be_the_accounts_own(place: Place) {
    let gateway = ready(&place).await;
    let required = |answer: Answer| {
        answer.refused(400, "VALIDATION_ERROR", "phoneNumberId is required");
    };
    let foreign = |answer: Answer| {
        answer.refused(403, "FORBIDDEN", "phoneNumberId does not belong to this account");
    };
    for path in PATHS {
        let ask = || gateway.ask("POST", path);
        let numbered = |number: &[u8]| part("name=\"phoneNumberId\"", number);
        required(form(ask(), &[file(b"a")]).send().await);
        required(form(ask(), &[numbered(b""), file(b"a")]).send().await);
        required(ask().body("bytes").send().await);
        foreign(form(ask(), &[numbered(b"999"), file(b"a")]).send().await);
        foreign(form(ask(), &[file(b"a"), numbered(b"999")]).send().await);
        foreign(ask().header("X-Phone-Number-Id", "999").body("bytes").send().await);
        // A stranger's file is not even waited for.
        foreign(ask().header("X-Phone-Number-Id", "999").claiming(1_000_000).send().await);
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_form_that_is_none_is_refused(place: Place) {
    let gateway = ready(&place).await;
    let ask = || gateway.ask("POST", "/v2/media/upload");
    let bare = ask().header("Content-Type", "multipart/form-data").body("x").send().await;
    bare.faults(&[("", "must be multipart with a boundary")]);
    let headless =
        ask().header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
    for body in ["", "rubbish", "--the-boundary\r\n", "--the-boundary\r\n\r\nx"] {
        let answer = headless.clone().body(body).send().await;
        assert_eq!(answer.status, 400, "{body:?}: {}", answer.text());
        assert_eq!(answer.json()["error"], "VALIDATION_ERROR");
    }
    let long = part("name=\"type\"", &b"x".repeat(2000));
    let answer = form(ask(), &[number(), long]).send().await;
    answer.faults(&[("type", "must be at most 1024 bytes")]);
    let encoded = form(ask(), &[number(), file(b"a")]).header("Content-Encoding", "gzip");
    assert_eq!(encoded.send().await.status, 415);
    assert_eq!(gateway.meta.count().await, 0);
}

const TOO_LARGE: &str = "The request body must be at most 104857600 bytes";

async fn a_file_that_declares_too_much_is_refused_before_it_is_read(place: Place) {
    let gateway = ready(&place).await;
    let most: u64 = 100 * 1024 * 1024;
    for path in PATHS {
        let bare = gateway.ask("POST", path).header("X-Phone-Number-Id", NUMBER);
        let answer = bare.claiming(most + 1).send().await;
        answer.refused(413, "PAYLOAD_TOO_LARGE", TOO_LARGE);
        let form = gateway.ask("POST", path);
        let form = form.header("Content-Type", "multipart/form-data; boundary=x");
        let answer = form.claiming(most + 1024 * 1024).send().await;
        answer.refused(413, "PAYLOAD_TOO_LARGE", TOO_LARGE);
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_file_that_grows_too_large_is_refused(place: Place) {
    if place.is_postgres() {
        // A hundred megabytes through the same code: once is enough.
        return;
    }
    let gateway = ready(&place).await;
    let body = vec![b'x'; 100 * 1024 * 1024 + 1];
    let ask = gateway.ask("POST", "/v2/media").header("X-Phone-Number-Id", NUMBER);
    let answer = ask.body(body).chunked().send().await;
    answer.refused(413, "PAYLOAD_TOO_LARGE", TOO_LARGE);
    assert_eq!(gateway.meta.count().await, 0);
}

async fn a_large_file_goes_up_whole(place: Place) {
    let gateway = ready(&place).await;
    let body: Vec<u8> =
        (0..20_000_000_u32).map(|nth| nth.to_le_bytes()[nth as usize % 4]).collect();
    let parts = [file(&body), number()];
    uploaded(&form(gateway.ask("POST", "/v2/media/upload"), &parts).chunked().send().await);
    let request = gateway.meta.only().await;
    let position = request.body.windows(4).position(|window| window == b"\x89PNG");
    assert_eq!(position, None);
    let start = request.body.windows(12).position(|window| window == &body[..12]).unwrap();
    assert!(request.body[start..].starts_with(&body));
}

async fn graphs_plain_refusals_keep_their_status_and_refused_credentials_do_not(place: Place) {
    let compatible = Gateway::start(&place).await;
    let mapped = Setup::new(&place).await.mapped().start().await;
    // Graph's status, and ours in both settings.
    let cases = [
        (400, 100, [400, 400]),
        (404, 803, [404, 404]),
        (413, 100, [413, 413]),
        (429, 4, [429, 429]),
        (401, 190, [500, 502]),
        (403, 10, [500, 502]),
        (500, 131_000, [500, 502]),
        (503, 2, [500, 502]),
    ];
    for (status, code, ours) in cases {
        for (gateway, ours) in [&compatible, &mapped].into_iter().zip(ours) {
            gateway.outlast_breakers();
            gateway.meta.forget().await;
            let body = format!(r#"{{"error":{{"message":"No {META_TOKEN}","code":{code}}}}}"#);
            gateway.meta.answers("POST", &graph_path(), status, &body).await;
            let told = form(gateway.ask("POST", "/v2/media"), &[number(), file(b"a")]).send().await;
            assert_eq!(told.status, ours, "{status} {code}");
            let json = told.json();
            assert_eq!(json["error"], "INTERNAL_ERROR");
            assert_eq!(json["message"], "No [redacted]");
            assert_eq!(json["details"]["upstreamStatus"], status);
            assert_eq!(gateway.meta.count().await, 1);
        }
    }
}

async fn an_answer_without_an_id_is_unknown_and_not_repeated(place: Place) {
    let gateway = Gateway::start(&place).await;
    for body in ["", "{}", r#"{"id":""}"#, r#"{"id":7}"#, "<html>"] {
        gateway.meta.forget().await;
        gateway.meta.answers("POST", &graph_path(), 200, body).await;
        let told = form(gateway.ask("POST", "/v2/media"), &[number(), file(b"a")]).send().await;
        assert_eq!(told.status, 500);
        let details = json!({ "outcome": "unknown", "retryable": false, "upstreamStatus": 200 });
        assert_eq!(told.json()["details"], details);
        assert_eq!(gateway.meta.count().await, 1);
    }
    let wire = Wire::always(Act::Close(Vec::new())).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    let told = form(gateway.ask("POST", "/v2/media"), &[number(), file(b"a")]).send().await;
    assert_eq!(told.json()["details"], json!({ "outcome": "unknown", "retryable": false }));
    assert_eq!(wire.requests().len(), 1);

    let elsewhere = Wire::always(Act::Answer(answer(200, "", r#"{"id":"m-1"}"#))).await;
    let location = format!("Location: {}\r\n", elsewhere.url());
    let wire = Wire::always(Act::Answer(answer(307, &location, ""))).await;
    let gateway = Setup::new(&place).await.graph(&wire.url()).start().await;
    let told = form(gateway.ask("POST", "/v2/media"), &[number(), file(b"a")]).send().await;
    assert_eq!(told.json()["details"]["upstreamStatus"], 307);
    assert_eq!(elsewhere.connections(), 0);
}

async fn a_file_that_breaks_off_goes_nowhere(place: Place) {
    let gateway = ready(&place).await;
    let whole = form(gateway.ask("POST", "/v2/media"), &[number(), file(&[b'x'; 5000])]).bytes();
    let mut caller = gateway.connect().await;
    caller.write(&whole[..whole.len() - 100]).await;
    drop(caller);
    // A request that came after it is through: what was to happen has happened.
    assert_eq!(gateway.get("/v2/me").send().await.status, 200);
    assert_eq!(gateway.meta.count().await, 0);

    let cut = parts_cut_short();
    let answer = form(gateway.ask("POST", "/v2/media"), &cut).send().await;
    assert_eq!(answer.status, 200, "a whole form is a whole form");
}

fn parts_cut_short() -> [Vec<u8>; 2] {
    [number(), file(b"\r\n--the-boundar")]
}
