//! The recipients that fail, each as it says.

use avenping_gateway::sandbox::CODES;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, message};

fn to(number: &str) -> Value {
    let mut payload = message("text", &json!({ "body": "Hello" }));
    payload["to"] = json!(number);
    payload
}

#[tokio::test]
async fn every_code_has_its_recipient() {
    let caller = Caller::start().await;
    for code in CODES.iter().filter(|code| code.number != 1) {
        let answer = caller.post(&to(&format!("15550{:06}", code.number))).await;
        let error = &answer.body["error"];
        assert_eq!(answer.status, code.status, "{code:?}");
        assert_eq!(error["code"], code.number);
        assert_eq!(error["message"], code.message());
        assert_eq!(error["error_data"]["messaging_product"], "whatsapp");
    }
    assert!(caller.sandbox.messages().is_empty());
}

#[test]
fn the_page_for_developers_has_every_number() {
    let page = include_str!("../../docs/sandbox.md");
    for code in CODES.iter().filter(|code| code.number != 1) {
        let row = format!(
            "| `15550{:06}` | {} | {} | {} |",
            code.number, code.number, code.status, code.title
        );
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn the_page_for_developers_says_nothing_wrong_of_what_fails_later() {
    let page = include_str!("../../docs/sandbox.md");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `15551")).collect();
    assert!(!rows.is_empty());
    for row in rows {
        let known = CODES.iter().any(|code| {
            row == format!("| `15551{:06}` | {} | {} |", code.number, code.number, code.title)
        });
        assert!(known, "{row}");
    }
}

#[tokio::test]
async fn the_literal_numbers_of_the_most_wanted_codes() {
    let caller = Caller::start().await;
    let cases = [
        ("15550000000", 0, 401),
        ("15550000002", 2, 503),
        ("15550000004", 4, 400),
        ("15550000100", 100, 400),
        ("15550000190", 190, 401),
        ("15550000299", 299, 403),
        ("15550000613", 613, 429),
        ("15550080007", 80007, 400),
        ("+1 555-013-0429", 130_429, 400),
        ("15550131000", 131_000, 500),
        ("15550131026", 131_026, 400),
        ("15550131056", 131_056, 400),
        ("15550132001", 132_001, 404),
        ("15550133004", 133_004, 503),
    ];
    for (number, code, status) in cases {
        let answer = caller.post(&to(number)).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{number}");
    }
}

#[tokio::test]
async fn other_numbers_that_begin_so_are_ordinary() {
    let caller = Caller::start().await;
    for number in ["15550999999", "1555013042", "155501304290", "15551130429"] {
        caller.post(&to(number)).await.is_accepted(number);
    }
}

#[tokio::test]
async fn a_wrong_payload_is_told_before_the_fault() {
    let caller = Caller::start().await;
    let mut payload = to("15550131056");
    payload["text"]["body"] = json!("");
    caller.post(&payload).await.is_refused("empty text", 131_009, "text.body");
}

#[tokio::test]
async fn the_page_is_html_with_500() {
    let caller = Caller::start().await;
    let answer = caller.posting(&to("15550000500")).send().await.unwrap();
    assert_eq!(answer.status(), 500);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    assert!(answer.text().await.unwrap().starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn the_slow_number_is_answered_rightly() {
    let caller = Caller::start().await;
    caller.post(&to("15550000001")).await.is_accepted("slow");
    assert_eq!(caller.sandbox.messages().len(), 1);
}

#[tokio::test]
async fn the_silent_number_answers_nothing_until_the_sandbox_stops() {
    let caller = Caller::start().await;
    let waiting = tokio::spawn(caller.posting(&to("15550000408")).send());
    // The sandbox has taken the silent one in, or never will: it answers others meanwhile.
    caller.post(&to("16505551234")).await.is_accepted("another");
    assert!(!waiting.is_finished());
    caller.sandbox.stop().await;
    match waiting.await.unwrap() {
        Ok(late) => assert_eq!(late.status(), 408),
        Err(error) => assert!(error.is_request() || error.is_connect(), "{error}"),
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_behind() {
    let caller = Caller::start().await;
    let waiting = tokio::spawn(caller.posting(&to("15550000408")).send());
    caller.post(&to("16505551234")).await.is_accepted("another");
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    let answer = Answer::of(caller.posting(&to("16505551234")).send().await.unwrap()).await;
    answer.is_accepted("after it");
    assert_eq!(caller.sandbox.messages().len(), 2);
}
