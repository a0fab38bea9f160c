//! A send of a template that is known, and cannot be right, is told so at once; of one that is not
//! known nothing is refused, and nobody waits.

use std::time::Duration;

use avenping_gateway::config::Switch;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::harness::{
    ACCEPTED, Answer, Ask, Gateway, NUMBER, Place, Setup, WABA, cases, eventually, somebody,
    token_of,
};

cases![
    a_wrong_number_of_parameters_is_told_with_the_right_one,
    named_parameters_are_told_by_name,
    a_header_and_a_button_are_counted_too,
    the_cards_of_a_carousel_are_counted_and_looked_into,
    an_unknown_language_is_told_with_those_there_are,
    what_is_not_understood_passes,
    a_look_up_by_name_makes_it_known,
    the_first_send_makes_it_known_behind_its_answer,
    part_of_a_list_says_nothing_of_other_languages,
    what_is_not_known_is_never_refused,
    it_is_forgotten_after_ten_minutes,
    a_change_through_us_ends_what_was_known,
    a_refusal_of_graphs_ends_what_was_known,
    a_refusal_of_ours_is_doubted_after_a_minute,
    graph_is_asked_once_a_minute_at_most,
    what_was_sent_under_a_key_is_answered_as_it_was,
    what_one_account_knows_another_does_not,
    the_check_can_be_switched_off,
];

fn list() -> String {
    format!("/v23.0/{WABA}/message_templates")
}

fn messages() -> String {
    format!("/v23.0/{NUMBER}/messages")
}

fn shipped(language: &str) -> Value {
    json!({
        "name": "order_shipped", "language": language, "status": "APPROVED", "id": "7",
        "parameter_format": "POSITIONAL",
        "components": [
            { "type": "BODY", "text": "Hello {{1}}, your order {{2}} comes on {{3}}, {{1}}." },
            { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Stop" },
                { "type": "URL", "text": "Track", "url": "https://a.example/{{1}}" },
                { "type": "URL", "text": "Shop", "url": "https://a.example/shop" },
            ] },
        ],
    })
}

fn texts(count: usize) -> Value {
    (0..count).map(|_| json!({ "type": "text", "text": "x" })).collect()
}

fn body(count: usize) -> Value {
    json!({ "type": "body", "parameters": texts(count) })
}

fn suffix(index: Value, count: usize) -> Value {
    json!({ "type": "button", "sub_type": "url", "index": index, "parameters": texts(count) })
}

fn right() -> Value {
    json!([body(3), suffix(json!("1"), 1)])
}

/// Graph lists these templates.
async fn having(place: &Place, rows: Value) -> Gateway {
    let gateway = Gateway::start(place).await;
    gateway.meta.answers("GET", &list(), 200, &json!({ "data": rows }).to_string()).await;
    gateway
}

/// The same, and the gateway has seen the list.
async fn knowing(place: &Place, rows: Value) -> Gateway {
    let gateway = having(place, rows).await;
    assert_eq!(gateway.get("/v2/templates").send().await.status, 200);
    gateway
}

fn send(gateway: &Gateway, name: &str, language: &str, components: Value) -> Ask {
    let body = json!({
        "phoneNumberId": NUMBER, "to": "15551234567", "templateName": name, "language": language,
        "components": components,
    });
    gateway.post("/v2/templates/send", &body)
}

fn send_wrong(gateway: &Gateway) -> Ask {
    send(gateway, "order_shipped", "en_US", json!([body(2), suffix(json!(1), 1)]))
}

const WRONG: [(&str, &str); 1] =
    [("components", "the body of order_shipped (en_US) takes 3 parameters, 2 were given")];

async fn passes(gateway: &Gateway, ask: Ask) {
    let before = gateway.meta.messages().await.len();
    let answer = ask.send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(gateway.meta.messages().await.len(), before + 1);
}

async fn fails(gateway: &Gateway, ask: Ask, faults: &[(&str, &str)]) {
    let before = gateway.meta.messages().await.len();
    ask.send().await.faults(faults);
    assert_eq!(gateway.meta.messages().await.len(), before);
}

