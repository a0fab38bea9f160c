//! The interactive messages, each with its limits.

use serde_json::{Value, json};

use crate::harness::{Caller, long};

const LINK: &str = "https://shop.example/picture.jpg";

fn interactive(kind: &str, action: Value) -> Value {
    json!({ "type": kind, "body": { "text": "Choose" }, "action": action })
}

fn with(mut interactive: Value, key: &str, value: Value) -> Value {
    interactive[key] = value;
    interactive
}

fn without(mut interactive: Value, key: &str) -> Value {
    interactive.as_object_mut().unwrap().remove(key);
    interactive
}

fn reply(id: &str, title: &str) -> Value {
    json!({ "type": "reply", "reply": { "id": id, "title": title } })
}

fn buttons(buttons: Value) -> Value {
    interactive("button", json!({ "buttons": buttons }))
}

fn rows(count: usize) -> Value {
    (0..count).map(|n| json!({ "id": format!("row{n}"), "title": format!("Row {n}") })).collect()
}

fn list(sections: Value) -> Value {
    interactive("list", json!({ "button": "Menu", "sections": sections }))
}

fn one_row(row: Value) -> Value {
    list(json!([{ "title": "A", "rows": [row] }]))
}

fn cta_url(text: &str, url: &str) -> Value {
    let parameters = json!({ "display_text": text, "url": url });
    interactive("cta_url", json!({ "name": "cta_url", "parameters": parameters }))
}

fn products(count: usize) -> Value {
    (0..count).map(|n| json!({ "product_retailer_id": format!("sku{n}") })).collect()
}

fn product_list(sections: Value) -> Value {
    let message = interactive("product_list", json!({ "catalog_id": "1", "sections": sections }));
    with(message, "header", json!({ "type": "text", "text": "Plants" }))
}

fn product_card(index: usize) -> Value {
    let action = json!({ "product_retailer_id": format!("sku{index}"), "catalog_id": "1" });
    json!({ "card_index": index, "type": "product", "action": action })
}

fn carousel(cards: impl IntoIterator<Item = Value>) -> Value {
    interactive("carousel", json!({ "cards": cards.into_iter().collect::<Vec<_>>() }))
}

fn media_card(index: usize) -> Value {
    json!({
        "card_index": index,
        "type": "cta_url",
        "header": { "type": "image", "image": { "link": LINK } },
        "body": { "text": "Aloe\nin a pot\n$20" },
        "action": { "name": "cta_url", "parameters": { "display_text": "Buy", "url": LINK } },
    })
}

fn reply_card(index: usize, replies: usize) -> Value {
    let buttons: Vec<Value> = (0..replies)
        .map(|n| {
            json!({ "type": "quick_reply",
            "quick_reply": { "id": format!("{index}-{n}"), "title": format!("Take {n}") } })
        })
        .collect();
    let card = without(media_card(index), "type");
    with(card, "action", json!({ "buttons": buttons }))
}

/// A flow message that is right, but for `changes` to its parameters; `null` removes one.
fn flow(changes: Value) -> Value {
    let mut parameters = json!({
        "flow_message_version": "3",
        "flow_id": "594425479261596",
        "flow_cta": "Open",
    });
    for (key, value) in changes.as_object().unwrap() {
        parameters[key] = value.clone();
        if value.is_null() {
            parameters.as_object_mut().unwrap().remove(key);
        }
    }
    interactive("flow", json!({ "name": "flow", "parameters": parameters }))
}

fn named(kind: &str, name: &str, parameters: Value) -> Value {
    interactive(kind, json!({ "name": name, "parameters": parameters }))
}

