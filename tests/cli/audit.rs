//! Who changed what: listed, and checked.

use std::process::Command;

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection, raw_sql};

use crate::place::{ADA, META_TOKEN, Place};

/// The user that runs the tests, as the system names it.
fn user() -> String {
    let named = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(named.stdout).unwrap().trim().to_owned()
}

fn entries(place: &Place, options: &[&str]) -> Vec<Value> {
    let list = place.json(&[&["audit", "list", "--json"], options].concat());
    list.as_array().unwrap().clone()
}

fn ids(entries: &[Value]) -> Vec<i64> {
    entries.iter().map(|entry| entry["id"].as_i64().unwrap()).collect()
}

/// What nobody but the owner of the file could do.
fn tamper(place: &Place, statements: &'static str) {
    let url = format!("sqlite://{}", place.path("avenping.db").display());
    let tampering = async {
        let mut file = SqliteConnection::connect(&url).await.unwrap();
        raw_sql(statements).execute(&mut file).await.unwrap();
        file.close().await.unwrap();
    };
    tokio::runtime::Runtime::new().unwrap().block_on(tampering);
}

#[test]
fn the_list_tells_who_did_what_to_whom() {
    let place = Place::new();
    let made = place.ada();
    place.run(&["account", "update", ADA, "--plan=Enterprise"]).assert_code(0);
    let list = place.run(&["audit", "list", "--json"]);
    assert!(!list.says(META_TOKEN) && !list.says(&made.token) && !list.says(ADA));

    let entries = entries(&place, &[]);
    assert_eq!(ids(&entries), [3, 2, 1]);
    let newest = &entries[0];
    assert_eq!(newest["action"], "plan.changed");
    assert_eq!((&newest["actor"], &newest["actorName"]), (&json!("cli"), &json!(user())));
    assert_eq!((&newest["address"], &newest["requestId"]), (&Value::Null, &Value::Null));
    assert_eq!(newest["accountId"], made.id);
    assert_eq!(newest["details"]["from"]["name"], "Premium");
    assert_eq!(newest["details"]["to"]["name"], "Enterprise");
    assert!(newest["at"].as_str().unwrap().ends_with('Z'));
    assert!(made.token.ends_with(entries[1]["details"]["token"].as_str().unwrap()));
}

#[test]
fn the_table_fits_a_terminal() {
    let place = Place::new();
    let made = place.ada();
    place.run(&["account", "update", ADA, "--plan=Enterprise"]).assert_code(0);
    let list = place.run(&["audit", "list"]);
    let lines: Vec<_> = list.assert_code(0).stdout.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{}", list.stdout);
    assert!(lines[0].starts_with("ID  TIME "), "{}", list.stdout);
    assert!(lines[1].starts_with("3   2"), "{}", list.stdout);
    assert!(lines[1].ends_with(&format!("plan.changed by cli {}", user())), "{}", list.stdout);
    assert_eq!(lines[2].trim(), format!("account {}", made.id));
    assert!(list.says("account.created") && list.says("token.created"));
}

#[test]
fn the_list_goes_on_where_it_ended() {
    let place = Place::new();
    place.run(&["migrate"]).assert_code(0);
    assert_eq!(place.run(&["audit", "list"]).stdout, "there is no entry\n");
    place.ada();
    place.run(&["account", "update", ADA, "--suspend"]).assert_code(0);

    let first = place.run(&["audit", "list", "--limit=2"]);
    assert!(first.stdout.ends_with("there may be more: --after 2\n"), "{}", first.stdout);
    assert_eq!(ids(&entries(&place, &["--limit=2"])), [3, 2]);
    assert_eq!(ids(&entries(&place, &["--limit=2", "--after=2"])), [1]);
    for odd in ["--limit=0", "--limit=1001", "--limit=many", "--after=first"] {
        let option = odd.split('=').next().unwrap();
        place.run(&["audit", "list", odd]).assert_refused(2, option);
    }
}

