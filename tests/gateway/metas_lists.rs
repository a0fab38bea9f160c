//! Lists in Meta's shape: what of a query goes up, where links lead, and what is learnt.

use std::net::SocketAddr;

use serde_json::{Value, json};
use url::Url;

use crate::harness::{
    ACCEPTED, Answer, Ask, Gateway, META_TOKEN, NUMBER, Place, Setup, TOKEN, WABA, cases,
};
use crate::metas::{SHAPES, of_number, of_waba, refused};

cases![
    a_list_comes_back_as_graph_wrote_it,
    known_members_of_a_query_go_up_and_others_do_not,
    a_member_given_twice_is_refused,
    fields_that_lead_to_other_objects_are_refused,
    links_lead_to_the_public_address,
    a_link_can_be_followed_with_no_header_at_all,
    a_list_of_flows_can_be_searched_on_v2,
    part_of_a_row_teaches_nothing,
    a_new_template_goes_up_as_it_came,
    templates_are_deleted_by_name_and_id,
];

const LISTS: [&str; 3] = ["message_templates", "flows", "phone_numbers"];

async fn a_list_comes_back_as_graph_wrote_it(place: Place) {
    let gateway = Gateway::start(&place).await;
    let page = "{ \"data\":[{\"id\":\"1\",\"x\":1.0, \"y\":\"\\u00e4\\/\"}],\n \"paging\":{\"cursors\":{\"after\":\"a\"}},\"of_graph\":null}";
    for list in LISTS {
        gateway.meta.answers("GET", &of_waba("", list), 200, page).await;
        for shape in SHAPES {
            // Some clients send a content type on everything.
            let ask = gateway.get(&of_waba(shape, list)).header("Content-Type", "application/json");
            ask.send().await.is(200, page);
            let head = gateway.ask("HEAD", &of_waba(shape, list)).send().await;
            assert_eq!(head.status, 200);
            assert_eq!(gateway.get(&format!("{}/", of_waba(shape, list))).send().await.status, 200);
        }
    }
    gateway.meta.forget().await;
    gateway.meta.answers("GET", &of_waba("", "flows"), 200, "{}").await;
    gateway.get(&of_waba("", "flows")).send().await.is(200, "{}");
}