#[tokio::test]
async fn each_type_is_accepted_as_meta_shows_it() {
    let caller = Caller::start().await;
    let text_header = json!({ "type": "text", "text": long(60) });
    let image_header = json!({ "type": "image", "image": { "link": LINK } });
    let document = json!({ "type": "document", "document": { "link": LINK, "filename": "a.pdf" } });
    let location_request =
        interactive("location_request_message", json!({ "name": "send_location" }));
    let permission =
        interactive("call_permission_request", json!({ "name": "call_permission_request" }));
    let opening = json!({ "flow_action": "navigate", "flow_token": "t", "flow_id": null,
        "flow_name": "feedback", "flow_action_payload": { "screen": "WELCOME", "data": { "a": 1 } } });
    let ten_cards = (0..10).map(product_card);
    let cases = [
        buttons(json!([reply("a", "Yes"), reply("b", &long(20)), reply(&long(256), "No 👍")])),
        with(buttons(json!([reply("a", "Yes")])), "header", image_header.clone()),
        with(buttons(json!([reply("a", "Yes")])), "footer", json!({ "text": long(60) })),
        with(list(json!([{ "rows": rows(10) }])), "body", json!({ "text": long(4096) })),
        with(
            list(
                json!([{ "title": long(24), "rows": rows(5) }, { "title": "B", "rows": rows(5) }]),
            ),
            "header",
            text_header,
        ),
        one_row(json!({ "id": long(200), "title": long(24), "description": long(72) })),
        with(cta_url(&long(20), LINK), "header", document),
        interactive("catalog_message", json!({ "name": "catalog_message" })),
        named(
            "catalog_message",
            "catalog_message",
            json!({ "thumbnail_product_retailer_id": "sku" }),
        ),
        without(
            interactive("product", json!({ "catalog_id": "1", "product_retailer_id": "a" })),
            "body",
        ),
        product_list(json!([{ "title": "A", "product_items": products(15) },
            { "title": "B", "product_items": products(15) }])),
        carousel([product_card(0), product_card(1)]),
        carousel(ten_cards),
        carousel([media_card(0), media_card(1)]),
        carousel([reply_card(0, 2), with(reply_card(1, 2), "type", json!("cta_url"))]),
        flow(json!({ "flow_cta": long(30) })),
        flow(opening),
        flow(json!({ "flow_id": "733890126645512", "mode": "draft" })),
        with(flow(json!({ "flow_action": "data_exchange" })), "header", image_header),
        location_request,
        named(
            "address_message",
            "address_message",
            json!({ "country": "IN",
            "values": { "in_pin_code": "400063" },
            "saved_addresses": [{ "id": "1", "value": { "name": "Ana", "in_pin_code": "400063" } }],
            "validation_errors": { "in_pin_code": "We do not deliver there" } }),
        ),
        without(permission.clone(), "body"),
        permission,
        interactive("voice_call", json!({ "name": "voice_call" })),
        named(
            "voice_call",
            "voice_call",
            json!({ "display_text": long(20), "ttl_minutes": 43200,
            "payload": long(512) }),
        ),
    ];
    for content in cases {
        caller.send("interactive", &content).await.is_accepted(&content.to_string());
    }
}

/// Sends each, and looks for its code and its field in the refusal.
async fn all_refused(cases: Vec<(Value, u64, &str)>) {
    let caller = Caller::start().await;
    for (content, code, names) in cases {
        let what = format!("refused for {names}");
        caller.send("interactive", &content).await.is_refused(&what, code, names);
    }
}

#[tokio::test]
async fn wrong_parts_are_refused_by_the_field() {
    let yes = || buttons(json!([reply("a", "Yes")]));
    let header = |value: Value| with(yes(), "header", value);
    all_refused(vec![
        (without(yes(), "type"), 131_008, "interactive.type"),
        (with(yes(), "type", json!("buttons")), 131_009, "interactive.type"),
        (with(yes(), "type", json!("order_details")), 131_051, "payments"),
        (with(yes(), "type", json!("list")), 100, "interactive.action"),
        (without(yes(), "action"), 131_008, "interactive.action"),
        (without(yes(), "body"), 131_008, "interactive.body"),
        (with(yes(), "body", json!({})), 131_008, "interactive.body.text"),
        (with(yes(), "body", json!({ "text": "" })), 131_009, "interactive.body.text"),
        (
            with(yes(), "body", json!({ "text": long(1025) })),
            131_009,
            "interactive.body.text must be at most 1024",
        ),
        (with(yes(), "body", json!({ "text": "a", "b": 1 })), 100, "interactive.body"),
        (
            with(yes(), "footer", json!({ "text": long(61) })),
            131_009,
            "interactive.footer.text must be at most 60",
        ),
        (with(yes(), "extra", json!(1)), 100, "\"extra\""),
        (header(json!({ "text": "a" })), 131_008, "interactive.header.type"),
        (header(json!({ "type": "text" })), 131_008, "interactive.header.text"),
        (
            header(json!({ "type": "text", "text": long(61) })),
            131_009,
            "interactive.header.text must be at most 60",
        ),
        (
            header(json!({ "type": "audio", "audio": { "link": LINK } })),
            131_009,
            "interactive.header.type",
        ),
        (
            header(json!({ "type": "image", "image": { "link": LINK, "caption": "a" } })),
            100,
            "\"caption\"",
        ),
        (
            header(json!({ "type": "image", "image": { "id": "77" } })),
            131_009,
            "interactive.header.image.id",
        ),
        (header(json!({ "type": "image", "video": { "link": LINK } })), 100, "\"video\""),
    ])
    .await;
}

