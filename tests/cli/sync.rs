//! Reading numbers and forms from Meta.

use serde_json::json;

use crate::meta::{Meta, number};
use crate::place::{ADA, META_TOKEN, PHONE};
use crate::server::Server;

#[tokio::test]
async fn numbers_are_added_and_updated_and_none_is_removed() {
    let meta = Meta::start().await;
    let listed = json!([
        number(PHONE, "+1 555-078-3881", "Ada's Shop"),
        number("999", "+1 555-000-0999", "Ada's Other Shop"),
    ]);
    meta.lists("phone_numbers", listed).await;
    meta.lists("flows", json!([{ "id": "77", "name": "Survey", "status": "PUBLISHED" }])).await;
    let place = meta.place();
    let made = place.ada();
    place.run(&["account", "update", ADA, "--phone=555=+15550000555"]).assert_code(0);

    let synced = place.json(&["account", "sync", ADA, "--json"]);
    let expected = json!({
        "accountId": made.id,
        "phoneNumbers": {
            "added": ["999"], "updated": [PHONE], "unchanged": [], "notListed": ["555"],
        },
        "forms": 1,
    });
    assert_eq!(synced, expected);

    let shown = place.json(&["account", "show", ADA, "--json"]);
    let expected = json!([
        { "phoneNumberId": PHONE, "phoneNumber": "+1 555-078-3881", "name": "Ada's Shop" },
        { "phoneNumberId": "555", "phoneNumber": "+15550000555", "name": "" },
        { "phoneNumberId": "999", "phoneNumber": "+1 555-000-0999", "name": "Ada's Other Shop" },
    ]);
    assert_eq!(shown["phoneNumbers"], expected);

    let again = place.run(&["account", "sync", ADA]);
    assert!(again.assert_code(0).says("0 added, 0 updated, 2 unchanged"), "{again:?}");
    assert!(again.says(&format!("avenping account update {ADA} --remove-phone 555")));

    // A name that Meta told of stays when the number is written differently.
    let rewritten = format!("--phone={PHONE}=+15550783881");
    let after = place.json(&["account", "update", ADA, "--json", &rewritten]);
    assert_eq!(after["phoneNumbers"][0]["name"], "Ada's Shop");
}

#[tokio::test]
async fn forms_can_be_searched_once_they_were_read() {
    let meta = Meta::start().await;
    meta.lists("phone_numbers", json!([])).await;
    meta.lists("flows", json!([{ "id": "77", "name": "Survey", "status": "PUBLISHED" }])).await;
    let place = meta.place();
    let token = place.ada().token;
    let server = Server::start(&place);
    assert_eq!(server.get("/v2/forms/search", &token).body["data"]["items"], json!([]));
    assert_eq!(place.json(&["account", "sync", ADA, "--json"])["forms"], 1);
    let found = server.get("/v2/forms/search?q=surv", &token);
    assert_eq!(found.body["data"]["items"][0]["id"], "77");
}

#[tokio::test]
async fn forms_that_cannot_be_read_do_not_keep_the_numbers_from_being_saved() {
    let meta = Meta::start().await;
    meta.lists("phone_numbers", json!([number("999", "+1 555-000-0999", "New")])).await;
    let error = json!({ "message": "Missing permission", "code": 200 });
    meta.answers("flows", 403, json!({ "error": error })).await;
    let place = meta.place();
    place.ada();
    let refused = place.run(&["account", "sync", ADA]);
    refused.assert_refused(1, "the phone numbers are up to date");
    assert!(refused.says("Missing permission"), "{refused:?}");
    let shown = place.json(&["account", "show", ADA, "--json"]);
    assert_eq!(shown["phoneNumberIds"], json!([PHONE, "999"]));
}

#[tokio::test]
async fn an_expired_token_is_told_and_changes_nothing() {
    let meta = Meta::start().await;
    meta.refuses_the_token().await;
    let place = meta.place();
    place.ada();
    let before = place.json(&["account", "show", ADA, "--json"]);
    let refused = place.run(&["account", "sync", ADA]);
    refused.assert_refused(1, "has expired or was revoked");
    assert!(refused.says("--meta-token-file") && !refused.says(META_TOKEN));
    assert_eq!(place.json(&["account", "show", ADA, "--json"]), before);
}

#[tokio::test]
async fn an_account_that_cannot_ask_meta_is_told_what_is_missing() {
    let meta = Meta::start().await;
    let place = meta.place();
    place.account(&["--name=Bob", "--email=bob@example.com"]);
    place.account(&["--name=Eve", "--email=eve@example.com", "--waba-id=1"]);
    let bob = place.run(&["account", "sync", "bob@example.com"]);
    bob.assert_refused(1, "has no WhatsApp account");
    let eve = place.run(&["account", "sync", "eve@example.com"]);
    eve.assert_refused(1, "has no Meta token");
}