async fn a_wrong_number_of_parameters_is_told_with_the_right_one(place: Place) {
    let gateway = knowing(&place, json!([shipped("en_US")])).await;
    passes(&gateway, send(&gateway, "order_shipped", "en_US", right())).await;
    fails(&gateway, send_wrong(&gateway), &WRONG).await;
    let named = json!({
        "phoneNumberId": NUMBER, "to": "1",
        "components": [body(4), suffix(json!("1"), 1), { "type": "other" }],
    });
    let named = gateway.post("/v2/templates/order_shipped/test-send", &named);
    let four = "the body of order_shipped (en_US) takes 3 parameters, 4 were given";
    fails(&gateway, named, &[("components", four)]).await;
    // None at all, written in three ways.
    let faults = [
        ("components", "the body of order_shipped (en_US) takes 3 parameters, 0 were given"),
        ("components", "button 1 of order_shipped (en_US) takes 1 parameter, 0 were given"),
    ];
    for components in [Value::Null, json!([]), json!([{ "type": "BODY", "parameters": null }])] {
        let ask = send(&gateway, "order_shipped", "en_US", components);
        fails(&gateway, ask, &faults).await;
    }
}

async fn named_parameters_are_told_by_name(place: Place) {
    let welcome = json!({
        "name": "welcome", "language": "en_US", "status": "APPROVED", "parameter_format": "NAMED",
        "components": [
            { "type": "HEADER", "format": "TEXT", "text": "Welcome, {{first_name}}" },
            { "type": "BODY", "text": "Hi {{first_name}}, {{ program }} has you as {{number_2}}" },
        ],
    });
    let gateway = knowing(&place, json!([welcome])).await;
    let header = |count| json!({ "type": "header", "parameters": texts(count) });
    passes(&gateway, send(&gateway, "welcome", "en_US", json!([header(1), body(3)]))).await;
    let faults = [
        (
            "components",
            "the header of welcome (en_US) takes 1 parameter (first_name), 2 were given",
        ),
        (
            "components",
            "the body of welcome (en_US) takes 3 parameters (first_name, program, number_2), \
             1 was given",
        ),
    ];
    let ask = send(&gateway, "welcome", "en_US", json!([header(2), body(1)]));
    fails(&gateway, ask, &faults).await;
}

async fn a_header_and_a_button_are_counted_too(place: Place) {
    let mut titled = shipped("en_US");
    titled["components"][0] = json!({ "type": "HEADER", "format": "TEXT", "text": "No {{1}}" });
    let gateway = knowing(&place, json!([titled])).await;
    let header = |count| json!({ "type": "Header", "parameters": texts(count) });
    let ask = |components| send(&gateway, "order_shipped", "en_US", components);
    passes(&gateway, ask(json!([header(1), suffix(json!(1), 1)]))).await;
    let title = "the header of order_shipped (en_US) takes 1 parameter, 0 were given";
    fails(&gateway, ask(json!([suffix(json!(1), 1)])), &[("components", title)]).await;
    let cases = [
        (
            json!([header(1), suffix(json!(1), 0)]),
            "button 1 of order_shipped (en_US) takes 1 parameter, 0 were given",
        ),
        (
            json!([header(1), suffix(json!("1"), 2)]),
            "button 1 of order_shipped (en_US) takes 1 parameter, 2 were given",
        ),
        (
            json!([header(1), suffix(json!(1), 1), suffix(json!("2"), 1)]),
            "button 2 of order_shipped (en_US) takes 0 parameters, 1 was given",
        ),
    ];
    for (components, message) in cases {
        fails(&gateway, ask(components), &[("components", message)]).await;
    }
}

fn tour(format: &str) -> Value {
    let card = json!({ "components": [
        { "type": "HEADER", "format": format },
        { "type": "BODY", "text": "For {{1}}" },
        { "type": "BUTTONS", "buttons": [{ "type": "URL", "url": "https://a.example/{{1}}" }] },
    ] });
    json!({
        "name": "tour", "language": "en_US", "status": "APPROVED",
        "components": [
            { "type": "BODY", "text": "Look" },
            { "type": "CAROUSEL", "cards": [card, card] },
        ],
    })
}

fn card(index: Value, components: Value) -> Value {
    json!({ "card_index": index, "components": components })
}

async fn the_cards_of_a_carousel_are_counted_and_looked_into(place: Place) {
    let gateway = knowing(&place, json!([tour("IMAGE")])).await;
    let full = || json!([body(1), suffix(json!(0), 1)]);
    let ask = |cards: Value| {
        send(&gateway, "tour", "en_US", json!([{ "type": "carousel", "cards": cards }]))
    };
    let both = json!([card(json!(1), full()), card(json!("0"), full())]);
    passes(&gateway, ask(both)).await;
    let one = "the carousel of tour (en_US) takes 2 cards, 1 was given";
    fails(&gateway, ask(json!([card(json!(0), full())])), &[("components", one)]).await;
    let none = "the carousel of tour (en_US) takes 2 cards, 0 were given";
    let bare = send(&gateway, "tour", "en_US", json!([]));
    fails(&gateway, bare, &[("components", none)]).await;
    let poor = json!([card(json!(0), full()), card(json!(1), json!([body(2)]))]);
    let faults = [
        ("components", "the body of card 1 of tour (en_US) takes 1 parameter, 2 were given"),
        ("components", "button 0 of card 1 of tour (en_US) takes 1 parameter, 0 were given"),
    ];
    fails(&gateway, ask(poor), &faults).await;
}