#[tokio::test]
async fn wrong_buttons_are_refused_by_the_field() {
    let four: Vec<Value> = (0..4).map(|n| reply(&n.to_string(), &n.to_string())).collect();
    all_refused(vec![
        (buttons(json!([])), 131_009, "interactive.action.buttons must have 1 to 3"),
        (buttons(json!(four)), 131_009, "interactive.action.buttons must have 1 to 3"),
        (buttons(json!([{ "type": "url", "reply": {} }])), 131_009, "buttons[0].type"),
        (buttons(json!([{ "type": "reply" }])), 131_008, "buttons[0].reply"),
        (
            buttons(json!([reply(&long(257), "Yes")])),
            131_009,
            "buttons[0].reply.id must be at most 256",
        ),
        (buttons(json!([reply("", "Yes")])), 131_009, "buttons[0].reply.id"),
        (buttons(json!([reply(" a", "Yes")])), 131_009, "buttons[0].reply.id"),
        (
            buttons(json!([reply("a", &long(21))])),
            131_009,
            "buttons[0].reply.title must be at most 20",
        ),
        (buttons(json!([reply("a", "")])), 131_009, "buttons[0].reply.title"),
        (
            buttons(json!([reply("a", "Yes"), reply("a", "No")])),
            131_009,
            "buttons[1].reply.id must be unique",
        ),
        (
            buttons(json!([reply("a", "Yes"), reply("b", "Yes")])),
            131_009,
            "buttons[1].reply.title must be unique",
        ),
    ])
    .await;
}

#[tokio::test]
async fn wrong_lists_are_refused_by_the_field() {
    let eleven: Vec<Value> =
        (0..11).map(|n| json!({ "title": n.to_string(), "rows": rows(1) })).collect();
    let button = |text: &str| {
        let sections = json!([{ "rows": rows(1) }]);
        interactive("list", json!({ "button": text, "sections": sections }))
    };
    let fine = || list(json!([{ "rows": rows(1) }]));
    all_refused(vec![
        (
            with(fine(), "body", json!({ "text": long(4097) })),
            131_009,
            "interactive.body.text must be at most 4096",
        ),
        (
            with(fine(), "header", json!({ "type": "image", "image": { "link": LINK } })),
            131_009,
            "interactive.header.type",
        ),
        (button(&long(21)), 131_009, "interactive.action.button must be at most 20"),
        (button(""), 131_009, "interactive.action.button"),
        (list(json!([])), 131_009, "interactive.action.sections must have 1 to 10"),
        (list(json!(eleven)), 131_009, "interactive.action.sections must have 1 to 10"),
        (list(json!([{ "rows": [] }])), 131_009, "sections[0].rows"),
        (
            list(json!([{ "title": "A", "rows": rows(6) }, { "title": "B", "rows": rows(5) }])),
            131_009,
            "at most 10 rows in all sections together, not 11",
        ),
        (
            list(json!([{ "title": "A", "rows": rows(1) }, { "rows": rows(1) }])),
            131_008,
            "sections[1].title",
        ),
        (
            list(json!([{ "title": long(25), "rows": rows(1) }])),
            131_009,
            "sections[0].title must be at most 24",
        ),
        (one_row(json!({ "title": "A" })), 131_008, "rows[0].id"),
        (
            one_row(json!({ "id": long(201), "title": "A" })),
            131_009,
            "rows[0].id must be at most 200",
        ),
        (
            one_row(json!({ "id": "a", "title": long(25) })),
            131_009,
            "rows[0].title must be at most 24",
        ),
        (
            one_row(json!({ "id": "a", "title": "A", "description": long(73) })),
            131_009,
            "rows[0].description must be at most 72",
        ),
        (one_row(json!({ "id": "a", "title": "A", "payload": "x" })), 100, "\"payload\""),
    ])
    .await;
}

