//! The sandbox: what follows a message, and customers who write.

use serde_json::Value;

use crate::demo::Demo;
use crate::place::Place;

const INBOUND: [&str; 5] = ["sandbox", "inbound", "--data-dir=data", "--text", "Grüße 👋"];

fn keepsake(place: &Place) -> Value {
    let text = std::fs::read_to_string(place.path("data/sandbox.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_message_that_was_sent_is_looked_up_as_read() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let read = demo.until_status(&demo.send("16505551234"), "read");
    for time in ["sentAt", "deliveredAt", "readAt"] {
        assert!(read[time].is_string(), "{time}: {read}");
    }
}

#[test]
fn a_number_that_fails_later_is_looked_up_as_failed() {
    let place = Place::new();
    let demo = Demo::start(&place);
    let failed = demo.until_status(&demo.send("15551131026"), "failed");
    assert_eq!(failed["error"]["code"], 131_026, "{failed}");
}

#[test]
fn a_customer_writes_from_the_command_line() {
    let place = Place::new();
    let _demo = Demo::start(&place);
    let written = place.run(&INBOUND);
    assert!(written.assert_code(0).stdout.starts_with("wamid."), "{written:?}");
    let hidden = place.run(&[&INBOUND[..], &["--hide-number", "--name=Zoë"]].concat());
    assert!(hidden.assert_code(0).stdout.starts_with("wamid."));
    place.run(&[&INBOUND[..], &["--from=nobody"]].concat()).assert_refused(1, "phone number");
}

#[test]
fn where_no_sandbox_runs_nobody_can_write() {
    let place = Place::new();
    let none = || place.run(&INBOUND).assert_refused(1, "no sandbox runs");
    none();
    let demo = Demo::start(&place);
    assert!(place.path("data/running.json").exists());
    demo.stop();
    assert!(!place.path("data/running.json").exists());
    none();
    // One that was killed leaves its file behind.
    Demo::start(&place).kill();
    assert!(place.path("data/running.json").exists());
    none();
}

#[test]
fn a_sandbox_from_before_there_were_webhooks_is_still_the_same() {
    let place = Place::new();
    let first = Demo::start(&place);
    let token = first.token.clone();
    first.stop();
    let mut old = keepsake(&place);
    let made = old["metaAppSecret"].take();
    assert!(made.is_string());
    old.as_object_mut().unwrap().retain(|name, _| name == "secretKey" || name == "token");
    place.write("data/sandbox.json", &old.to_string());

    let demo = Demo::start(&place);
    assert_eq!(demo.token, token);
    demo.until_status(&demo.send("16505551234"), "read");
    let completed = keepsake(&place);
    assert_eq!(completed["token"], old["token"]);
    assert!(completed["metaVerifyToken"].is_string() && completed["metaAppSecret"] != made);
}

#[test]
fn a_restart_changes_nothing_that_would_be_written_down() {
    let place = Place::new();
    for _ in 0..2 {
        Demo::start(&place).stop();
    }
    let key = keepsake(&place)["secretKey"].as_str().unwrap().to_owned();
    let store = ["--database-url=sqlite://data/avenping.db", "--secret-key", &key];
    let entries = place.json(&[&["audit", "list", "--json"][..], &store].concat());
    let actions = entries.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap());
    assert_eq!(actions.collect::<Vec<_>>(), ["token.created", "account.created"]);
}