async fn an_unknown_language_is_told_with_those_there_are(place: Place) {
    let mut pending = shipped("es");
    pending["status"] = "PENDING".into();
    let gateway = knowing(&place, json!([shipped("en_US"), shipped("de"), pending])).await;
    let message = "order_shipped exists in en_US, de, es, not in fr";
    let french = send(&gateway, "order_shipped", "fr", right());
    fails(&gateway, french, &[("language", message)]).await;
    let message = "order_shipped exists in en_US, de, es, not in en";
    let english = send(&gateway, "order_shipped", "en", right());
    fails(&gateway, english, &[("language", message)]).await;
    // Graph may be more patient with spelling than we are.
    for spelling in ["de", "DE", "en-us"] {
        passes(&gateway, send(&gateway, "order_shipped", spelling, right())).await;
    }
}

async fn what_is_not_understood_passes(place: Place) {
    let odd = |own: Value| {
        let mut template = shipped("en_US");
        template.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        template
    };
    let body = |text: &str| json!({ "components": [{ "type": "BODY", "text": text }] });
    let wrong = || json!([self::body(2)]);
    for template in [
        odd(json!({ "status": "PENDING" })),
        odd(json!({ "status": "PAUSED" })),
        odd(json!({ "components": "none" })),
        odd(json!({ "components": [{ "type": "BODY" }] })),
        odd(json!({ "components": [{ "type": "BODY", "text": 7 }] })),
        odd(json!({ "components": [{ "type": "OF_TOMORROW", "text": "{{1}}" }] })),
        odd(json!({ "components": [{ "type": "HEADER", "format": "IMAGE" }] })),
        odd(body("Hello {{name}}")),
        odd(body("Hello {{}}")),
        odd(body("Hello {{1")),
    ] {
        let gateway = knowing(&place, json!([template])).await;
        passes(&gateway, send(&gateway, "order_shipped", "en_US", wrong())).await;
    }
    let gateway = knowing(&place, json!([tour("PRODUCT")])).await;
    passes(&gateway, send(&gateway, "tour", "en_US", json!([]))).await;

    let gateway = knowing(&place, json!([shipped("en_US")])).await;
    let other = |index: Value| json!({ "type": "button", "sub_type": "x", "index": index });
    for components in [
        json!([7]),
        json!([null]),
        json!([{ "type": 7 }]),
        json!([{ "type": "body", "parameters": {} }]),
        json!([self::body(2), self::body(2), suffix(json!(1), 1)]),
        json!([self::body(3), other(json!(1))]),
        json!([self::body(3), other(json!("first"))]),
        json!([self::body(3), other(Value::Null)]),
        json!([self::body(3), suffix(json!(1), 0), suffix(json!(1), 1)]),
        json!([self::body(3), suffix(json!(1), 1), other(json!(0)), { "type": "of_tomorrow" }]),
    ] {
        passes(&gateway, send(&gateway, "order_shipped", "en_US", components)).await;
    }
}

async fn a_look_up_by_name_makes_it_known(place: Place) {
    let gateway = having(&place, json!([shipped("en_US"), shipped("de")])).await;
    let found = gateway.get("/v2/templates/order_shipped?language=de").send().await;
    assert_eq!(found.status, 200);
    fails(&gateway, send_wrong(&gateway), &WRONG).await;
    let message = "order_shipped exists in en_US, de, not in fr";
    let french = send(&gateway, "order_shipped", "fr", right());
    fails(&gateway, french, &[("language", message)]).await;
}

async fn asked_for_lists(gateway: &Gateway) -> usize {
    let asked = gateway.meta.asked().await;
    asked.iter().filter(|request| request.url.path() == list()).count()
}

async fn refused(gateway: &Gateway) -> bool {
    send_wrong(gateway).send().await.status == 400
}