#[tokio::test]
async fn wrong_catalogue_messages_are_refused_by_the_field() {
    let product =
        || interactive("product", json!({ "catalog_id": "1", "product_retailer_id": "a" }));
    let header = json!({ "type": "text", "text": "A" });
    let eleven: Vec<Value> =
        (0..11).map(|n| json!({ "title": n.to_string(), "product_items": products(1) })).collect();
    all_refused(vec![
        (with(product(), "header", header.clone()), 131_009, "interactive.header is not allowed for product"),
        (interactive("product", json!({ "catalog_id": "1" })), 131_008, "interactive.action.product_retailer_id"),
        (interactive("product", json!({ "product_retailer_id": "1" })), 131_008, "interactive.action.catalog_id"),
        (named("catalog_message", "catalog_message", json!({})), 131_008, "thumbnail_product_retailer_id"),
        (interactive("catalog_message", json!({ "name": "catalog" })), 131_009, "interactive.action.name"),
        (without(product_list(json!([{ "product_items": products(1) }])), "header"), 131_008, "interactive.header"),
        (without(product_list(json!([{ "product_items": products(1) }])), "body"), 131_008, "interactive.body"),
        (with(product_list(json!([{ "product_items": products(1) }])), "header", json!({ "type": "image", "image": { "link": LINK } })), 131_009, "interactive.header.type"),
        (product_list(json!([])), 131_009, "interactive.action.sections must have 1 to 10"),
        (product_list(json!(eleven)), 131_009, "interactive.action.sections must have 1 to 10"),
        (product_list(json!([{ "product_items": [] }])), 131_009, "sections[0].product_items"),
        (product_list(json!([{ "title": "A", "product_items": products(16) }, { "title": "B", "product_items": products(15) }])), 131_009, "at most 30 products in all sections together, not 31"),
        (product_list(json!([{ "title": "A", "product_items": products(1) }, { "product_items": products(1) }])), 131_008, "sections[1].title"),
        (product_list(json!([{ "title": long(25), "product_items": products(1) }])), 131_009, "at most 24"),
    ])
    .await;
}

#[tokio::test]
async fn wrong_carousels_are_refused_by_the_field() {
    let second = |card: Value| carousel([product_card(0), card]);
    let second_media = |card: Value| carousel([media_card(0), card]);
    let mut other_catalogue = product_card(1);
    other_catalogue["action"]["catalog_id"] = json!("2");
    let footer = json!({ "text": "a" });
    let video = json!({ "type": "video", "video": { "link": LINK } });
    all_refused(vec![
        (carousel([product_card(0)]), 131_009, "interactive.action.cards must have 2 to 10"),
        (carousel((0..11).map(product_card)), 131_009, "interactive.action.cards must have 2 to 10"),
        (second(with(product_card(1), "card_index", json!(10))), 131_009, "cards[1].card_index must be 0 to 9"),
        (second(with(product_card(1), "card_index", json!("1"))), 100, "cards[1].card_index"),
        (second(product_card(0)), 131_009, "cards[1].card_index must be unique"),
        (second(other_catalogue), 131_009, "cards[1].action.catalog_id must be the same as interactive.action.cards[0].action.catalog_id"),
        (second(media_card(1)), 100, "\"body\""),
        (with(second(product_card(1)), "footer", footer), 131_009, "interactive.footer is not allowed"),
        (with(second(product_card(1)), "header", json!({ "type": "text", "text": "a" })), 131_009, "interactive.header is not allowed"),
        (without(second(product_card(1)), "body"), 131_008, "interactive.body"),
        (second_media(without(media_card(1), "header")), 131_008, "cards[1].header"),
        (second_media(with(media_card(1), "header", video)), 131_009, "cards[1].header.type must be the same"),
        (second_media(with(media_card(1), "header", json!({ "type": "text", "text": "a" }))), 131_009, "cards[1].header.type"),
        (second_media(with(media_card(1), "body", json!({ "text": long(161) }))), 131_009, "cards[1].body.text must be at most 160"),
        (second_media(with(media_card(1), "body", json!({ "text": "a\nb\nc\nd" }))), 131_009, "2 line breaks"),
        (second_media(reply_card(1, 1)), 131_009, "cards[1].action must have the same buttons"),
        (carousel([reply_card(0, 1), reply_card(1, 2)]), 131_009, "cards[1].action must have the same buttons"),
        (second_media(without(media_card(1), "type")), 131_008, "cards[1].type"),
    ])
    .await;
}

