//! Template messages: the template must exist, and get what it has room for.

use serde_json::{Value, json};

use crate::harness::{Caller, long, message};

const LINK: &str = "https://shop.example/picture.jpg";

fn template(name: &str, language: &str, components: Value) -> Value {
    json!({ "name": name, "language": { "code": language }, "components": components })
}

fn texts(values: &[&str]) -> Value {
    values.iter().map(|value| json!({ "type": "text", "text": value })).collect()
}

fn body(values: &[&str]) -> Value {
    json!({ "type": "body", "parameters": texts(values) })
}

fn header(parameter: Value) -> Value {
    json!({ "type": "header", "parameters": [parameter] })
}

fn image() -> Value {
    header(json!({ "type": "image", "image": { "link": LINK } }))
}

fn button(sub_type: &str, index: Value, parameter: Value) -> Value {
    json!({ "type": "button", "sub_type": sub_type, "index": index, "parameters": [parameter] })
}

fn suffix(index: Value) -> Value {
    button("url", index, json!({ "type": "text", "text": "860198" }))
}

fn named(values: &[(&str, &str)]) -> Value {
    let parameter = |(name, text): &(&str, &str)| json!({ "type": "text", "parameter_name": name, "text": text });
    json!({ "type": "body", "parameters": values.iter().map(parameter).collect::<Vec<_>>() })
}

fn coupon(index: usize, code: &str) -> Value {
    button("copy_code", json!(index), json!({ "type": "coupon_code", "coupon_code": code }))
}

fn card(index: usize) -> Value {
    let components = json!([image(), body(&["$20"]), suffix(json!("1"))]);
    json!({ "card_index": index, "components": components })
}

fn carousel(cards: Vec<Value>) -> Value {
    let components = json!([body(&["Ana"]), { "type": "carousel", "cards": cards }]);
    template("plant_carousel", "en_US", components)
}

fn code(in_body: &str, in_button: &str) -> Value {
    let copy = button("url", json!("0"), json!({ "type": "text", "text": in_button }));
    template("login_code", "en_US", json!([body(&[in_body]), copy]))
}

fn action(sub_type: &str, action: Value) -> Value {
    button(sub_type, json!("0"), json!({ "type": "action", "action": action }))
}

#[tokio::test]
async fn each_sort_of_template_is_accepted_as_meta_shows_it() {
    let caller = Caller::start().await;
    let money = json!({ "type": "body", "parameters": [
        { "type": "currency", "currency": { "fallback_value": "$49.90", "code": "USD", "amount_1000": 49900 } },
        { "type": "date_time", "date_time": { "fallback_value": "12 May" } },
    ] });
    let place = header(json!({ "type": "location", "location": { "latitude": "37.44",
        "longitude": "-122.16", "name": "Store", "address": "101 Forest Ave" } }));
    let product = header(json!({ "type": "product",
        "product": { "product_retailer_id": "sku", "catalog_id": "1" } }));
    let offer = json!({ "type": "limited_time_offer", "parameters": [{ "type": "limited_time_offer",
        "limited_time_offer": { "expiration_time_ms": 1_800_000_360_000_i64 } }] });
    let document = json!({ "type": "document", "document": { "link": LINK, "filename": "a.pdf" } });
    let title = |text: &str| header(json!({ "type": "text", "text": text }));
    let quick = button("quick_reply", json!("1"), json!({ "type": "payload", "payload": "later" }));
    let sections =
        json!([{ "title": "Plants", "product_items": [{ "product_retailer_id": "a" }] }]);
    let items = json!({ "thumbnail_product_retailer_id": "a", "sections": sections });
    let product_cards: Vec<Value> =
        (0..2).map(|n| json!({ "card_index": n, "components": [product.clone()] })).collect();
    let visit = named(&[
        ("time", "10:30"),
        ("doctor", "Dr. Ruiz"),
        ("date", "3 June"),
        ("customer_name", "Ana"),
    ]);
    let cases = [
        json!({ "name": "hello_world", "language": { "code": "en_US", "policy": "deterministic" } }),
        template("hello_world", "en_US", json!([])),
        template("order_shipped", "de", json!([body(&["Ana", "1", "12. Mai"]), suffix(json!(0))])),
        template("order_confirmation", "en_US", json!([title("1"), body(&["Ana", "1", "$5"])])),
        template("appointment_reminder", "es", json!([visit, quick])),
        template("payment_received", "en_US", json!([money])),
        template("invoice_ready", "en_US", json!([header(document), body(&["1", "$5", "now"])])),
        template("store_location", "en_US", json!([place, body(&["1"])])),
        template(
            "seasonal_offer",
            "en_US",
            json!([image(), body(&["a", "b", "c"]), coupon(0, &long(20))]),
        ),
        template(
            "feedback_form",
            "en_US",
            json!([
                body(&["Ana"]),
                action("flow", json!({ "flow_token": "t", "flow_action_data": { "a": 1 } }))
            ]),
        ),
        template("feedback_form", "en_US", json!([body(&["Ana"])])),
        template(
            "view_catalog",
            "en_US",
            json!([
                body(&["Ana"]),
                action("CATALOG", json!({ "thumbnail_product_retailer_id": "a" }))
            ]),
        ),
        template(
            "abandoned_cart",
            "en_US",
            json!([title("Ana"), body(&["A", "B"]), action("mpm", items)]),
        ),
        template("restock_alert", "en_US", json!([product, body(&["Ana"])])),
        template(
            "limited_time_offer",
            "en_US",
            json!([image(), offer, body(&["a", "b"]), coupon(0, "CARIBE25"), suffix(json!("1"))]),
        ),
        template(
            "product_carousel",
            "en_US",
            json!([body(&["Ana"]),
            { "type": "carousel", "cards": product_cards }]),
        ),
        carousel(vec![card(0), card(1), card(2)]),
        code("123456", "123456"),
    ];
    for content in cases {
        let answer = caller.send("template", &content).await;
        answer.is_accepted(&content.to_string());
        assert_eq!(answer.body["messages"][0]["message_status"], "accepted");
    }
}

