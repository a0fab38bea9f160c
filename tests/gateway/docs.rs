//! The API page: it needs no token, and nothing from elsewhere.

use crate::harness::{Answer, Gateway, Place, Setup, cases};

cases![
    the_page_and_its_parts_need_no_token,
    the_page_asks_nobody_else,
    below_a_path_of_a_proxy_the_page_finds_its_parts,
    a_part_that_is_not_there_is_an_unknown_route,
];

async fn ask(gateway: &Gateway, path: &str) -> Answer {
    let answer = gateway.get(path).anonymous().send().await;
    assert_eq!(answer.status, 200, "{path}");
    answer
}

/// What the attributes of the page refer to.
fn references(page: &str) -> Vec<&str> {
    let ends = |attribute| page.split(attribute).skip(1);
    let all = ends(" href=\"").chain(ends(" src=\""));
    all.filter_map(|rest| rest.split('"').next()).collect()
}

async fn the_page_and_its_parts_need_no_token(place: Place) {
    let gateway = Gateway::start(&place).await;
    for path in ["/docs", "/docs/"] {
        let page = ask(&gateway, path).await;
        assert_eq!(page.header("content-type"), Some("text/html"));
        let page = page.text();
        let found = references(page);
        assert_eq!(found.first(), Some(&"/docs/"), "the base");
        assert!(found.len() > 5);
        for part in &found[1..] {
            let name = part.trim_start_matches("./");
            assert!(!name.contains("//"), "{name}");
            ask(&gateway, &format!("/docs/{name}")).await;
        }
    }
}

async fn the_page_asks_nobody_else(place: Place) {
    let gateway = Gateway::start(&place).await;
    let page = ask(&gateway, "/docs").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';"));
    assert!(!policy.contains("http"), "{policy}");
    let start = ask(&gateway, "/docs/swagger-initializer.js").await;
    let start = start.text();
    assert!(start.contains(r#""url": "/v2/openapi.json""#), "{start}");
    assert!(start.contains(r#""validatorUrl": "none""#), "{start}");
    let other = gateway.get("/v2/health").send().await;
    assert_eq!(other.header("content-security-policy"), None);
}

async fn below_a_path_of_a_proxy_the_page_finds_its_parts(place: Place) {
    let mut setup = Setup::new(&place).await;
    let public = "https://example.com/whatsapp/".parse().unwrap();
    setup.settings.listener.public_url = Some(public);
    let gateway = setup.start().await;
    let page = ask(&gateway, "/docs").await;
    let page = page.text();
    assert_eq!(references(page)[0], "/whatsapp/docs/");
    let start = ask(&gateway, "/docs/swagger-initializer.js").await;
    let start = start.text();
    assert!(start.contains(r#""url": "/whatsapp/v2/openapi.json""#), "{start}");
    let document = ask(&gateway, "/v2/openapi.json").await.json();
    assert_eq!(document["servers"][0]["url"], "/whatsapp");
}

async fn a_part_that_is_not_there_is_an_unknown_route(place: Place) {
    let gateway = Gateway::start(&place).await;
    for path in ["/docs/nothing.js", "/docs/..%2fCargo.toml", "/docs/a/b"] {
        let answer = gateway.get(path).anonymous().send().await;
        answer.refused(404, "NOT_FOUND", "Route not found");
    }
}
