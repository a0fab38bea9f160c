//! Making, showing and deleting accounts.

use serde_json::json;

use crate::place::{ADA, META_TOKEN, PHONE, Place, WABA};

#[test]
fn create_prints_one_object_and_nothing_else() {
    let place = Place::new();
    let made = place.run(&["account", "create", "--name=Bob", "--email=bob@example.com", "--json"]);
    let object = made.json();
    assert_eq!(object.as_object().unwrap().len(), 2, "{object}");
    assert!(object["accountId"].is_string());
    assert!(object["token"].as_str().unwrap().starts_with("avp_live_"));
    assert_eq!(made.stderr, "");
}

#[test]
fn an_account_is_shown_as_me_shows_it_and_without_its_secrets() {
    let place = Place::new();
    let made = place.ada();
    let shown = place.run(&["account", "show", "ADA@example.com", "--json"]);
    assert!(!shown.says(META_TOKEN) && !shown.says(&made.token));

    let mut shown = shown.json();
    assert!(shown["createdAt"].as_str().unwrap().ends_with('Z'));
    shown.as_object_mut().unwrap().remove("createdAt");
    let whatsapp = shown["whatsAppAccount"]["id"].take();
    assert!(whatsapp.is_string());
    let expected = json!({
        "user": { "id": made.id, "name": "Ada", "email": ADA },
        "plan": { "name": "Premium", "endDate": "2999-12-31T23:59:59.999Z" },
        "wabaId": WABA,
        "whatsAppAccount": { "id": null, "wabaId": WABA, "displayName": "Ada" },
        "phoneNumbers": [{ "phoneNumberId": PHONE, "phoneNumber": "+15550783881", "name": "" }],
        "phoneNumberIds": [PHONE],
        "addOns": [],
        "hasMetaToken": true,
        "suspended": false,
        "rateLimit": "default",
        "numberRateLimit": "default",
    });
    assert_eq!(shown, expected);

    let for_people = place.run(&["account", "show", &made.id]);
    assert!(for_people.assert_code(0).says(ADA) && !for_people.says(META_TOKEN));
}

#[test]
fn without_a_waba_id_there_is_no_whatsapp_account() {
    let place = Place::new();
    place.account(&["--name=Bob", "--email=bob@example.com", "--plan=none"]);
    let shown = place.json(&["account", "show", "bob@example.com", "--json"]);
    for absent in ["plan", "wabaId", "whatsAppAccount"] {
        assert!(shown[absent].is_null(), "{shown}");
    }
    assert_eq!(shown["hasMetaToken"], false);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_stored() {
    let place = Place::new();
    let bob = ["account", "create", "--name=Bob", "--email=bob@example.com"];
    let refused = |options: &[&str], code: i32, words: &str| {
        place.run(&[&bob[..], options].concat()).assert_refused(code, words);
    };
    refused(&["--plan=Premium"], 1, "--plan needs --plan-ends");
    refused(&["--plan-ends=2030-01-01"], 1, "--plan-ends needs --plan");
    refused(&["--plan=Premium", "--plan-ends=soon"], 2, "a date such as");
    refused(&["--meta-token-file=meta-token"], 1, "--meta-token-file needs --waba-id");
    refused(&["--phone=1=+15550783881", "--phone=1=+15550783882"], 1, "more than once");
    refused(&["--phone=+15550783881"], 2, "must be ID=NUMBER");
    refused(&["--waba-id=me"], 2, "must be an id of Meta's");
    assert!(!place.has_database());
}

#[test]
fn an_email_is_taken_in_any_letter_case() {
    let place = Place::new();
    place.ada();
    let again = place.run(&["account", "create", "--name=Eve", "--email=ADA@EXAMPLE.COM"]);
    again.assert_refused(1, "email is already in use");
}

#[test]
fn an_account_that_nobody_knows_is_an_error_everywhere() {
    let place = Place::new();
    place.ada();
    let unknown = "nobody@example.com";
    for command in [
        &["account", "show", unknown][..],
        &["account", "update", unknown, "--suspend"],
        &["account", "delete", unknown, "--yes"],
        &["account", "sync", unknown],
        &["token", "rotate", unknown],
        &["token", "revoke", unknown],
    ] {
        place.run(command).assert_refused(1, "there is no account `nobody@example.com`");
    }
}

#[test]
fn delete_refuses_where_nobody_can_be_asked() {
    let place = Place::new();
    place.ada();
    place.run(&["account", "delete", ADA]).assert_refused(1, "--yes");
    place.run_with_stdin(&["account", "delete", ADA], &format!("{ADA}\n")).assert_code(1);
    place.run(&["account", "show", ADA]).assert_code(0);

    let deleted = place.json(&["account", "delete", ADA, "--yes", "--json"]);
    assert_eq!(deleted["deleted"], true);
    place.run(&["account", "show", ADA]).assert_code(1);
    assert_eq!(place.json(&["account", "list", "--json"]), json!([]));
}