#[tokio::test]
async fn only_an_approved_template_in_its_own_language_is_sent() {
    let caller = Caller::start().await;
    let cases = [
        ("nothing", "en_US", 132_001, "template name (nothing) does not exist in en_US"),
        ("hello_world", "en", 132_001, "template name (hello_world) does not exist in en"),
        ("newsletter_march", "en_US", 132_001, "newsletter_march"),
        ("win_a_prize", "en_US", 132_001, "win_a_prize"),
        ("flash_sale", "en_US", 132_015, "flash_sale"),
        ("daily_deal", "en_US", 132_016, "daily_deal"),
    ];
    for (name, language, code, names) in cases {
        let content = template(name, language, json!([]));
        caller.send("template", &content).await.is_refused(name, code, names);
    }
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_refused_by_their_place() {
    let caller = Caller::start().await;
    let shipped = |values: &[&str]| {
        template("order_shipped", "en_US", json!([body(values), suffix(json!(0))]))
    };
    let offer = |head: Value, last: Value| {
        template("seasonal_offer", "en_US", json!([head, body(&["a", "b", "c"]), last]))
    };
    let visit =
        |values: &[(&str, &str)]| template("appointment_reminder", "en_US", json!([named(values)]));
    let text_header = header(json!({ "type": "text", "text": "a" }));
    let cases = [
        (json!({ "language": { "code": "en_US" } }), 131_008, "template.name"),
        (
            json!({ "name": long(513), "language": { "code": "en_US" } }),
            131_009,
            "template.name must be at most 512",
        ),
        (json!({ "name": "hello_world" }), 131_008, "template.language"),
        (json!({ "name": "hello_world", "language": "en_US" }), 100, "template.language"),
        (json!({ "name": "hello_world", "language": {} }), 131_008, "template.language.code"),
        (template("hello_world", "en_US", json!({})), 100, "template.components must be an array"),
        (
            template("hello_world", "en_US", json!([{ "type": "footer" }])),
            131_009,
            "template.components[0].type",
        ),
        (
            template("hello_world", "en_US", json!([body(&["a"])])),
            132_000,
            "body: number of localizable_params (1) does not match the expected number of params (0)",
        ),
        (template("order_shipped", "en_US", json!([suffix(json!(0))])), 132_000, "body"),
        (shipped(&["a", "b"]), 132_000, "(2) does not match the expected number of params (3)"),
        (
            shipped(&["a", "b", "c", "d"]),
            132_000,
            "(4) does not match the expected number of params (3)",
        ),
        (shipped(&["a", "b", ""]), 131_009, "template.components[0].parameters[2].text"),
        (shipped(&["a", "b", "c\nd"]), 132_018, "template.components[0].parameters[2].text"),
        (shipped(&["a", "b", "c     d"]), 132_018, "template.components[0].parameters[2].text"),
        (shipped(&["a", "b", &long(1024)]), 132_005, "1024"),
        (
            template(
                "order_shipped",
                "en_US",
                json!([body(&["a", "b", "c"]), body(&["a", "b", "c"])]),
            ),
            131_009,
            "template.components[1].type comes twice",
        ),
        (
            template("order_shipped", "en_US", json!([body(&["a", "b", "c"])])),
            131_008,
            "Button at index 0 of type URL",
        ),
        (
            template("order_shipped", "en_US", json!([body(&["a", "b", "c"]), suffix(json!("1"))])),
            131_009,
            "template.components[1].index",
        ),
        (
            template("order_shipped", "en_US", json!([body(&["a", "b", "c"]), coupon(0, "A")])),
            132_012,
            "template.components[1]",
        ),
        (
            template("order_confirmation", "en_US", json!([body(&["a", "b", "c"])])),
            132_000,
            "header: number of localizable_params (0)",
        ),
        (visit(&[("customer_name", "a")]), 132_000, "body"),
        (
            visit(&[("customer_name", "a"), ("doctor", "b"), ("date", "c"), ("place", "d")]),
            132_012,
            "parameters[3].parameter_name",
        ),
        (
            visit(&[("customer_name", "a"), ("doctor", "b"), ("date", "c"), ("date", "d")]),
            131_009,
            "parameters[3].parameter_name must be unique",
        ),
        (
            template("appointment_reminder", "en_US", json!([body(&["a", "b", "c", "d"])])),
            131_008,
            "parameters[0].parameter_name",
        ),
        (offer(body(&[]), coupon(0, "A")), 131_009, "comes twice"),
        (offer(text_header, coupon(0, "A")), 132_012, "expected IMAGE, received TEXT"),
        (
            template("seasonal_offer", "en_US", json!([body(&["a", "b", "c"]), coupon(0, "A")])),
            132_012,
            "header: Format mismatch, expected IMAGE, received UNKNOWN",
        ),
        (
            offer(header(json!({ "type": "image", "image": { "id": "1" } })), coupon(0, "A")),
            131_009,
            "image.id",
        ),
        (offer(image(), coupon(0, &long(21))), 131_009, "coupon_code must be at most 20"),
        (offer(image(), coupon(9, "A")), 131_009, "index is the index of no button"),
        (
            offer(image(), button("url", json!(1), json!({ "type": "text", "text": "a" }))),
            132_000,
            "takes no parameter",
        ),
        (carousel(vec![card(0), card(1)]), 132_012, "expected 3 cards, received 2"),
        (carousel(vec![card(0), card(1), card(3)]), 131_009, "cards[2].card_index"),
        (carousel(vec![card(0), card(1), card(1)]), 131_009, "cards[2].card_index must be unique"),
        (
            carousel(vec![card(0), card(1), json!({ "card_index": 2, "components": [] })]),
            132_012,
            "header",
        ),
        (
            code("123456", "654321"),
            131_009,
            "template.components[1].parameters[0].text must be the same",
        ),
        (code(&long(16), &long(16)), 131_009, "at most 15"),
    ];
    for (content, code, names) in cases {
        let what = format!("refused for {names}");
        caller.send("template", &content).await.is_refused(&what, code, names);
    }
}

#[tokio::test]
async fn a_code_needs_a_phone_number() {
    let caller = Caller::start().await;
    let mut payload = message("template", &code("123456", "123456"));
    payload.as_object_mut().unwrap().remove("to");
    payload["recipient"] = json!("US.13491208655302741918");
    caller.post(&payload).await.is_refused("a code", 131_062, "phone number");
}
