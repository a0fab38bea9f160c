//! The built program: what its log tells, what it never does, and how it ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::{
    ACCEPTED, Ask, BY, META_TOKEN, Meta, NUMBER, Place, SECRET_KEY, TOKEN, WABA, at, cases,
    eventually, plan, somebody, token_of,
};

cases![
    the_log_has_one_line_a_request_and_no_secret_at_any_level,
    a_call_in_metas_shape_is_told_without_its_query,
    a_breaker_is_told_of_when_it_opens_and_when_it_closes,
    the_program_ends_well_when_it_is_told_to,
];

const TEXT: &str = "the-text-of-the-message";
const RECIPIENT: &str = "15557654321";
const CODE: &str = "the-code-of-the-webhook";
const REFERENCE: &str = "the-reference-of-the-caller";
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const WRONG_TOKEN: &str = "a-wrong-token-of-nobody";

/// What the line of a send has in it: machines know it by these names.
const NAMES: [&str; 14] = [
    "account",
    "level",
    "message",
    "method",
    "micros",
    "outcome",
    "request_id",
    "route",
    "status",
    "target",
    "timestamp",
    "to",
    "trace_id",
    "upstream_micros",
];

struct Program {
    child: Child,
    address: std::net::SocketAddr,
    directory: tempfile::TempDir,
}

impl Program {
    /// Starts `avenping serve` as an operator would, and waits for the line that says where.
    fn start(place: &Place, graph: &str, level: &str) -> Self {
        Self::start_with(place, graph, level, &[])
    }

    fn start_with(place: &Place, graph: &str, level: &str, settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::TempDir::new().unwrap();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_avenping"))
            .arg("serve")
            .current_dir(directory.path())
            .env_clear()
            .env("AVENPING_BIND", "127.0.0.1:0")
            .env("DATABASE_URL", &place.url)
            .env("AVENPING_SECRET_KEY", STANDARD.encode(SECRET_KEY))
            .env("AVENPING_GRAPH_URL", graph)
            .env("AVENPING_DRAIN_TIMEOUT", "500ms")
            .env("AVENPING_LOG", level)
            .env("AVENPING_LOG_FORMAT", "json")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect("it listens");
        let address = address.parse().unwrap();
        Self { child, address, directory }
    }

    fn ask(&self, method: &str, target: &str) -> Ask {
        Ask::new(self.address, method, target)
    }

    /// Asks it to stop as an init system would, and gives its whole log.
    fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        let mut log = String::new();
        let mut file = std::fs::File::open(self.directory.path().join("log")).unwrap();
        file.read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, unless the case failed.
        self.child.kill().unwrap_or(());
        self.child.wait().map(drop).unwrap_or(());
    }
}

async fn prepare(place: &Place) -> Meta {
    let store = place.store().await;
    let mut ada = somebody("ada");
    // The program goes by the machine's own clock.
    let mut endless = plan("Premium");
    endless.ends_at = Some(at(i64::MAX / 1_000_000));
    ada.account.plans = vec![endless];
    store.create_account(&ada, &BY).await.unwrap();
    store.close().await;
    Meta::start().await
}

