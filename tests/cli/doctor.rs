//! The doctor: what is wrong, what to do, and an exit status that scripts can trust.

use serde_json::json;

use crate::meta::{Meta, number};
use crate::place::{ADA, META_TOKEN, OTHER_KEY, PHONE, Place};

/// The status of each check, by its name.
fn told(place: &Place, arguments: &[&str]) -> (i32, Vec<(String, String)>) {
    let ended = place.run(&[&["doctor", "--json"], arguments].concat());
    assert!(!ended.says(META_TOKEN));
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["ok"], ended.code == 0);
    let checks = report["checks"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (ended.code, checks.map(|check| (text(&check["check"]), text(&check["status"]))).collect())
}

fn failed(checks: &[(String, String)]) -> Vec<&str> {
    let failed = checks.iter().filter(|(_, status)| status == "fail");
    failed.map(|(check, _)| check.as_str()).collect()
}

#[tokio::test]
async fn all_well_is_told_with_exit_status_0() {
    let meta = Meta::start().await;
    meta.lists("phone_numbers", json!([number(PHONE, "+1 555-078-3881", "Ada")])).await;
    let place = meta.place().with("AVENPING_PUBLIC_URL", "https://gateway.example.com");
    place.ada();
    for arguments in [&[][..], &[ADA]] {
        let (code, checks) = told(&place, arguments);
        assert_eq!((code, failed(&checks)), (0, vec![]), "{checks:?}");
    }
    let lines = place.run(&["doctor", ADA]);
    assert!(lines.stdout.lines().all(|line| line.starts_with("ok ") || line.starts_with("warn ")));
    assert!(lines.says("Graph URL"));
}

#[tokio::test]
async fn a_missing_database_and_key_are_told_and_not_made() {
    let meta = Meta::start().await;
    let place = meta.place().without("AVENPING_SECRET_KEY");
    let (code, checks) = told(&place, &[]);
    assert_eq!((code, failed(&checks)), (1, vec!["secret key", "database"]));
    let lines = place.run(&["doctor"]);
    assert!(lines.says("avenping migrate") && lines.says("avenping key generate"));
    assert!(!place.has_database());

    // An empty file is a database that is not migrated.
    place.write("avenping.db", "");
    let lines = place.run(&["doctor"]);
    lines.assert_code(1);
    assert!(lines.says("`avenping migrate` brings it up to date"), "{lines:?}");
    place.run(&["migrate"]).assert_code(0);
    assert_eq!(failed(&told(&place, &[]).1), ["secret key"]);
}

#[tokio::test]
async fn a_wrong_key_fails() {
    let meta = Meta::start().await;
    let place = meta.place();
    place.ada();
    let place = place.without("AVENPING_SECRET_KEY").with("AVENPING_SECRET_KEY", OTHER_KEY);
    assert_eq!(failed(&told(&place, &[]).1), ["key fits"]);
}

#[test]
fn a_meta_that_cannot_be_reached_fails() {
    let place = Place::new().with("AVENPING_GRAPH_URL", "http://127.0.0.1:1");
    place.run(&["migrate"]).assert_code(0);
    let (code, checks) = told(&place, &[]);
    assert_eq!((code, failed(&checks)), (1, vec!["Graph"]));
}

#[tokio::test]
async fn an_expired_meta_token_is_told_with_how_to_set_another() {
    let meta = Meta::start().await;
    meta.refuses_the_token().await;
    let place = meta.place();
    place.ada();
    assert_eq!(failed(&told(&place, &[ADA]).1), ["Graph"]);
    let lines = place.run(&["doctor", ADA]);
    lines.assert_code(1);
    assert!(lines.says("has expired or was revoked"), "{lines:?}");
    assert!(lines.says(&format!("avenping account update {ADA} --meta-token-file")));
    assert!(!lines.says(META_TOKEN));
}

#[tokio::test]
async fn numbers_that_differ_from_metas_are_told() {
    let meta = Meta::start().await;
    meta.lists("phone_numbers", json!([number("999", "+1 555-000-0999", "New")])).await;
    let place = meta.place();
    place.ada();
    let lines = place.run(&["doctor", ADA]);
    assert!(lines.assert_code(0).says("Meta lists more: 999"));
    assert!(lines.says(&format!("Meta does not list {PHONE}")) && lines.says("--remove-phone"));
}

#[tokio::test]
async fn an_account_that_is_shut_out_is_told_why() {
    let meta = Meta::start().await;
    let place = meta.place();
    place.ada();
    place.account(&["--name=Bob", "--email=bob@example.com"]);
    let update = ["account", "update", ADA, "--suspend", "--plan-ends=2020-01-01"];
    place.run(&update).assert_code(0);
    let (_, checks) = told(&place, &[ADA]);
    assert_eq!(failed(&checks), ["account", "plan", "Graph"]);
    let (_, checks) = told(&place, &["bob@example.com"]);
    assert_eq!(failed(&checks), ["plan", "WhatsApp"]);
    let (code, checks) = told(&place, &["nobody@example.com"]);
    assert_eq!((code, failed(&checks)), (1, vec!["account"]));
}