#[tokio::test]
async fn wrong_flows_are_refused_by_the_field() {
    let payload = |value: Value| flow(json!({ "flow_action_payload": value }));
    let exchange =
        json!({ "flow_action": "data_exchange", "flow_action_payload": { "screen": "A" } });
    all_refused(vec![
        (flow(json!({ "flow_message_version": null })), 131_008, "flow_message_version"),
        (flow(json!({ "flow_message_version": "2" })), 131_009, "flow_message_version"),
        (flow(json!({ "flow_cta": null })), 131_008, "flow_cta"),
        (flow(json!({ "flow_cta": long(31) })), 131_009, "flow_cta must be at most 30"),
        (flow(json!({ "flow_id": null })), 131_008, "flow_id (or"),
        (flow(json!({ "flow_name": "feedback" })), 131_009, "not both"),
        (flow(json!({ "flow_id": "1" })), 131_009, "flow_id names no flow"),
        (
            flow(json!({ "flow_id": null, "flow_name": "nobody" })),
            131_009,
            "flow_name names no flow",
        ),
        (flow(json!({ "flow_id": "733890126645512" })), 131_009, "needs mode draft"),
        (flow(json!({ "flow_id": "768230114590021" })), 131_009, "DEPRECATED"),
        (flow(json!({ "flow_id": "790045517823349" })), 132_068, "blocked"),
        (flow(json!({ "flow_id": "812376600914458" })), 132_069, "throttled"),
        (flow(json!({ "mode": "test" })), 131_009, "parameters.mode"),
        (flow(json!({ "flow_action": "open" })), 131_009, "parameters.flow_action"),
        (flow(exchange), 131_009, "flow_action_payload is allowed with flow_action navigate only"),
        (
            payload(json!({ "screen": "A", "data": {} })),
            131_009,
            "flow_action_payload.data must not be empty",
        ),
        (payload(json!({ "screen": "A", "data": "x" })), 100, "flow_action_payload.data"),
        (flow(json!({ "flow_json": {} })), 100, "\"flow_json\""),
    ])
    .await;
}

#[tokio::test]
async fn the_other_wrong_actions_are_refused_by_the_field() {
    let address = |parameters: Value| named("address_message", "address_message", parameters);
    let call = |parameters: Value| named("voice_call", "voice_call", parameters);
    let ask = || interactive("location_request_message", json!({ "name": "send_location" }));
    all_refused(vec![
        (cta_url(&long(21), LINK), 131_009, "parameters.display_text must be at most 20"),
        (cta_url("", LINK), 131_009, "parameters.display_text"),
        (cta_url("Open", "javascript:alert(1)"), 131_009, "parameters.url"),
        (
            interactive("cta_url", json!({ "name": "cta_url" })),
            131_008,
            "interactive.action.parameters",
        ),
        (without(ask(), "body"), 131_008, "interactive.body"),
        (
            interactive("location_request_message", json!({ "name": "location" })),
            131_009,
            "interactive.action.name",
        ),
        (address(json!({})), 131_008, "parameters.country"),
        (address(json!({ "country": "US" })), 131_009, "parameters.country"),
        (
            address(json!({ "country": "IN", "values": { "in_pin_code": "4000631" } })),
            131_009,
            "values.in_pin_code must be at most 6",
        ),
        (
            address(json!({ "country": "IN", "saved_addresses": [{ "id": "1" }] })),
            131_008,
            "saved_addresses[0].value",
        ),
        (
            interactive("call_permission_request", json!({ "name": "call" })),
            131_009,
            "interactive.action.name",
        ),
        (call(json!({ "display_text": long(21) })), 131_009, "display_text must be at most 20"),
        (call(json!({ "ttl_minutes": 0 })), 131_009, "ttl_minutes must be 1 to 43200"),
        (call(json!({ "ttl_minutes": 43201 })), 131_009, "ttl_minutes must be 1 to 43200"),
        (call(json!({ "payload": long(513) })), 131_009, "payload must be at most 512"),
    ])
    .await;
}
