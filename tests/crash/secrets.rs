//! Whoever reads the files of the database, or the log, learns no secret and no message.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, query_scalar};

use crate::caller::{Caller, RECIPIENT, SEND_TEXT, http_client};
use crate::chance::Chance;
use crate::customer::Customer;
use crate::eventually;
use crate::harness::{Place, cases};
use crate::meta::{envelope, post};
use crate::nodes::Nodes;
use crate::site::{APP_SECRET, META_TOKEN, SECRET_KEY, Site};
use crate::wire::{Act, Wire, answer};

cases![neither_the_database_nor_the_log_tells_a_secret];

const NUMBER: &str = "106540352242922";
const CODE: &str = "the-code-of-the-webhook";
const PLAIN: &str = "the-text-of-a-plain-message";
const KEYED: &str = "the-text-of-a-keyed-message";
const REFUSED: &str = "the-text-of-a-refused-message";
const INBOUND: &str = "the-text-of-a-customer";
const UNPARSED: &str = "the-text-of-an-odd-post";
const SENDER: &str = "491511234567890";
const RECEIPT: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"1","wa_id":"1"}],"messages":[{"id":"wamid.HBgL"}]}"#;

/// The token and the texts go everywhere that they can go.
async fn use_all_of_it(nodes: &Nodes, caller: &Caller, customer: &Customer) {
    let node = nodes.one();
    caller.wants_webhooks(node, customer.url(), customer.code()).await;
    for (text, key, status) in [
        (PLAIN, None, 200),
        (KEYED, Some("a"), 200),
        (REFUSED, Some("b"), 500),
        (REFUSED, Some("b"), 500),
    ] {
        let body = json!({ "phoneNumberId": NUMBER, "to": RECIPIENT, "text": text });
        let sent = caller.post(node, SEND_TEXT, &body, key).await.unwrap();
        assert_eq!(sent.status, status, "{sent:?}");
    }
    let faulty = json!({ "phoneNumberId": NUMBER, "to": [RECIPIENT], "text": [PLAIN] });
    let faulty = caller.post(node, SEND_TEXT, &faulty, None).await.unwrap();
    assert_eq!(faulty.status, 400);
    let query = format!("/v2/messages?to={RECIPIENT}&access_token={}", caller.token());
    eventually("both sends are recorded", async || {
        let list = caller.get(node, &query).await.unwrap();
        list.data()["items"].as_array().map(Vec::len) == Some(3)
    })
    .await;

    let http = http_client();
    let message = json!({
        "from": SENDER, "id": "wamid.in", "timestamp": "1760000000", "type": "text",
        "text": { "body": INBOUND },
    });
    let status = json!({
        "id": "wamid.HBgL", "status": "failed", "timestamp": "1760000000",
        "recipient_id": RECIPIENT, "errors": [{ "code": 131_026, "title": "Undeliverable" }],
    });
    let odd = json!({ "odd": UNPARSED });
    for body in [
        envelope(NUMBER, &message.to_string(), &status.to_string()),
        envelope("1", &message.to_string(), ""),
        odd.to_string(),
    ] {
        assert_eq!(post(&http, node, &body).await.unwrap().status, 200);
    }
    // The lead, and the message; the status.
    eventually("the customer is told", async || customer.taken() == 3).await;
}

async fn neither_the_database_nor_the_log_tells_a_secret(place: Place) {
    let mut chance = Chance::of("secrets");
    let refusal = format!(r#"{{"error":{{"message":"{META_TOKEN} is bad","code":190}}}}"#);
    let took = Act::Answer(answer(200, "", RECEIPT));
    let graph = Wire::start([took.clone(), took, Act::Answer(answer(401, "", &refusal))]).await;
    // A refused Meta token would keep the sends behind it from Graph.
    let site = Site::new(&place, &graph.url()).with("AVENPING_BREAKER_TOKEN_OPEN", "1ms");
    let mut nodes = Nodes::start(site.alone()).await;
    let caller = nodes.site.account("ada", NUMBER).await;
    let customer = Customer::open(CODE, chance.split()).await;
    use_all_of_it(&nodes, &caller, &customer).await;

    let secrets = [META_TOKEN, APP_SECRET, CODE, caller.token(), SECRET_KEY];
    let texts = [PLAIN, KEYED, REFUSED, INBOUND, UNPARSED, SENDER];
    // Killed, it tidies nothing up.
    nodes.take(0).kill();
    let stored = stored(&place).await;
    for private in secrets.iter().chain(&texts) {
        assert!(!tells(&stored, private), "the database tells {private}");
    }
    // What is looked for can be found.
    for public in ["ada@example.com", RECIPIENT, "wamid.HBgL"] {
        assert!(tells(&stored, public), "{public} is not found in the database");
    }

    // What the last lines of the log are is known once it has been told to stop.
    nodes.revive(0).await;
    use_all_of_it_again(&nodes, &caller).await;
    let node = nodes.take(0);
    node.terminate();
    assert!(node.ended().await.success());
    let log = nodes.site.log();
    for private in secrets.iter().chain(&texts).chain(&[RECIPIENT]) {
        assert!(!log.contains(private), "the log tells {private}:\n{log}");
    }
    let told = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let requests = told.filter(|line| line["target"] == "avenping::request").count();
    assert!(requests >= 3, "the log tells of requests:\n{log}");
    assert!(log.contains("190"), "and of what Meta refused");
}

/// The same once more, so far as it leaves lines in the log.
async fn use_all_of_it_again(nodes: &Nodes, caller: &Caller) {
    let body = json!({ "phoneNumberId": NUMBER, "to": RECIPIENT, "text": REFUSED });
    for key in [None, Some("c")] {
        let sent = caller.post(nodes.one(), SEND_TEXT, &body, key).await.unwrap();
        assert_eq!(sent.status, 500, "{sent:?}");
    }
    let message = json!({ "from": SENDER, "id": "wamid.in", "text": { "body": INBOUND } });
    let body = envelope(NUMBER, &message.to_string(), "");
    let posted = post(&http_client(), nodes.one(), &body).await.unwrap();
    assert_eq!(posted.status, 200);
}

/// Whether it is in there, as it is or in hex.
fn tells(stored: &[u8], secret: &str) -> bool {
    let holds = |needle: &[u8]| stored.windows(needle.len()).any(|window| window == needle);
    holds(secret.as_bytes()) || holds(hex::encode(secret).as_bytes())
}

/// All bytes of the database: its files, or its rows.
async fn stored(place: &Place) -> Vec<u8> {
    let Some(directory) = place.directory() else { return rows(&place.url).await };
    let mut stored = Vec::new();
    let mut files = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert_eq!(files, 3, "the file, its log, and the index of the log");
    stored
}

async fn rows(url: &str) -> Vec<u8> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let tables = "SELECT table_name::text FROM information_schema.tables
                  WHERE table_schema = 'public'";
    let tables: Vec<String> = query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    let mut stored = Vec::new();
    for table in tables {
        let all = AssertSqlSafe(format!(r#"SELECT t::text FROM "{table}" t"#));
        let all: Vec<String> = query_scalar(all).fetch_all(&mut connection).await.unwrap();
        stored.extend(all.join("\n").into_bytes());
    }
    stored
}
