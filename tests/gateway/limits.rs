//! Every limit of a field: one at it passes, one beyond it is told the path and the limit.

use serde_json::{Value, json};

use crate::bodies::{fails, passes, path, valid, with};
use crate::harness::{Gateway, Place, cases};

cases![
    text_at_its_limit_passes_and_one_beyond_is_told_the_limit,
    limits_count_characters_and_not_bytes,
    arrays_have_their_least_and_their_most,
    rows_and_products_are_counted_over_all_sections,
    what_must_differ_must_differ,
    a_media_has_exactly_one_of_id_and_link,
    a_link_is_an_https_url,
    coordinates_lie_on_the_globe,
    a_header_has_what_its_type_needs,
    a_field_of_the_wrong_type_is_told_the_right_one,
];

const TEXTS: &[(&str, &str, usize)] = &[
    ("text", "/text", 4096),
    ("text", "/reference", 256),
    ("media", "/media/caption", 1024),
    ("contacts", "/reference", 256),
    ("interactive/catalog-message", "/bodyText", 1024),
    ("interactive/catalog-message", "/footerText", 60),
    ("interactive/product", "/bodyText", 1024),
    ("interactive/product", "/footerText", 60),
    ("interactive/product-list", "/headerText", 60),
    ("interactive/product-list", "/bodyText", 1024),
    ("interactive/product-list", "/footerText", 60),
    ("interactive/product-list", "/sections/0/title", 24),
    ("interactive/product-carousel", "/bodyText", 1024),
    ("interactive/button", "/headerText", 60),
    ("interactive/button", "/bodyText", 1024),
    ("interactive/button", "/footerText", 60),
    ("interactive/button", "/buttons/0/id", 256),
    ("interactive/button", "/buttons/0/title", 20),
    ("interactive/list", "/headerText", 60),
    ("interactive/list", "/bodyText", 4096),
    ("interactive/list", "/footerText", 60),
    ("interactive/list", "/buttonText", 20),
    ("interactive/list", "/sections/0/title", 24),
    ("interactive/list", "/sections/0/rows/0/id", 200),
    ("interactive/list", "/sections/0/rows/0/title", 24),
    ("interactive/list", "/sections/0/rows/0/description", 72),
    ("interactive/cta-url", "/headerText", 60),
    ("interactive/cta-url", "/bodyText", 1024),
    ("interactive/cta-url", "/footerText", 60),
    ("interactive/cta-url", "/displayText", 20),
    ("interactive/flow", "/headerText", 60),
    ("interactive/flow", "/bodyText", 1024),
    ("interactive/flow", "/footerText", 60),
    ("interactive/flow", "/flowCta", 30),
    ("interactive/location-request", "/bodyText", 1024),
    ("interactive/address", "/headerText", 60),
    ("interactive/address", "/bodyText", 1024),
    ("interactive/address", "/footerText", 60),
    ("interactive/address", "/values/in_pin_code", 6),
    ("interactive/address", "/savedAddresses/0/value/in_pin_code", 6),
    ("interactive/media-carousel", "/bodyText", 1024),
    ("interactive/media-carousel", "/cards/1/bodyText", 160),
    ("interactive/media-carousel", "/cards/1/displayText", 20),
    ("interactive/call-permission", "/bodyText", 1024),
    ("interactive/voice-call", "/bodyText", 1024),
    ("interactive/voice-call", "/displayText", 20),
    ("interactive/voice-call", "/payload", 512),
];

async fn text_at_its_limit_passes_and_one_beyond_is_told_the_limit(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (kind, pointer, most) in TEXTS {
        let at_most = with(kind, pointer, "x".repeat(*most).into());
        passes(&gateway, kind, &at_most).await;
        let beyond = with(kind, pointer, "x".repeat(most + 1).into());
        let message = format!("must be at most {most} characters, has {}", most + 1);
        fails(&gateway, kind, &beyond, (&path(pointer), &message)).await;
    }
    for kind in
        ["interactive/button", "interactive/cta-url", "interactive/flow", "interactive/address"]
    {
        let header = |count| json!({ "type": "text", "text": "x".repeat(count) });
        passes(&gateway, kind, &with(kind, "/header", header(60))).await;
        let fault = ("header.text", "must be at most 60 characters, has 61");
        fails(&gateway, kind, &with(kind, "/header", header(61)), fault).await;
    }
}

async fn limits_count_characters_and_not_bytes(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (kind, pointer, most) in TEXTS {
        passes(&gateway, kind, &with(kind, pointer, "😀".repeat(*most).into())).await;
    }
    let fault = ("text", "must be at most 4096 characters, has 4097");
    fails(&gateway, "text", &with("text", "/text", "😀".repeat(4097).into()), fault).await;
}