async fn the_first_send_makes_it_known_behind_its_answer(place: Place) {
    // Graph takes its time with lists: no send waits for it.
    let gateway = Gateway::start(&place).await;
    let slow = Duration::from_millis(300);
    let rows = json!({ "data": [shipped("en_US")] }).to_string();
    let rows = ResponseTemplate::new(200).set_body_raw(rows, "application/json").set_delay(slow);
    gateway.meta.gives("GET", &list(), rows).await;
    passes(&gateway, send_wrong(&gateway)).await;
    eventually("the template is known", async || refused(&gateway).await).await;
    assert_eq!(asked_for_lists(&gateway).await, 1);
    let asked = gateway.meta.asked().await;
    let look_up = asked.iter().find(|request| request.url.path() == list()).unwrap();
    assert_eq!(look_up.url.query(), Some("limit=100&name=order_shipped"));
}

async fn part_of_a_list_says_nothing_of_other_languages(place: Place) {
    let gateway = Gateway::start(&place).await;
    let part = json!({
        "data": [shipped("en_US")],
        "paging": { "cursors": { "after": "x" }, "next": "https://graph.example/next" },
    });
    gateway.meta.answers("GET", &list(), 200, &part.to_string()).await;
    assert_eq!(gateway.get("/v2/templates").send().await.status, 200);
    fails(&gateway, send_wrong(&gateway), &WRONG).await;
    passes(&gateway, send(&gateway, "order_shipped", "fr", right())).await;

    let gateway = having(&place, json!([shipped("en_US")])).await;
    assert_eq!(gateway.get("/v2/templates?after=x").send().await.status, 200);
    fails(&gateway, send_wrong(&gateway), &WRONG).await;
    passes(&gateway, send(&gateway, "order_shipped", "fr", right())).await;
}

