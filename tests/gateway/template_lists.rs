//! Templates: listed page by page, searched, looked up by name.

use serde_json::json;
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, ResponseTemplate};

use crate::harness::{Gateway, META_TOKEN, Place, Setup, WABA, carries_token, cases};

cases![
    a_list_comes_as_graph_has_it_in_our_envelope,
    known_parameters_go_up_and_others_do_not,
    links_lead_to_the_gateway_and_carry_no_token,
    a_search_looks_for_a_part_of_the_name_in_any_letter_case,
    a_name_is_looked_for_on_every_page,
    the_language_chooses_among_templates_of_one_name,
    a_cursor_that_leads_nowhere_new_ends_the_search,
    a_template_called_send_is_found_on_the_path_that_sends,
];

fn list() -> String {
    format!("/v23.0/{WABA}/message_templates")
}

async fn a_list_comes_as_graph_has_it_in_our_envelope(place: Place) {
    let gateway = Gateway::start(&place).await;
    let items = r#"[{"name":"a", "x":1.50,"\u0062":[]},{"id":12345678901234567890123}]"#;
    gateway.meta.answers("GET", &list(), 200, &format!(r#"{{"data":{items}, "other":1}}"#)).await;
    let answer = gateway.get("/v2/templates").send().await;
    answer.is(200, &format!(r#"{{"success":true,"data":{{"items":{items}}}}}"#));
    let request = gateway.meta.only().await;
    assert_eq!(request.url.query(), None);
    assert!(carries_token(&request));
}

async fn known_parameters_go_up_and_others_do_not(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.meta.answers("GET", &list(), 200, r#"{"data":[]}"#).await;
    let target =
        "/v2/templates?limit=7&after=a%26b&before=c&fields=x&access_token=y&search=s&status=z";
    assert_eq!(gateway.get(target).send().await.status, 200);
    let request = gateway.meta.only().await;
    assert_eq!(request.url.query(), Some("limit=7&after=a%26b&before=c"));
    assert_eq!(gateway.get("/v2/templates?after=&before=").send().await.status, 200);
    assert_eq!(gateway.meta.asked().await.pop().unwrap().url.query(), None);
}

async fn links_lead_to_the_gateway_and_carry_no_token(place: Place) {
    for base in ["https://gateway.example/", "https://gateway.example/under/here/"] {
        let mut setup = Setup::new(&place).await;
        setup.settings.listener.public_url = Some(base.parse().unwrap());
        let gateway = setup.start().await;
        let link = |cursor: &str| {
            format!(
                "https://graph.facebook.com/v23.0/{WABA}/message_templates?access_token={META_TOKEN}&limit=2&{cursor}"
            )
        };
        let body = json!({
            "data": [],
            "paging": {
                "cursors": { "before": "b/1", "after": "a=1" },
                "next": link("after=a%3D1"),
                "previous": link("before=b%2F1"),
                "total": META_TOKEN,
            },
        });
        gateway.meta.answers("GET", &list(), 200, &body.to_string()).await;
        let answer = gateway.get("/v2/templates?limit=2&search=Ab%20c").send().await;
        let paging = answer.data()["paging"].clone();
        let here = format!("{base}v2/templates");
        let next = paging["next"].as_str().unwrap().parse::<url::Url>().unwrap();
        assert!(next.as_str().starts_with(&here), "{next}");
        let pairs: Vec<_> = next.query_pairs().into_owned().collect();
        assert!(pairs.contains(&("after".into(), "a=1".into())), "{next}");
        assert!(pairs.contains(&("limit".into(), "2".into())));
        assert!(paging["previous"].as_str().unwrap().contains("before=b%2F1"));
        assert_eq!(paging["cursors"], json!({ "before": "b/1", "after": "a=1" }));
        assert!(!answer.text().contains(META_TOKEN), "{}", answer.text());
        assert!(!answer.text().contains("access_token"));
        assert!(!answer.text().contains("graph.facebook.com"));
    }
}

async fn a_search_looks_for_a_part_of_the_name_in_any_letter_case(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = r#"{"data":[{"name":"order_shipped"},{"name":"Reorder"},{"name":"bye"},{"x":1}],"paging":{"cursors":{"after":"z"}}}"#;
    gateway.meta.answers("GET", &list(), 200, body).await;
    let found = gateway.get("/v2/templates?search=ORDER").send().await;
    found.is(
        200,
        r#"{"success":true,"data":{"items":[{"name":"order_shipped"},{"name":"Reorder"}],"paging":{"cursors":{"after":"z"}}}}"#,
    );
    for (search, count) in [("", 4), ("%25", 0), (".*", 0), ("bye", 1)] {
        let answer = gateway.get(&format!("/v2/templates?search={search}")).send().await;
        assert_eq!(answer.data()["items"].as_array().unwrap().len(), count, "{search}");
    }
}

/// Three pages; which one is asked for, the cursor tells.
async fn pages(gateway: &Gateway, pages: [&str; 3]) {
    for (nth, items) in pages.into_iter().enumerate() {
        let next = if nth < 2 {
            format!(r#","paging":{{"cursors":{{"after":"page-{}"}},"next":"https://g/"}}"#, nth + 1)
        } else {
            r#","paging":{"cursors":{"after":"end"}}"#.to_owned()
        };
        let body = format!(r#"{{"data":[{items}]{next}}}"#);
        let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
        let asked = Mock::given(method("GET")).and(path(list()));
        let asked = match nth {
            0 => asked.and(query_param_is_missing("after")),
            nth => asked.and(query_param("after", format!("page-{nth}"))),
        };
        gateway.meta.when(asked.respond_with(answer)).await;
    }
}

const DE: &str = r#"{"name":"hello","language":"de","id":"1"}"#;
const EN: &str = r#"{"name":"hello","language":"en_US","id":"2", "of_graph":1.0}"#;
const LONG: &str = r#"{"name":"hello_world","language":"en_US","id":"3"}"#;

async fn a_name_is_looked_for_on_every_page(place: Place) {
    let gateway = Gateway::start(&place).await;
    pages(&gateway, [LONG, DE, EN]).await;
    let answer = gateway.get("/v2/templates/hello").send().await;
    answer.is(200, &format!(r#"{{"success":true,"data":{EN}}}"#));
    assert_eq!(gateway.meta.count().await, 3);
    for missing in ["hell", "Hello", "hello_", "_"] {
        let answer = gateway.get(&format!("/v2/templates/{missing}")).send().await;
        answer.refused(404, "NOT_FOUND", "Template not found");
    }
}

async fn the_language_chooses_among_templates_of_one_name(place: Place) {
    let gateway = Gateway::start(&place).await;
    let only_de = r#"{"name":"hallo","language":"de"},{"name":"hallo","language":"fr"}"#;
    pages(&gateway, [DE, only_de, EN]).await;
    let cases = [
        ("hello?language=de", Some(DE)),
        ("hello?language=en_US", Some(EN)),
        ("hello?language=", Some(EN)),
        ("hello?language=en", None),
        ("hello?language=DE", None),
        ("hallo", Some(r#"{"name":"hallo","language":"de"}"#)),
    ];
    for (target, expected) in cases {
        let answer = gateway.get(&format!("/v2/templates/{target}")).send().await;
        match expected {
            Some(template) => {
                answer.is(200, &format!(r#"{{"success":true,"data":{template}}}"#));
            }
            None => {
                answer.refused(404, "NOT_FOUND", "Template not found");
            }
        }
    }
}

async fn a_cursor_that_leads_nowhere_new_ends_the_search(place: Place) {
    let gateway = Gateway::start(&place).await;
    let body = r#"{"data":[],"paging":{"cursors":{"after":"same"},"next":"https://g/"}}"#;
    gateway.meta.answers("GET", &list(), 200, body).await;
    let answer = gateway.get("/v2/templates/hello").send().await;
    answer.refused(404, "NOT_FOUND", "Template not found");
    assert_eq!(gateway.meta.count().await, 2);
}

async fn a_template_called_send_is_found_on_the_path_that_sends(place: Place) {
    let gateway = Gateway::start(&place).await;
    let template = r#"{"name":"send","language":"en_US","id":"7"}"#;
    gateway.meta.answers("GET", &list(), 200, &format!(r#"{{"data":[{template}]}}"#)).await;
    for target in ["/v2/templates/send", "/v2/templates/send/", "/v2/templates/send?language=en_US"]
    {
        let answer = gateway.get(target).send().await;
        answer.is(200, &format!(r#"{{"success":true,"data":{template}}}"#));
    }
    let answer = gateway.get("/v2/templates/send?language=de").send().await;
    answer.refused(404, "NOT_FOUND", "Template not found");
    let put = gateway.ask("PUT", "/v2/templates/send").send().await;
    assert_eq!(put.status, 405);
    let mut allowed: Vec<_> = put.header("allow").unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["DELETE", "GET", "HEAD", "PATCH", "POST"]);
}
