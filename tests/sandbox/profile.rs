//! What a number tells of its business.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, NUMBER, OTHER_NUMBER, long};

fn path(number: &str) -> String {
    format!("/v23.0/{number}/whatsapp_business_profile")
}

async fn change(caller: &Caller, profile: &Value) -> Answer {
    let request = caller.request(Method::POST, &path(NUMBER));
    let request = request.header("content-type", "application/json").body(profile.to_string());
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_profile_that_was_changed_is_shown_changed() {
    let caller = Caller::start().await;
    let profile = json!({
        "messaging_product": "whatsapp", "about": "Plants", "address": "1 Hacker Way",
        "description": "Plants of all kinds", "email": "plants@luckyshrub.com",
        "vertical": "RETAIL", "websites": ["https://www.luckyshrub.com"],
    });
    let answer = change(&caller, &profile).await;
    assert_eq!((answer.status, answer.body), (200, json!({ "success": true })));
    let shown = caller.get(&path(NUMBER)).await;
    assert_eq!(shown.body, json!({ "data": [profile] }));

    // What is left out, or null, stays as it was.
    let about = json!({ "messaging_product": "whatsapp", "about": "More", "email": null });
    assert_eq!(change(&caller, &about).await.status, 200);
    let shown = caller.get(&format!("{}?fields=about,email", path(NUMBER))).await;
    let expected = json!({
        "about": "More", "email": "plants@luckyshrub.com", "messaging_product": "whatsapp",
    });
    assert_eq!(shown.body, json!({ "data": [expected] }));
    let other = caller.get(&format!("{}?fields=email,about", path(OTHER_NUMBER))).await;
    assert_ne!(other.body["data"][0]["about"], "More");
    assert!(other.body["data"][0].get("email").is_none());
}

#[tokio::test]
async fn a_wrong_profile_is_refused_by_the_field() {
    let caller = Caller::start().await;
    let site = "https://a.example";
    let cases = [
        ("about", json!(""), "about must not be empty"),
        ("about", json!(long(140)), "about must be at most 139"),
        ("address", json!(long(257)), "address must be at most 256"),
        ("description", json!(long(513)), "description must be at most 512"),
        ("email", json!(long(129)), "email must be at most 128"),
        ("vertical", json!("PLANTS"), "vertical must be one of"),
        ("websites", json!([site, site, site]), "websites must have 0 to 2 items"),
        ("websites", json!([format!("{site}/{}", "x".repeat(256))]), "websites[0]"),
        ("websites", json!(["a.example"]), "websites[0] must be an http or https URL"),
        ("messaging_product", json!("sms"), "messaging_product"),
        ("messaging_product", Value::Null, "messaging_product is required"),
        ("profile_picture_url", json!(site), "\"profile_picture_url\""),
    ];
    for (name, value, names) in cases {
        let mut profile = json!({ "messaging_product": "whatsapp" });
        profile[name] = value;
        change(&caller, &profile).await.is_refused(&profile.to_string(), 100, names);
    }
    let wrong = caller.get(&format!("{}?fields=name", path(NUMBER))).await;
    assert_eq!((wrong.status, wrong.code()), (400, 100));
    let unknown = caller.get(&path("999")).await;
    assert_eq!(unknown.body["error"]["error_subcode"], 33);
}