#[test]
fn an_account_that_is_gone_is_still_told_of() {
    let place = Place::new();
    let ada = place.ada();
    place.account(&["--name=Bob", "--email=bob@example.com"]);
    place.run(&["account", "delete", ADA, "--yes"]).assert_code(0);
    assert_eq!(ids(&entries(&place, &["--account", &ada.id])), [5, 2, 1]);
    assert_eq!(ids(&entries(&place, &["--account", "bob@example.com"])), [4, 3]);
    place.run(&["audit", "list", "--account", ADA]).assert_refused(1, "there is no account");
}

#[test]
fn a_chain_that_holds_says_so_and_can_be_noted() {
    let place = Place::new();
    place.run(&["migrate"]).assert_code(0);
    assert_eq!(place.run(&["audit", "verify"]).assert_code(0).stdout, "there is no entry yet\n");
    place.ada();
    let verified = place.run(&["audit", "verify"]);
    let lines: Vec<_> = verified.assert_code(0).stdout.lines().collect();
    assert_eq!(lines[0], "2 entries, and every one is what was written; the last is");
    let noted = lines[1].to_owned();
    let told = place.json(&["audit", "verify", "--json"]);
    let hash = noted.strip_prefix("2:").unwrap();
    assert_eq!(told, json!({ "ok": true, "entries": 2, "lastHash": hash }));

    place.run(&["account", "update", ADA, "--suspend"]).assert_code(0);
    place.run(&["audit", "verify", "--noted", &noted]).assert_code(0);
    let other = format!("3:{hash}");
    let refused = place.run(&["audit", "verify", "--noted", &other]);
    refused.assert_code(1);
    assert!(refused.says("entry 3 is not the one that was noted"), "{refused:?}");
    for odd in ["2", "2:abc", "x:9f86"] {
        place.run(&["audit", "verify", "--noted", odd]).assert_refused(2, "must be ID:HASH");
    }
}

#[test]
fn an_altered_entry_is_named_with_exit_status_1() {
    let place = Place::new();
    place.ada();
    place.run(&["account", "update", ADA, "--suspend"]).assert_code(0);
    tamper(
        &place,
        "DROP TRIGGER audit_entries_are_not_changed;
         UPDATE audit_entries SET actor_name = 'somebody else' WHERE id = 2",
    );
    let verified = place.run(&["audit", "verify"]);
    let expected = "the chain is broken: entry 2 is not what was written\n";
    assert_eq!(verified.assert_code(1).stdout, expected);
    let told = place.run(&["audit", "verify", "--json"]);
    let told: Value = serde_json::from_str(&told.assert_code(1).stdout).unwrap();
    let fault = "is not what was written";
    assert_eq!(told, json!({ "ok": false, "brokenEntry": 2, "fault": fault }));
    let doctor = place.run(&["doctor"]);
    assert!(doctor.assert_code(1).says("fail  audit        entry 2 is not what"), "{doctor:?}");
}

#[test]
fn a_chain_that_was_cut_off_shows_beside_what_was_noted() {
    let place = Place::new();
    place.ada();
    let noted = place.run(&["audit", "verify"]).stdout;
    let noted = noted.lines().last().unwrap();
    tamper(
        &place,
        "DROP TRIGGER audit_entries_are_not_deleted;
         DROP TRIGGER audit_head_only_moves_on;
         DELETE FROM audit_entries WHERE id = 2;
         UPDATE audit_head SET id = 1, hash = (SELECT hash FROM audit_entries WHERE id = 1)",
    );
    place.run(&["audit", "verify"]).assert_code(0);
    let verified = place.run(&["audit", "verify", "--noted", noted]);
    assert!(verified.assert_code(1).says("entry 2 was noted, and is not there any more"));
}

#[test]
fn the_help_shows_examples() {
    let place = Place::new();
    for (command, example) in [
        ("list", "avenping audit list --account ada@example.com --limit 10"),
        ("verify", "avenping audit verify --noted"),
    ] {
        let help = place.run(&["audit", command, "--help"]);
        assert!(help.assert_code(0).says(example), "{help:?}");
    }
}