/// Everything that a log could be tempted to tell of.
async fn use_all_of_it(program: &Program, meta: &Meta) {
    let text = json!({
        "phoneNumberId": NUMBER, "to": RECIPIENT, "text": TEXT, "reference": REFERENCE,
    });
    let path = "/v2/messages/send/text";
    let trace = format!("00-{TRACE_ID}-00f067aa0ba902b7-01");
    let traced = program.ask("POST", path).header("traceparent", trace);
    let sent = traced.json(&text.to_string()).send().await;
    sent.is(200, &format!(r#"{{"success":true,"data":{ACCEPTED}}}"#));
    let with_header = program.ask("POST", path).anonymous().header("X-API-Token", TOKEN);
    assert_eq!(with_header.json(&text.to_string()).send().await.status, 200);
    let invalid = json!({ "phoneNumberId": NUMBER, "to": RECIPIENT, "text": [TEXT] });
    assert_eq!(program.ask("POST", path).json(&invalid.to_string()).send().await.status, 400);
    let wrong = program.ask("POST", path).token(WRONG_TOKEN).json(&text.to_string());
    assert_eq!(wrong.send().await.status, 401);
    let target = format!("/v2/me?access_token={TOKEN}");
    assert_eq!(program.ask("GET", &target).send().await.status, 200);
    let webhook = json!({ "webhookUrl": "https://example.com/hook", "webhookCode": CODE });
    let webhook = program.ask("POST", "/v2/webhooks/config").json(&webhook.to_string());
    assert_eq!(webhook.send().await.status, 200);
    let upload = program.ask("POST", "/v2/media").header("X-Phone-Number-Id", NUMBER).body(TEXT);
    assert_eq!(upload.send().await.status, 404);

    meta.forget().await;
    let refusal = format!(
        r#"{{"error":{{"message":"{META_TOKEN} may not send {TEXT} to {RECIPIENT}","code":190}}}}"#
    );
    meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 401, &refusal).await;
    let refused = program.ask("POST", path).json(&text.to_string()).send().await;
    assert_eq!(refused.status, 500);
}

async fn the_log_has_one_line_a_request_and_no_secret_at_any_level(place: Place) {
    let meta = prepare(&place).await;
    let key = STANDARD.encode(SECRET_KEY);
    let wrong = token_of("nobody");
    let secrets = [META_TOKEN, TOKEN, CODE, WRONG_TOKEN, key.as_str(), wrong.as_str()];

    let program = Program::start(&place, &meta.url(), "info");
    use_all_of_it(&program, &meta).await;
    let log = program.stop();
    for secret in secrets.into_iter().chain([TEXT, RECIPIENT, REFERENCE]) {
        assert!(!log.contains(secret), "the log tells {secret}:\n{log}");
    }
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<_> =
        lines.iter().filter(|line| line["target"] == "avenping::request").collect();
    assert_eq!(requests.len(), 8, "{log}");
    let first = requests[0];
    assert_eq!(first["method"], "POST");
    assert_eq!(first["route"], "/v2/messages/send/text");
    assert_eq!(first["status"], 200);
    assert_eq!(first["outcome"], "sent");
    assert!(first["micros"].as_u64() >= first["upstream_micros"].as_u64());
    assert!(first["account"].is_string() && first["request_id"].is_string());
    assert_eq!((&first["to"], &first["trace_id"]), (&json!("…4321"), &json!(TRACE_ID)));
    assert_eq!((&first["level"], &first["message"]), (&json!("INFO"), &json!("request")));
    let names: Vec<_> = first.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, NAMES);
    let last = requests[7];
    assert_eq!((&last["outcome"], &last["status"]), (&json!("rejected"), &json!(500)));
    assert!(last["trace_id"].is_null());
    let cause = lines.iter().find(|line| line["meta_code"] == 190).expect("the cause is told");
    assert_eq!((&cause["level"], &cause["message"]), (&json!("WARN"), &json!("Graph failed")));
    assert_eq!(cause["request_id"], last["request_id"], "one finds the other");

    meta.forget().await;
    meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 200, ACCEPTED).await;
    let program = Program::start(&place, &meta.url(), "trace");
    use_all_of_it(&program, &meta).await;
    let log = program.stop();
    assert!(log.contains("\"TRACE\""), "it is a log at the lowest level");
    for secret in secrets {
        assert!(!log.contains(secret), "the log tells {secret}");
    }
}

/// Calls with their tokens in the query, where clients of Meta's show them.
async fn use_metas_shape(program: &Program, meta: &Meta) {
    meta.forget().await;
    meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 200, ACCEPTED).await;
    let body = json!({
        "to": RECIPIENT, "type": "text", "text": { "body": TEXT },
        "biz_opaque_callback_data": REFERENCE,
    });
    let path = format!("/v23.0/{NUMBER}/messages?access_token={TOKEN}&x={CODE}");
    let sent = program.ask("POST", &path).anonymous().json(&body.to_string()).send().await;
    sent.is(200, ACCEPTED);
    let link = format!("https://graph.facebook.com/v23.0/{WABA}/flows?access_token={META_TOKEN}");
    let page = json!({ "data": [], "paging": { "next": link } }).to_string();
    meta.answers("GET", &format!("/v23.0/{WABA}/flows"), 200, &page).await;
    let path = format!("/api/v23.0/{WABA}/flows?name={CODE}&access_token={TOKEN}");
    let listed = program.ask("GET", &path).anonymous().send().await;
    assert!(listed.status == 200 && !listed.text().contains(META_TOKEN), "{}", listed.text());
    let path = format!("/v23.0/{WABA}/nothing?access_token={TOKEN}");
    assert_eq!(program.ask("GET", &path).anonymous().send().await.status, 404);
    let path = format!("/api/v23.0/77?access_token={WRONG_TOKEN}");
    assert_eq!(program.ask("GET", &path).anonymous().send().await.status, 401);
    let refusal = format!(r#"{{"error":{{"message":"{META_TOKEN} is bad","code":190}}}}"#);
    meta.answers("GET", &format!("/v23.0/{NUMBER}"), 401, &refusal).await;
    let refused = program.ask("GET", &format!("/v23.0/{NUMBER}")).send().await;
    assert!(refused.status == 500 && !refused.text().contains(META_TOKEN), "{}", refused.text());
}

