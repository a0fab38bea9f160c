//! What the cases in Meta's own shape have in common.

use serde_json::Value;

use crate::harness::{Answer, NUMBER, WABA};

/// What stands before the version: nothing, and Interakt's word.
pub(crate) const SHAPES: [&str; 2] = ["", "/api"];

/// What Graph says of an object that is not there.
pub(crate) const NO_SUCH: &str = r#"{"error":{"message":"No","code":100,"error_subcode":33}}"#;

pub(crate) fn of_number(shape: &str, edge: &str) -> String {
    format!("{shape}/v23.0/{NUMBER}/{edge}")
}

pub(crate) fn of_waba(shape: &str, edge: &str) -> String {
    format!("{shape}/v23.0/{WABA}/{edge}")
}

/// A failure of the gateway's own, in Meta's envelope. Gives the error object.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, code: u64) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.whole);
    let json = answer.json();
    let error = json["error"].clone();
    assert_eq!(json.as_object().unwrap().len(), 1, "{json}");
    assert_eq!((&error["code"], &error["type"]), (&code.into(), &"OAuthException".into()));
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("(#{code}) ")), "{message}");
    assert_eq!(error["fbtrace_id"].as_str(), answer.header("x-request-id"));
    error
}

/// Somebody else's object, and none at all.
#[track_caller]
pub(crate) fn no_such(answer: &Answer) {
    assert_eq!(refused(answer, 400, 100)["error_subcode"], 33);
}

/// A failure of Graph's that it said nothing usable about.
#[track_caller]
pub(crate) fn failed(answer: &Answer, status: u16, outcome: &str) {
    let error = refused(answer, status, 131_000);
    let details = error["error_data"]["details"].as_str().unwrap();
    assert!(details.starts_with(&format!("outcome: {outcome}")), "{details}");
}
