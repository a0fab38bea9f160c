//! Forms, which are Meta's flows: listed, searched, looked up, and never a stranger's.

use serde_json::{Value, json};

use crate::harness::{
    Gateway, META_TOKEN, NOW, Place, WABA, at, carries_token, cases, graph_id, somebody, token_of,
};

cases![
    a_list_has_twenty_five_forms_unless_asked_otherwise,
    links_of_a_list_lead_to_the_gateway,
    a_form_comes_untouched,
    a_form_of_a_stranger_is_not_found_though_the_meta_token_would_open_it,
    a_form_that_is_known_is_not_looked_for_in_the_list,
    a_form_that_is_new_is_found_by_one_more_look,
    an_answer_about_another_object_is_not_found,
    what_was_seen_can_be_searched,
    a_search_sees_the_accounts_own_forms_alone,
];

fn list() -> String {
    format!("/v23.0/{WABA}/flows")
}

fn flow(id: &str, name: &str, status: &str) -> Value {
    json!({ "id": id, "name": name, "status": status, "categories": ["OTHER"],
        "validation_errors": [] })
}

async fn has(gateway: &Gateway, flows: &[Value]) {
    gateway.meta.answers("GET", &list(), 200, &json!({ "data": flows }).to_string()).await;
}

async fn a_list_has_twenty_five_forms_unless_asked_otherwise(place: Place) {
    let gateway = Gateway::start(&place).await;
    let items = r#"[{"id":"1","name":"Lead", "x":1.0}]"#;
    gateway.meta.answers("GET", &list(), 200, &format!(r#"{{"data":{items}}}"#)).await;
    let answer = gateway.get("/v2/forms").send().await;
    answer.is(200, &format!(r#"{{"success":true,"data":{{"items":{items}}}}}"#));
    let target = "/v2/forms?limit=1000&after=x&before=y&fields=z";
    assert_eq!(gateway.get(target).send().await.status, 200);
    let asked = gateway.meta.asked().await;
    let queries: Vec<_> = asked.iter().map(|request| request.url.query().unwrap()).collect();
    assert_eq!(queries, ["limit=25", "limit=1000&after=x"]);
    assert!(asked.iter().all(carries_token));
}

async fn links_of_a_list_lead_to_the_gateway(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = json!({ "data": [], "paging": {
        "cursors": { "after": "a1" }, "next": format!("https://g/?access_token={META_TOKEN}")
    } });
    gateway.meta.answers("GET", &list(), 200, &body.to_string()).await;
    let answer = gateway.get("/v2/forms").send().await;
    let expected = json!({
        "cursors": { "after": "a1" },
        "next": "https://gateway.example/v2/forms?limit=25&after=a1",
    });
    assert_eq!(answer.data()["paging"], expected);
}

async fn a_form_comes_untouched(place: Place) {
    let gateway = Gateway::start(&place).await;
    has(&gateway, &[flow("11", "Lead", "DRAFT")]).await;
    let whole = r#"{"id":"11", "name":"Lead","status":"DRAFT","of_graph":[1.50]}"#;
    gateway.meta.answers("GET", "/v23.0/11", 200, whole).await;
    let answer = gateway.get("/v2/forms/11").send().await;
    answer.is(200, &format!(r#"{{"success":true,"data":{whole}}}"#));
    let last = gateway.meta.asked().await.pop().unwrap();
    assert_eq!((last.url.path(), last.url.query()), ("/v23.0/11", None));
    assert!(carries_token(&last));
}

async fn a_form_of_a_stranger_is_not_found_though_the_meta_token_would_open_it(place: Place) {
    let gateway = Gateway::start(&place).await;
    // Both have the same Meta token, and each a WhatsApp account of their own.
    let mut bob = somebody("bob");
    bob.account.whatsapp.as_mut().unwrap().waba_id = graph_id("990099");
    gateway.join(&bob).await;
    has(&gateway, &[flow("11", "Lead", "DRAFT")]).await;
    gateway.meta.answers("GET", "/v23.0/990099/flows", 200, r#"{"data":[]}"#).await;
    gateway.meta.answers("GET", "/v23.0/11", 200, &flow("11", "Lead", "DRAFT").to_string()).await;

    assert_eq!(gateway.get("/v2/forms/11").send().await.status, 200);
    let before = gateway.meta.count().await;
    let strangers = gateway.get("/v2/forms/11").token(&token_of("bob")).send().await;
    let missing = gateway.get("/v2/forms/12").token(&token_of("bob")).send().await;
    strangers.refused(404, "NOT_FOUND", "Form not found");
    missing.refused(404, "NOT_FOUND", "Form not found");
    let asked = gateway.meta.asked().await.split_off(before);
    let paths: Vec<_> = asked.iter().map(|request| request.url.path()).collect();
    assert_eq!(paths, ["/v23.0/990099/flows", "/v23.0/990099/flows"]);
}

async fn a_form_that_is_known_is_not_looked_for_in_the_list(place: Place) {
    let gateway = Gateway::start(&place).await;
    has(&gateway, &[flow("11", "Lead", "DRAFT")]).await;
    gateway.meta.answers("GET", "/v23.0/11", 200, &flow("11", "Lead", "DRAFT").to_string()).await;
    for _ in 0..2 {
        assert_eq!(gateway.get("/v2/forms/11").send().await.status, 200);
    }
    let asked = gateway.meta.asked().await;
    let paths: Vec<_> = asked.iter().map(|request| request.url.path()).collect();
    assert_eq!(paths, [list().as_str(), "/v23.0/11", "/v23.0/11"]);
}

async fn a_form_that_is_new_is_found_by_one_more_look(place: Place) {
    let gateway = Gateway::start(&place).await;
    has(&gateway, &[flow("11", "Lead", "DRAFT")]).await;
    assert_eq!(gateway.get("/v2/forms").send().await.status, 200);
    let missing = gateway.get("/v2/forms/12").send().await;
    missing.refused(404, "NOT_FOUND", "Form not found");

    gateway.meta.forget().await;
    has(&gateway, &[flow("11", "Lead", "DRAFT"), flow("12", "New", "DRAFT")]).await;
    gateway.meta.answers("GET", "/v23.0/12", 200, &flow("12", "New", "DRAFT").to_string()).await;
    assert_eq!(gateway.get("/v2/forms/12").send().await.status, 200);
    assert_eq!(gateway.meta.count().await, 2);
}

async fn an_answer_about_another_object_is_not_found(place: Place) {
    let gateway = Gateway::start(&place).await;
    has(&gateway, &[flow("11", "Lead", "DRAFT")]).await;
    for body in [flow("12", "Other", "DRAFT").to_string(), r#"{"name":"x"}"#.into(), "[]".into()] {
        gateway.meta.forget().await;
        has(&gateway, &[flow("11", "Lead", "DRAFT")]).await;
        gateway.meta.answers("GET", "/v23.0/11", 200, &body).await;
        let answer = gateway.get("/v2/forms/11").send().await;
        answer.refused(404, "NOT_FOUND", "Form not found");
    }
}

async fn names(gateway: &Gateway, query: &str) -> Vec<String> {
    let answer = gateway.get(&format!("/v2/forms/search{query}")).send().await;
    let items = answer.data()["items"].clone();
    let name = |item: &Value| item["name"].as_str().unwrap().to_owned();
    items.as_array().unwrap().iter().map(name).collect()
}

async fn what_was_seen_can_be_searched(place: Place) {
    let gateway = Gateway::start(&place).await;
    assert_eq!(names(&gateway, "").await, Vec::<String>::new());
    has(
        &gateway,
        &[
            flow("1", "Lead form", "DRAFT"),
            flow("2", "Survey", "PUBLISHED"),
            flow("3", "100%", "DRAFT"),
        ],
    )
    .await;
    assert_eq!(gateway.get("/v2/forms").send().await.status, 200);

    assert_eq!(names(&gateway, "?q=LEAD").await, ["Lead form"]);
    assert_eq!(names(&gateway, "?q=published").await, ["Survey"]);
    assert_eq!(names(&gateway, "?q=publish").await, Vec::<String>::new());
    assert_eq!(names(&gateway, "?q=%25").await, ["100%"]);
    assert_eq!(names(&gateway, "?q=").await.len(), 3);
    assert_eq!(names(&gateway, "?limit=2").await.len(), 2);

    let answer = gateway.get("/v2/forms/search?q=survey").send().await;
    let account = gateway.get("/v2/me").send().await.data()["user"]["id"].clone();
    let expected = json!([{
        "id": "2", "name": "Survey", "status": "PUBLISHED", "validation": [],
        "accountId": account,
        "createdAt": at(NOW).to_string(), "updatedAt": at(NOW).to_string(),
        "_count": { "recipients": 0 },
    }]);
    assert_eq!(answer.data()["items"], expected);

    // The newest change comes first; a look at one form is a look.
    gateway.clock.advance(std::time::Duration::from_secs(1));
    let changed = flow("3", "100%", "PUBLISHED").to_string();
    gateway.meta.answers("GET", "/v23.0/3", 200, &changed).await;
    assert_eq!(gateway.get("/v2/forms/3").send().await.status, 200);
    assert_eq!(names(&gateway, "").await[0], "100%");
}

async fn a_search_sees_the_accounts_own_forms_alone(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.join(&somebody("bob")).await;
    has(&gateway, &[flow("1", "Lead", "DRAFT")]).await;
    assert_eq!(gateway.get("/v2/forms").send().await.status, 200);
    let answer = gateway.get("/v2/forms/search").token(&token_of("bob")).send().await;
    assert_eq!(answer.data(), json!({ "items": [] }));
}