async fn a_call_in_metas_shape_is_told_without_its_query(place: Place) {
    let meta = prepare(&place).await;
    let secrets = [META_TOKEN, TOKEN, CODE, WRONG_TOKEN];
    let program = Program::start(&place, &meta.url(), "info");
    use_metas_shape(&program, &meta).await;
    let log = program.stop();
    for secret in secrets.into_iter().chain([TEXT, RECIPIENT, REFERENCE, "access_token"]) {
        assert!(!log.contains(secret), "the log tells {secret}:\n{log}");
    }
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let requests: Vec<_> = lines.filter(|line| line["target"] == "avenping::request").collect();
    let told: Vec<_> = requests
        .iter()
        .map(|line| (line["route"].as_str().unwrap(), line["status"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("/{version}/{node}/messages", 200),
        ("/api/{version}/{node}/flows", 200),
        ("none", 404),
        ("/api/{version}/{node}", 401),
        ("/{version}/{node}", 500),
    ];
    assert_eq!(told, expected, "{log}");
    let first = &requests[0];
    assert_eq!((&first["to"], &first["outcome"]), (&json!("…4321"), &json!("sent")));
    assert!(first["account"].is_string());

    let program = Program::start(&place, &meta.url(), "trace");
    use_metas_shape(&program, &meta).await;
    let log = program.stop();
    assert!(log.contains("\"TRACE\""), "it is a log at the lowest level");
    for secret in [META_TOKEN, TOKEN, WRONG_TOKEN] {
        assert!(!log.contains(secret), "the log tells {secret}");
    }
}

async fn a_breaker_is_told_of_when_it_opens_and_when_it_closes(place: Place) {
    const REFUSED: &str = r#"{"error":{"message":"No","code":190}}"#;
    let meta = prepare(&place).await;
    let settings = [
        ("AVENPING_BREAKER_FAILURES", "2"),
        ("AVENPING_BREAKER_OPEN", "200ms"),
        ("AVENPING_BREAKER_TOKEN_OPEN", "200ms"),
    ];
    let program = Program::start_with(&place, &meta.url(), "info", &settings);
    let text = json!({ "phoneNumberId": NUMBER, "to": RECIPIENT, "text": TEXT }).to_string();
    let send = async || {
        let ask = program.ask("POST", "/v2/messages/send/text").json(&text);
        ask.send().await.status
    };
    for (status, body) in [(500, ""), (401, REFUSED)] {
        meta.forget().await;
        meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), status, body).await;
        eventually("it opens", async || send().await == 503).await;
        meta.forget().await;
        meta.answers("POST", &format!("/v23.0/{NUMBER}/messages"), 200, ACCEPTED).await;
        eventually("it closes", async || send().await == 200).await;
    }
    let me = program.ask("GET", "/v2/me").send().await.data();
    let account = me["user"]["id"].as_str().unwrap().to_owned();

    let log = program.stop();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (told, rest): (Vec<_>, Vec<_>) = lines.partition(|line| line["kind"].is_string());
    let told: Vec<_> = told
        .iter()
        .map(|line| ["level", "message", "kind", "id"].map(|name| line[name].as_str().unwrap()))
        .collect();
    let expected = [
        ["WARN", "a breaker opened", "number", NUMBER],
        ["WARN", "a breaker closed", "number", NUMBER],
        ["WARN", "a breaker opened", "token", &account],
        ["WARN", "a breaker closed", "token", &account],
    ];
    assert_eq!(told, expected, "{log}");
    // A refusal has its line of a request, as any answer, and no other.
    let refused = rest.iter().filter(|line| line["status"] == 503).count();
    let failed = rest.iter().filter(|line| line["status"] == 500).count();
    let causes = rest.iter().filter(|line| line["message"] == "Graph failed").count();
    assert!(refused >= 2 && causes == failed, "{log}");
    assert!(!log.contains(META_TOKEN));
}

async fn the_program_ends_well_when_it_is_told_to(place: Place) {
    let meta = prepare(&place).await;
    let program = Program::start(&place, &meta.url(), "info");
    let address = program.address;
    assert_eq!(program.ask("GET", "/v2/ready").send().await.status, 200);
    let health = Command::new(env!("CARGO_BIN_EXE_avenping"))
        .args(["health", "--bind", &address.to_string()])
        .current_dir(program.directory.path())
        .status();
    assert!(health.unwrap().success());
    let log = program.stop();
    assert!(log.contains("stopping"), "{log}");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