async fn known_members_of_a_query_go_up_and_others_do_not(place: Place) {
    let gateway = Gateway::start(&place).await;
    gateway.meta.answers("GET", &of_waba("", "flows"), 200, r#"{"data":[]}"#).await;
    let query = "limit=1000&after=a%2B1&before=b&name=n&status=approved&fields=id%2Cname&language=de\
                 &category=UTILITY&quality_score=GREEN&name_or_content=x%20y&summary=total_count";
    let more = format!(
        "{query}&access_token={TOKEN}&appsecret_proof=x&phone_number_id=1&hsm_id=2\
                        &pretty=0&method=delete&_reqName=x&date_format=U&sort=x&debug=all"
    );
    for shape in SHAPES {
        let ask = gateway.get(&format!("{}?{more}", of_waba(shape, "flows")));
        assert_eq!(ask.send().await.status, 200);
        let asked = gateway.meta.asked().await.pop().unwrap();
        assert_eq!(asked.url.path(), of_waba("", "flows"));
        let expected = asked.url.join(&format!("?{query}")).unwrap();
        assert_eq!(parted(asked.url), parted(expected));
    }

    gateway.meta.answers("GET", &format!("/v23.0/{NUMBER}"), 200, r#"{"id":"1"}"#).await;
    for fields in ["preview.invalidate%28false%29", "preview.invalidate(false)"] {
        let query = format!("fields=id%2C{fields}&date_format=U&limit=2&phone_number_id=9");
        let ask = gateway.get(&format!("/v23.0/{NUMBER}?{query}"));
        ask.send().await.is(200, r#"{"id":"1"}"#);
        let asked = gateway.meta.asked().await.pop().unwrap();
        let pairs: Vec<_> = asked.url.query_pairs().into_owned().collect();
        let expected = [("fields", "id,preview.invalidate(false)"), ("date_format", "U")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

async fn a_member_given_twice_is_refused(place: Place) {
    let gateway = Gateway::start(&place).await;
    for shape in SHAPES {
        let ask = gateway.get(&format!("{}?limit=1&limit=2", of_waba(shape, "flows")));
        let error = refused(&ask.send().await, 400, 100);
        assert_eq!(error["error_data"]["details"], "limit: must be given only once");
    }
    assert_eq!(gateway.meta.count().await, 0);
}

async fn fields_that_lead_to_other_objects_are_refused(place: Place) {
    let gateway = Gateway::start(&place).await;
    // A Meta token may open more accounts than the caller's.
    for fields in [
        "owner_business{client_whatsapp_business_accounts{id,name}}",
        "id,owner_business%7Bid%7D",
        "owner_business.fields(client_whatsapp_business_accounts)",
        "name,owner_business.limit(5).FIELDS%28id%29",
        "owner_business. fields (id)",
    ] {
        for target in [
            format!("/v23.0/{WABA}?fields={fields}"),
            format!("/api/v23.0/{NUMBER}?fields={fields}"),
            of_waba("", "phone_numbers") + "?fields=" + fields,
            of_number("", "whatsapp_business_profile") + "?fields=" + fields,
        ] {
            let target = target.replace(' ', "%20");
            let error = refused(&gateway.get(&target).send().await, 400, 100);
            let details = error["error_data"]["details"].as_str().unwrap();
            assert!(details.starts_with("fields: "), "{details}");
        }
    }
    assert_eq!(gateway.meta.count().await, 0);
}

/// A page with a next one, whose link has the Meta token in it.
fn page(list: &str) -> Value {
    let link = |cursor: &str| {
        format!(
            "https://graph.facebook.com/v23.0/{WABA}/{list}?access_token={META_TOKEN}&limit=2\
             &fields=id%2Cname&pretty=0&{cursor}"
        )
    };
    json!({
        "data": [{ "id": "1" }],
        "paging": {
            "cursors": { "before": "b", "after": "a=1" },
            "next": link("after=a%3D1"), "previous": link("before=b"),
        },
    })
}

fn links(answer: &Answer) -> [Url; 2] {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(!answer.text().contains(META_TOKEN) && !answer.text().contains("graph.facebook"));
    let paging = answer.json()["paging"].clone();
    assert_eq!(paging["cursors"], json!({ "before": "b", "after": "a=1" }));
    ["next", "previous"].map(|name| paging[name].as_str().unwrap().parse().unwrap())
}

/// The address, and the members of the query, in whatever order.
fn parted(mut link: Url) -> (Url, Vec<(String, String)>) {
    let mut members: Vec<_> = link.query_pairs().into_owned().collect();
    members.sort();
    link.set_query(None);
    (link, members)
}

async fn links_lead_to_the_public_address(place: Place) {
    for base in ["https://gateway.example/", "https://gateway.example/under/", "https://g.example"]
    {
        let mut setup = Setup::new(&place).await;
        setup.settings.listener.public_url = Some(base.parse().unwrap());
        let gateway = setup.start().await;
        for list in LISTS {
            gateway.meta.answers("GET", &of_waba("", list), 200, &page(list).to_string()).await;
            for path in SHAPES.map(|shape| of_waba(shape, list)) {
                let in_query = format!("&access_token={TOKEN}");
                let asks = [
                    (gateway.get(&path), ""),
                    (gateway.get(&path).anonymous().header("x-access-token", TOKEN), ""),
                    (gateway.get(&format!("{path}?{in_query}")).anonymous(), in_query.as_str()),
                ];
                for (ask, token) in asks {
                    let ask = ask.header("X-Forwarded-Host", "evil.example");
                    let here = format!("{}{path}", base.trim_end_matches('/'));
                    let expected = ["after=a%3D1", "before=b"].map(|cursor| {
                        format!("{here}?limit=2&fields=id%2Cname&{cursor}{token}").parse().unwrap()
                    });
                    let found = links(&ask.send().await);
                    assert_eq!(found.map(parted), expected.map(parted));
                }
            }
        }
    }
}

async fn a_link_can_be_followed_with_no_header_at_all(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.listener.public_url = None;
    let gateway = setup.start().await;
    let first = page("flows").to_string();
    gateway.meta.answers("GET", &of_waba("", "flows"), 200, &first).await;
    for shape in SHAPES {
        let path = format!("{}?limit=2&access_token={TOKEN}", of_waba(shape, "flows"));
        // `Host` says "gateway", and is not believed.
        let [next, _] = links(&gateway.get(&path).anonymous().send().await);
        let address: SocketAddr = gateway.address();
        assert_eq!(next.origin().ascii_serialization(), format!("http://{address}"));
        assert!(next.path().starts_with(&of_waba(shape, "flows")));
        let target = format!("{}?{}", next.path(), next.query().unwrap());
        links(&Ask::new(address, "GET", &target).anonymous().send().await);
        let asked = gateway.meta.asked().await.pop().unwrap();
        let pairs: Vec<_> = asked.url.query_pairs().into_owned().collect();
        assert!(pairs.contains(&("after".to_owned(), "a=1".to_owned())), "{pairs:?}");
        assert!(!asked.url.as_str().contains("access_token"));
    }
}

async fn found(gateway: &Gateway, query: &str) -> usize {
    let answer = gateway.get(&format!("/v2/forms/search?q={query}")).send().await;
    answer.data()["items"].as_array().unwrap().len()
}

async fn a_list_of_flows_can_be_searched_on_v2(place: Place) {
    let gateway = Gateway::start(&place).await;
    let flows = json!({ "data": [{ "id": "11", "name": "Lead", "status": "DRAFT" }] });
    gateway.meta.answers("GET", &of_waba("", "flows"), 200, &flows.to_string()).await;
    assert_eq!(found(&gateway, "lead").await, 0);
    let listed = gateway.get(&format!("{}?limit=1", of_waba("/api", "flows"))).send().await;
    assert_eq!(listed.status, 200);
    assert_eq!(found(&gateway, "lead").await, 1);
}

async fn part_of_a_row_teaches_nothing(place: Place) {
    let gateway = Gateway::start(&place).await;
    let flows = json!({ "data": [{ "id": "11", "name": "Lead" }] });
    gateway.meta.answers("GET", &of_waba("", "flows"), 200, &flows.to_string()).await;
    let rows = json!({ "data": [{ "name": "shipped", "language": "en_US", "id": "7" }] });
    gateway.meta.answers("GET", &of_waba("", "message_templates"), 200, &rows.to_string()).await;
    for list in ["flows", "message_templates"] {
        let listed = gateway.get(&format!("{}?fields=name", of_waba("", list))).send().await;
        assert_eq!(listed.status, 200);
    }
    assert_eq!(found(&gateway, "lead").await, 0);
    let sent = json!({ "to": "1", "type": "template", "template": {
        "name": "shipped", "language": { "code": "de" },
        "components": [{ "type": "body", "parameters": [{ "type": "text", "text": "x" }] }],
    } });
    gateway.post(&of_number("", "messages"), &sent).send().await.is(200, ACCEPTED);
}

async fn a_new_template_goes_up_as_it_came(place: Place) {
    let gateway = Gateway::start(&place).await;
    let made = r#"{"id":"7", "status":"PENDING","category":"UTILITY"}"#;
    gateway.meta.answers("POST", &of_waba("", "message_templates"), 200, made).await;
    for shape in SHAPES {
        let body = r#"{ "name":"hello","language":"en_US", "category":null,"x":1.0}"#;
        let ask = gateway.ask("POST", &of_waba(shape, "message_templates")).json(body);
        ask.send().await.is(200, made);
        let sent = gateway.meta.asked().await.pop().unwrap();
        assert_eq!(std::str::from_utf8(&sent.body).unwrap(), body);
    }
}

async fn templates_are_deleted_by_name_and_id(place: Place) {
    let gateway = Gateway::start(&place).await;
    let gone = r#"{"success":true}"#;
    gateway.meta.answers("DELETE", &of_waba("", "message_templates"), 200, gone).await;
    for shape in SHAPES {
        let path = of_waba(shape, "message_templates");
        for (query, goes_up) in [
            ("name=hello", "name=hello"),
            ("hsm_id=7&x=1&name=hello", "name=hello&hsm_id=7"),
            ("hsm_ids=1&name=a", "name=a"),
        ] {
            let ask = gateway.ask("DELETE", &format!("{path}?{query}"));
            ask.header("Content-Type", "application/json").send().await.is(200, gone);
            let asked = gateway.meta.asked().await.pop().unwrap();
            assert_eq!(asked.url.query(), Some(goes_up));
        }
        // Left out, the id means all languages: an empty one must not mean that.
        let before = gateway.meta.count().await;
        for query in ["name=hello&hsm_id=", "name=&hsm_id=7", "name="] {
            let ask = gateway.ask("DELETE", &format!("{path}?{query}"));
            refused(&ask.send().await, 400, 100);
        }
        assert_eq!(gateway.meta.count().await, before);
    }
}
