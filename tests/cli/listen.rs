//! Deliveries on the terminal, without a public address.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::demo::{Demo, Listener, call};
use crate::place::Place;
use crate::server::Server;

const SANDBOX: &[&str] = &["--data-dir=data"];

fn told(place: &Place) -> (Demo, Listener) {
    (Demo::start(place), Listener::start(place, SANDBOX))
}

/// Posts a delivery to where the account is told now, signed with `code`.
fn deliver(webhook: &Value, code: &str, body: &Value) -> u16 {
    let body = body.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(code.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let signature = format!("X-AvenPing-Signature: sha256={signature}");
    let url = webhook["webhookUrl"].as_str().unwrap().strip_prefix("http://").unwrap();
    let (address, path) = url.split_once('/').unwrap();
    call(address, "POST", &format!("/{path}"), &[&signature, "webhook-id: evt_1"], &body).status
}

#[test]
fn what_is_signed_is_printed_and_nothing_else() {
    let place = Place::new();
    let (demo, mut listener) = told(&place);
    let webhook = demo.webhook();
    let code = webhook["webhookCode"].as_str().unwrap();
    let body = json!({ "newMessage": { "text": { "body": "Grüße 👋" } } });
    assert_eq!(deliver(&webhook, "another code", &json!({ "newMessage": {} })), 401);
    assert_eq!(deliver(&webhook, code, &body), 200);
    let printed = listener.next();
    assert_eq!(printed["event"], "newMessage");
    assert_eq!(printed["id"], "evt_1");
    assert_eq!(printed["body"], body);
    assert!(printed["time"].is_string());
    assert!(listener.stop().contains("signature does not fit"));
}

#[test]
fn the_settings_are_put_back_at_the_end() {
    let place = Place::new();
    let (demo, listener) = told(&place);
    assert!(demo.webhook()["webhookUrl"].as_str().unwrap().starts_with("http://127.0.0.1:"));
    listener.stop();
    let restored = demo.webhook();
    assert_eq!((&restored["webhookUrl"], &restored["webhookCode"]), (&json!(""), &json!("")));
    assert_eq!(restored["events"], json!(["newLead", "newMessage"]));

    let other = ["--data-dir=data", "--events=newMessage,messageStatus"];
    let listener = Listener::start(&place, &other);
    assert_eq!(demo.webhook()["events"], json!(["newMessage", "messageStatus"]));
    listener.stop();
    assert_eq!(demo.webhook(), restored);
}

#[test]
fn the_last_of_several_listeners_leaves_nothing_behind() {
    let place = Place::new();
    let (demo, first) = told(&place);
    let second = Listener::start(&place, SANDBOX);
    assert!(first.stop().contains("changed meanwhile"));
    second.stop();
    assert_eq!(demo.webhook()["webhookUrl"], "");
}

#[test]
fn a_gateway_that_calls_no_private_address_is_told_apart() {
    let place = Place::new();
    let made = place.ada();
    let server = Server::start(&place);
    place.write("api-token", &made.token);
    let url = format!("--url=http://{}", server.address());
    let refused = place.run(&["listen", &url, "--token-file=api-token"]);
    refused.assert_refused(1, "AVENPING_ALLOW_PRIVATE_WEBHOOKS=true");
    place.run(&["listen", &url]).assert_refused(1, "AVENPING_API_TOKEN");
    let place = place.with("AVENPING_API_TOKEN", "another-token-of-nobody");
    place.run(&["listen", &url]).assert_refused(1, "401");
}

#[test]
fn where_no_sandbox_runs_there_is_nothing_to_listen_to() {
    let place = Place::new();
    place.run(&["listen"]).assert_refused(1, "no sandbox runs");
    Demo::start(&place).kill();
    place.run(&["listen", "--data-dir=data"]).assert_refused(1, "no sandbox runs");
}

#[test]
fn a_new_customer_is_told_of_as_a_lead_and_by_the_message() {
    let place = Place::new();
    let (_demo, mut listener) = told(&place);
    let inbound = ["sandbox", "inbound", "--data-dir=data", "--text=Grüße 👋", "--name=Zoë"];
    let wamid = place.run(&inbound).assert_code(0).stdout.trim_end().to_owned();
    // Whichever comes first: deliveries of one account are under way at the same time.
    let mut printed = [listener.next(), listener.next()];
    printed.sort_by_key(|delivery| delivery["event"].to_string());
    let [lead, message] = printed;
    assert_eq!(lead["event"], "newLead", "{lead}");
    assert_eq!(lead["body"]["newLead"]["name"], "Zoë");
    assert_eq!(message["event"], "newMessage", "{message}");
    assert_eq!(message["body"]["newMessage"]["id"], wamid);
    assert_eq!(message["body"]["newMessage"]["text"]["body"], "Grüße 👋");
    assert_ne!(lead["id"], message["id"]);
}