async fn arrays_have_their_least_and_their_most(place: Place) {
    let gateway = Gateway::start(&place).await;
    let button = |nth: usize| json!({ "id": nth.to_string(), "title": nth.to_string() });
    let card = |nth: usize| json!({ "catalogId": "c", "productRetailerId": nth.to_string() });
    let row = |nth: usize| json!({ "id": nth.to_string(), "title": "T" });
    let rows = |nth: usize| json!({ "title": "T", "rows": [row(nth)] });
    let item = |nth: usize| json!({ "product_retailer_id": nth.to_string() });
    let items = |nth: usize| json!({ "title": "T", "product_items": [item(nth)] });
    type Make<'a> = &'a dyn Fn(usize) -> Value;
    let contact =
        |nth: usize| json!({ "name": { "formatted_name": nth.to_string(), "first_name": "A" } });
    let media_card = |_: usize| valid("interactive/media-carousel")["cards"][0].clone();
    let arrays: [(&str, &str, usize, usize, Make<'_>); 8] = [
        ("contacts", "/contacts", 1, 257, &contact),
        ("interactive/media-carousel", "/cards", 2, 10, &media_card),
        ("interactive/button", "/buttons", 1, 3, &button),
        ("interactive/product-carousel", "/cards", 2, 10, &card),
        ("interactive/list", "/sections", 1, 10, &rows),
        ("interactive/list", "/sections/0/rows", 1, 10, &row),
        ("interactive/product-list", "/sections", 1, 10, &items),
        ("interactive/product-list", "/sections/0/product_items", 1, 30, &item),
    ];
    for (kind, pointer, least, most, make) in arrays {
        let with_count =
            |count: usize| with(kind, pointer, (0..count).map(make).collect::<Vec<_>>().into());
        passes(&gateway, kind, &with_count(least)).await;
        passes(&gateway, kind, &with_count(most)).await;
        let word = if least == 1 { "item" } else { "items" };
        let message = format!("must have at least {least} {word}");
        fails(&gateway, kind, &with_count(least - 1), (&path(pointer), &message)).await;
        let message = format!("must have at most {most} items, has {}", most + 1);
        fails(&gateway, kind, &with_count(most + 1), (&path(pointer), &message)).await;
        for wrong in [json!({}), json!("x"), json!(1)] {
            let body = with(kind, pointer, wrong);
            fails(&gateway, kind, &body, (&path(pointer), "must be an array")).await;
        }
    }
}

async fn rows_and_products_are_counted_over_all_sections(place: Place) {
    let gateway = Gateway::start(&place).await;
    let rows = |from: usize, count: usize| -> Value {
        let row = |nth: usize| json!({ "id": nth.to_string(), "title": "T" });
        json!({ "title": "T", "rows": (from..from + count).map(row).collect::<Vec<_>>() })
    };
    let kind = "interactive/list";
    passes(&gateway, kind, &with(kind, "/sections", json!([rows(0, 6), rows(6, 4)]))).await;
    let body = with(kind, "/sections", json!([rows(0, 6), rows(6, 5)]));
    fails(&gateway, kind, &body, ("sections", "must have at most 10 rows in all, has 11")).await;

    let products = |count: usize| -> Value {
        let product = |nth: usize| json!({ "product_retailer_id": nth.to_string() });
        json!({ "title": "T", "product_items": (0..count).map(product).collect::<Vec<_>>() })
    };
    let kind = "interactive/product-list";
    passes(&gateway, kind, &with(kind, "/sections", json!([products(20), products(10)]))).await;
    let body = with(kind, "/sections", json!([products(20), products(11)]));
    fails(&gateway, kind, &body, ("sections", "must have at most 30 products in all, has 31"))
        .await;
}

async fn what_must_differ_must_differ(place: Place) {
    let gateway = Gateway::start(&place).await;
    let kind = "interactive/button";
    let fault = ("buttons", "must all have different ids and titles");
    for (id, title) in [("1", "U"), ("2", "T")] {
        let buttons = json!([{ "id": "1", "title": "T" }, { "id": id, "title": title }]);
        fails(&gateway, kind, &with(kind, "/buttons", buttons), fault).await;
    }

    // Meta asks no such thing of rows.
    let kind = "interactive/list";
    let row = json!({ "id": "1", "title": "T" });
    let sections = json!([{ "title": "T", "rows": [row] }, { "title": "U", "rows": [row] }]);
    passes(&gateway, kind, &with(kind, "/sections", sections)).await;

    let kind = "interactive/product-carousel";
    let card = |catalog: &str| json!({ "catalogId": catalog, "productRetailerId": "p" });
    let fault = ("cards", "must all have the same catalogId");
    fails(&gateway, kind, &with(kind, "/cards", json!([card("c"), card("d")])), fault).await;
}

async fn a_media_has_exactly_one_of_id_and_link(place: Place) {
    let gateway = Gateway::start(&place).await;
    let media = |own: Value| {
        let mut media = json!({ "type": "image" });
        media.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        with("media", "/media", media)
    };
    let neither = ("media", "must have mediaId or link");
    for own in [json!({}), json!({ "mediaId": "" }), json!({ "mediaId": null, "link": "" })] {
        fails(&gateway, "media", &media(own), neither).await;
    }
    let both = json!({ "mediaId": "m", "link": "https://example.com" });
    fails(&gateway, "media", &media(both), ("media", "must have only one of mediaId and link"))
        .await;
}

async fn a_link_is_an_https_url(place: Place) {
    let gateway = Gateway::start(&place).await;
    let wrong = [
        "http://example.com/a.png",
        "example.com/a.png",
        "//example.com/a.png",
        "https://",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:image/png;base64,AA==",
    ];
    for link in wrong {
        let body = with("media", "/media", json!({ "type": "image", "link": link }));
        let answer = gateway.post("/v2/messages/send/media", &body).send().await;
        answer.faults(&[("media.link", "must be an https URL")]);
    }
    for kind in ["fax", "sticker", "IMAGE", "", "text"] {
        let body = with("media", "/media/type", kind.into());
        let fault = ("media.type", "must be image, video, audio or document");
        fails(&gateway, "media", &body, fault).await;
    }
    let body = with("media", "/media", json!("m"));
    fails(&gateway, "media", &body, ("media", "must be an object")).await;
}

async fn coordinates_lie_on_the_globe(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (name, most) in [("latitude", 90), ("longitude", 180)] {
        let pointer = format!("/location/{name}");
        let message = format!("must be a number from -{most} to {most}, or a string of one");
        let at_path = format!("location.{name}");
        for fine in [json!(most), json!(-most), json!(most.to_string()), json!(0.5)] {
            passes(&gateway, "location", &with("location", &pointer, fine)).await;
        }
        for wrong in [
            json!(most + 1),
            json!(-(most + 1)),
            json!(format!("{most}.0001")),
            json!("north"),
            json!(""),
            json!("NaN"),
            json!("inf"),
            json!(true),
            json!([1]),
            json!("1,5"),
        ] {
            let body = with("location", &pointer, wrong);
            fails(&gateway, "location", &body, (&at_path, &message)).await;
        }
        let body = with("location", &pointer, Value::Null);
        fails(&gateway, "location", &body, (&at_path, "is required")).await;
    }
}

async fn a_header_has_what_its_type_needs(place: Place) {
    let gateway = Gateway::start(&place).await;
    let kinds =
        ["interactive/button", "interactive/cta-url", "interactive/flow", "interactive/address"];
    let cases = [
        (json!({}), "header.type", "is required"),
        (json!({ "type": "audio" }), "header.type", "must be text, image, video or document"),
        (json!({ "type": "text" }), "header.text", "is required"),
        (json!({ "type": "image" }), "header", "must have mediaId or link"),
        (
            json!({ "type": "image", "mediaId": "m", "link": "https://a.example" }),
            "header",
            "must have only one of mediaId and link",
        ),
        (json!({ "type": "image", "link": "http://a" }), "header.link", "must be an https URL"),
        (json!("H"), "header", "must be an object"),
    ];
    for kind in kinds {
        for (header, path, message) in &cases {
            fails(&gateway, kind, &with(kind, "/header", header.clone()), (path, message)).await;
        }
        let mut both = with(kind, "/header", json!({ "type": "text", "text": "H" }));
        both["headerText"] = "H".into();
        let fault = ("headerText", "must not be given beside header");
        fails(&gateway, kind, &both, fault).await;
    }
}

async fn a_field_of_the_wrong_type_is_told_the_right_one(place: Place) {
    let gateway = Gateway::start(&place).await;
    for (kind, pointer, _) in TEXTS {
        for wrong in [json!(1), json!(true), json!([]), json!({})] {
            let body = with(kind, pointer, wrong);
            fails(&gateway, kind, &body, (&path(pointer), "must be a string")).await;
        }
    }
    for wrong in [json!("true"), json!(1), json!([])] {
        let body = with("text", "/previewUrl", wrong);
        fails(&gateway, "text", &body, ("previewUrl", "must be true or false")).await;
    }
}
