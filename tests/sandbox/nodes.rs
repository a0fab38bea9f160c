//! One object by its id.

use serde_json::json;

use crate::harness::{Caller, NUMBER, WABA};

#[tokio::test]
async fn a_flow_shows_what_was_asked_for() {
    let caller = Caller::start().await;
    let flow = caller.get("/v23.0/745501982213307").await;
    assert_eq!(flow.body["name"], "returns");
    assert_eq!(flow.body["status"], "DRAFT");
    assert_eq!(flow.body["validation_errors"][0]["error_type"], "FLOW_JSON_ERROR");
    assert!(flow.body.get("json_version").is_none());

    let fields =
        "id,name,status,categories,validation_errors,json_version,preview.invalidate(false)";
    let flow = caller.get(&format!("/v23.0/745501982213307?fields={fields}")).await;
    assert_eq!(flow.body["json_version"], "7.3");
    assert_eq!(flow.body["categories"], json!(["OTHER"]));
    assert!(flow.body["preview"]["preview_url"].is_string());

    let wrong = caller.get("/v23.0/745501982213307?fields=screens").await;
    assert_eq!((wrong.status, wrong.code()), (400, 100));
}

#[tokio::test]
async fn a_number_an_account_a_template_and_me() {
    let caller = Caller::start().await;
    let number = caller.get(&format!("/v23.0/{NUMBER}")).await;
    assert_eq!(number.body["verified_name"], "Sandbox Store");
    assert_eq!(number.body["throughput"], json!({ "level": "STANDARD" }));
    let status = caller.get(&format!("/v23.0/{NUMBER}?fields=status")).await;
    assert_eq!(status.body, json!({ "status": "CONNECTED", "id": NUMBER }));
    let account = caller.get(&format!("/v23.0/{WABA}")).await;
    assert_eq!(account.body["id"], WABA);
    let me = caller.get("/v23.0/me").await;
    assert_eq!(me.body["name"], "Sandbox system user");

    let page = caller.get(&format!("/v23.0/{WABA}/message_templates?limit=1")).await;
    let row = &page.body["data"][0];
    let template = caller.get(&format!("/v23.0/{}", row["id"].as_str().unwrap())).await;
    assert_eq!(&template.body, row);
}
