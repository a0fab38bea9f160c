//! Lists: templates, flows and numbers, page by page.

use serde_json::Value;

use crate::harness::{Answer, Caller, NUMBER, OTHER_NUMBER, WABA};

fn names(page: &Answer) -> Vec<String> {
    let rows = page.body["data"].as_array().unwrap();
    rows.iter().map(|row| format!("{}/{}", row["name"], row["language"])).collect()
}

async fn templates(caller: &Caller, query: &str) -> Answer {
    let page = caller.get(&format!("/v23.0/{WABA}/message_templates?{query}")).await;
    page.is_accepted(query);
    page
}

#[tokio::test]
async fn following_next_shows_every_template_once_and_previous_leads_back() {
    let caller = Caller::start().await;
    let all = names(&templates(&caller, "limit=1000").await);
    assert!(all.len() > 30);

    let mut page = templates(&caller, "").await;
    assert_eq!(page.body["data"].as_array().unwrap().len(), 25);
    assert!(page.body["paging"].get("previous").is_none());
    let mut seen = names(&page);
    while let Some(next) = page.body["paging"]["next"].as_str() {
        assert!(next.contains("access_token=sandbox-access-token"), "{next}");
        page = caller.get(next).await;
        seen.extend(names(&page));
    }
    assert_eq!(seen, all);
    let back = caller.get(page.body["paging"]["previous"].as_str().unwrap()).await;
    assert_eq!(names(&back), all[..25]);
}

#[tokio::test]
async fn cursors_go_both_ways_at_any_limit() {
    let caller = Caller::start().await;
    let all = names(&templates(&caller, "limit=1000").await);
    let mut after = String::new();
    let mut seen = Vec::new();
    for _ in 0..all.len().div_ceil(7) {
        let page = templates(&caller, &format!("limit=7&after={after}")).await;
        page.body["paging"]["cursors"]["after"].as_str().unwrap().clone_into(&mut after);
        seen.extend(names(&page));
    }
    assert_eq!(seen, all);
    let end = templates(&caller, &format!("limit=7&after={after}")).await;
    assert_eq!(end.body, serde_json::json!({ "data": [] }));

    let second = templates(&caller, "limit=7").await.body["paging"]["cursors"]["after"].clone();
    let second = templates(&caller, &format!("limit=7&after={}", second.as_str().unwrap())).await;
    let before = second.body["paging"]["cursors"]["before"].as_str().unwrap();
    let first = templates(&caller, &format!("limit=7&before={before}")).await;
    assert_eq!(names(&first), all[..7]);
}

#[tokio::test]
async fn a_wrong_limit_or_cursor_is_refused() {
    let caller = Caller::start().await;
    let path = |query: &str| format!("/v23.0/{WABA}/message_templates?{query}");
    for limit in ["limit=0", "limit=1001", "limit=-1", "limit=ten"] {
        caller.get(&path(limit)).await.is_refused(limit, 100, "limit");
    }
    caller.get(&path("after=nowhere")).await.is_refused("cursor", 131_059, "cursor");
}

#[tokio::test]
async fn templates_are_filtered() {
    let caller = Caller::start().await;
    let count =
        async |query: &str| templates(&caller, query).await.body["data"].as_array().unwrap().len();
    assert_eq!(count("name=hello_world").await, 1);
    assert_eq!(count("name=order_shipped").await, 4);
    assert_eq!(count("name=order_shipped&language=de").await, 1);
    assert_eq!(count("name=order").await, 7, "a part of the name is enough");
    assert_eq!(count("name=nothing").await, 0);
    assert_eq!(count("status=paused").await, 1);
    assert_eq!(count("status=PENDING").await, 2);
    assert_eq!(count("category=AUTHENTICATION").await, 2);
    assert_eq!(count("name_or_content=verification").await, 1);

    let next = templates(&caller, "status=APPROVED&limit=5").await;
    let next = caller.get(next.body["paging"]["next"].as_str().unwrap()).await;
    let rows = next.body["data"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["status"] == "APPROVED"), "a filter stays on the next page");
}

#[tokio::test]
async fn fields_choose_the_members_of_a_row() {
    let caller = Caller::start().await;
    let keys = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let page = templates(&caller, "limit=1").await;
    let usual = ["category", "components", "id", "language", "name", "parameter_format", "status"];
    assert_eq!(keys(&page.body["data"][0]), usual);
    let page = templates(&caller, "limit=1&fields=name,status").await;
    assert_eq!(keys(&page.body["data"][0]), ["id", "name", "status"]);
    let wrong = caller.get(&format!("/v23.0/{WABA}/message_templates?fields=nome")).await;
    assert_eq!((wrong.status, wrong.code()), (400, 100));
    assert!(wrong.body["error"]["message"].as_str().unwrap().contains("(nome)"));
}

#[tokio::test]
async fn every_name_and_language_comes_once_and_every_id_too() {
    let caller = Caller::start().await;
    let page = templates(&caller, "limit=1000").await;
    let mut all = names(&page);
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
    let rows = page.body["data"].as_array().unwrap();
    let mut ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[tokio::test]
async fn flows_and_numbers_are_listed() {
    let caller = Caller::start().await;
    let flows = caller.get(&format!("/v23.0/{WABA}/flows?limit=2")).await;
    assert_eq!(flows.body["data"][0]["id"], "594425479261596");
    assert!(flows.body["data"][0].get("preview").is_none());
    let next = caller.get(flows.body["paging"]["next"].as_str().unwrap()).await;
    assert_eq!(next.body["data"].as_array().unwrap().len(), 2);

    let all = caller.get(&format!("/v23.0/{WABA}/flows")).await;
    let rows = all.body["data"].as_array().unwrap();
    for status in ["PUBLISHED", "DRAFT", "DEPRECATED", "BLOCKED", "THROTTLED"] {
        assert!(rows.iter().any(|row| row["status"] == status), "{status}");
    }

    let numbers = caller.get(&format!("/v23.0/{WABA}/phone_numbers")).await;
    assert_eq!(numbers.body["data"][0]["id"], NUMBER);
    assert_eq!(numbers.body["data"][0]["display_phone_number"], "+1 555-078-3881");
    assert_eq!(numbers.body["data"][1]["id"], OTHER_NUMBER);
}

#[tokio::test]
async fn the_summary_of_the_templates_is_shown_when_it_is_asked_for() {
    let caller = Caller::start().await;
    let all = names(&templates(&caller, "limit=1000").await).len();
    let page = templates(&caller, "name=order_shipped&limit=1&summary=total_count").await;
    assert_eq!(page.body["summary"]["total_count"], 4);
    assert_eq!(page.body["summary"]["message_template_count"], all);
    assert!(templates(&caller, "limit=1").await.body.get("summary").is_none());
}