async fn what_is_not_known_is_never_refused(place: Place) {
    let gateway = knowing(&place, json!([shipped("en_US")])).await;
    passes(&gateway, send(&gateway, "another", "en_US", json!([]))).await;
    passes(&gateway, send(&gateway, "Order_Shipped", "en_US", json!([]))).await;
    // Nor when Graph cannot say anything about it.
    let gateway = Gateway::start(&place).await;
    gateway.meta.answers("GET", &list(), 400, r#"{"error":{"code":100}}"#).await;
    passes(&gateway, send_wrong(&gateway)).await;
    eventually("Graph is asked", async || asked_for_lists(&gateway).await == 1).await;
    passes(&gateway, send_wrong(&gateway)).await;
}

async fn it_is_forgotten_after_ten_minutes(place: Place) {
    let gateway = knowing(&place, json!([shipped("en_US")])).await;
    gateway.clock.advance(Duration::from_secs(599));
    fails(&gateway, send_wrong(&gateway), &WRONG).await;
    let gateway = knowing(&place, json!([shipped("en_US")])).await;
    gateway.clock.advance(Duration::from_secs(600));
    passes(&gateway, send_wrong(&gateway)).await;
}

async fn a_change_through_us_ends_what_was_known(place: Place) {
    let edited = |gateway: &Gateway| {
        gateway.ask("PATCH", "/v2/templates/order_shipped").json(r#"{"components":[]}"#)
    };
    let deleted = |gateway: &Gateway| gateway.ask("DELETE", "/v2/templates/order_shipped");
    let made =
        |gateway: &Gateway| {
            gateway.post("/v2/templates", &json!({
        "name": "order_shipped", "language": "fr", "category": "UTILITY", "components": [],
    }))
        };
    let changes: [&dyn Fn(&Gateway) -> Ask; 3] = [&edited, &deleted, &made];
    for change in changes {
        let gateway = knowing(&place, json!([shipped("en_US")])).await;
        fails(&gateway, send_wrong(&gateway), &WRONG).await;
        for (verb, target) in [("POST", "/v23.0/7"), ("DELETE", &list()), ("POST", &list())] {
            gateway.meta.answers(verb, target, 200, r#"{"success":true}"#).await;
        }
        assert_eq!(change(&gateway).send().await.status, 200);
        passes(&gateway, send_wrong(&gateway)).await;
    }
}

async fn a_refusal_of_graphs_ends_what_was_known(place: Place) {
    for code in [132_000, 132_001, 132_012] {
        let gateway = knowing(&place, json!([shipped("en_US")])).await;
        gateway.meta.forget().await;
        let refusal = json!({ "error": { "message": "no", "code": code } }).to_string();
        gateway.meta.answers("POST", &messages(), 400, &refusal).await;
        let answer = send(&gateway, "order_shipped", "en_US", right()).send().await;
        assert_eq!(answer.json()["details"]["outcome"], "rejected", "{}", answer.text());
        // So the next one goes up again, however wrong it looks.
        let answer = send_wrong(&gateway).send().await;
        assert_eq!(answer.json()["details"]["outcome"], "rejected", "{}", answer.text());
    }
    let gateway = knowing(&place, json!([shipped("en_US")])).await;
    gateway.meta.forget().await;
    let refusal = r#"{"error":{"message":"no","code":131026}}"#;
    gateway.meta.answers("POST", &messages(), 400, refusal).await;
    let answer = send(&gateway, "order_shipped", "en_US", right()).send().await;
    assert_eq!(answer.status, 500);
    fails(&gateway, send_wrong(&gateway), &WRONG).await;
}

async fn a_refusal_of_ours_is_doubted_after_a_minute(place: Place) {
    let gateway = knowing(&place, json!([shipped("en_US")])).await;
    gateway.clock.advance(Duration::from_secs(59));
    for _ in 0..2 {
        fails(&gateway, send_wrong(&gateway), &WRONG).await;
    }
    gateway.clock.advance(Duration::from_secs(1));
    fails(&gateway, send_wrong(&gateway), &WRONG).await;
    // Somebody may have edited it in Meta's own manager: Graph is asked.
    passes(&gateway, send_wrong(&gateway)).await;
    eventually("it is known anew", async || refused(&gateway).await).await;
}

async fn graph_is_asked_once_a_minute_at_most(place: Place) {
    let gateway = having(&place, json!([])).await;
    for _ in 0..3 {
        passes(&gateway, send_wrong(&gateway)).await;
    }
    eventually("Graph is asked", async || asked_for_lists(&gateway).await == 1).await;
    gateway.clock.advance(Duration::from_secs(59));
    passes(&gateway, send_wrong(&gateway)).await;
    gateway.clock.advance(Duration::from_secs(1));
    passes(&gateway, send_wrong(&gateway)).await;
    eventually("Graph is asked anew", async || asked_for_lists(&gateway).await == 2).await;
    // A name that Meta cannot have is not asked for.
    passes(&gateway, send(&gateway, "a/b", "en_US", json!([]))).await;
    passes(&gateway, send(&gateway, "other", "en_US", json!([]))).await;
    eventually("Graph is asked for the other", async || asked_for_lists(&gateway).await == 3).await;
}

async fn what_was_sent_under_a_key_is_answered_as_it_was(place: Place) {
    let gateway = having(&place, json!([shipped("en_US")])).await;
    let keyed = |key: &str| send_wrong(&gateway).header("Idempotency-Key", key);
    let first = keyed("k").send().await;
    first.is(200, &format!(r#"{{"success":true,"data":{ACCEPTED}}}"#));
    assert_eq!(gateway.get("/v2/templates").send().await.status, 200);
    fails(&gateway, send_wrong(&gateway), &WRONG).await;
    let again: Answer = keyed("k").send().await;
    again.is(200, first.text());
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    // A fresh key is claimed by nothing that is refused.
    fails(&gateway, keyed("fresh"), &WRONG).await;
    let right = send(&gateway, "order_shipped", "en_US", right());
    passes(&gateway, right.header("Idempotency-Key", "fresh")).await;
}

async fn what_one_account_knows_another_does_not(place: Place) {
    let gateway = knowing(&place, json!([shipped("en_US")])).await;
    let mut bob = somebody("bob");
    bob.account.phone_numbers[0].id = crate::harness::graph_id("777");
    gateway.join(&bob).await;
    gateway.meta.answers("POST", "/v23.0/777/messages", 200, ACCEPTED).await;
    let body = json!({
        "phoneNumberId": "777", "to": "1", "templateName": "order_shipped", "components": [],
    });
    let ask = gateway.post("/v2/templates/send", &body).token(&token_of("bob"));
    passes(&gateway, ask).await;
}

async fn the_check_can_be_switched_off(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.templates.check = Switch::Off;
    let gateway = setup.start().await;
    let rows = json!({ "data": [shipped("en_US")] }).to_string();
    gateway.meta.answers("GET", &list(), 200, &rows).await;
    assert_eq!(gateway.get("/v2/templates").send().await.status, 200);
    passes(&gateway, send_wrong(&gateway)).await;
    assert_eq!(gateway.get("/v2/templates/order_shipped").send().await.status, 200);
    passes(&gateway, send_wrong(&gateway)).await;
    assert_eq!(asked_for_lists(&gateway).await, 2);
}
