//! Changing an account.

use crate::place::{ADA, META_TOKEN, PHONE, Place};

#[test]
fn what_is_not_named_stays_as_it_is() {
    let place = Place::new();
    place.ada();
    let before = place.json(&["account", "show", ADA, "--json"]);

    let after = place.json(&["account", "update", ADA, "--plan=Enterprise", "--json"]);
    assert_eq!(after["plan"]["name"], "Enterprise");
    assert_eq!(after["plan"]["endDate"], before["plan"]["endDate"]);
    for same in ["user", "whatsAppAccount", "phoneNumbers", "hasMetaToken", "suspended"] {
        assert_eq!(after[same], before[same]);
    }

    let after = place.json(&["account", "update", ADA, "--plan-ends=2031-05-01", "--json"]);
    assert_eq!(after["plan"]["name"], "Enterprise");
    assert_eq!(after["plan"]["endDate"], "2031-05-01T23:59:59.999Z");
    assert_eq!(after, place.json(&["account", "show", ADA, "--json"]));
}

#[test]
fn rate_limits_are_set_shown_and_given_up() {
    let place = Place::new();
    place.ada();
    let update = |option: &str, value: &str| {
        place.json(&["account", "update", ADA, option, value, "--json"])
    };
    let after = update("--rate-limit", "3000/1m");
    assert_eq!(
        (&after["rateLimit"], &after["numberRateLimit"]),
        (&"3000/60s".into(), &"default".into())
    );
    let after = update("--number-rate-limit", "off");
    assert_eq!(
        (&after["rateLimit"], &after["numberRateLimit"]),
        (&"3000/60s".into(), &"off".into())
    );
    let shown = place.run(&["account", "show", ADA]);
    assert!(shown.assert_code(0).says("3000/60s"));
    let after = update("--rate-limit", "default");
    assert_eq!(after["rateLimit"], "default");
    let refused = place.run(&["account", "update", ADA, "--rate-limit", "often"]);
    refused.assert_refused(2, "3000/60s");
}

#[test]
fn add_ons_outlive_the_plan() {
    let place = Place::new();
    place.account(&[
        "--name=Bob",
        "--email=bob@example.com",
        "--plan=Premium",
        "--plan-ends=2999-12-31",
        "--add-on=Catalogue",
        "--add-on=Chat",
    ]);
    let after = place.json(&["account", "update", "bob@example.com", "--plan=NONE", "--json"]);
    assert!(after["plan"].is_null());
    assert_eq!(after["addOns"][0]["name"], "Catalogue");
    assert_eq!(after["addOns"][1]["name"], "Chat");

    let update = ["account", "update", "bob@example.com"];
    let refused = |option: &str, words: &str| {
        place.run(&[&update[..], &[option]].concat()).assert_refused(1, words);
    };
    refused("--plan-ends=2030-01-01", "the account has no plan");
    refused("--plan=Premium", "--plan needs --plan-ends");
    refused("--meta-token-file=meta-token", "has no WhatsApp account");
}

#[test]
fn phone_numbers_are_added_rewritten_and_removed() {
    let place = Place::new();
    place.ada();
    let rewritten = format!("--phone={PHONE}=+1 555 078 3881");
    let update = ["account", "update", ADA, "--json", &rewritten, "--phone=222=+15550001111"];
    let after = place.json(&update);
    assert_eq!(after["phoneNumberIds"], serde_json::json!([PHONE, "222"]));
    assert_eq!(after["phoneNumbers"][0]["phoneNumber"], "+1 555 078 3881");

    let after = place.json(&["account", "update", ADA, "--json", "--remove-phone", PHONE]);
    assert_eq!(after["phoneNumberIds"], serde_json::json!(["222"]));
    let again = place.run(&["account", "update", ADA, "--remove-phone", PHONE]);
    again.assert_refused(1, "has no phone number");
}

#[test]
fn an_update_that_changes_nothing_or_contradicts_itself_is_refused() {
    let place = Place::new();
    place.ada();
    place.run(&["account", "update", ADA]).assert_refused(1, "nothing to change");
    let both = place.run(&["account", "update", ADA, "--suspend", "--resume"]);
    both.assert_refused(2, "cannot be used with");
}

#[test]
fn a_meta_token_is_replaced_and_never_shown() {
    let place = Place::new();
    place.account(&["--name=Bob", "--email=bob@example.com", "--waba-id=1"]);
    let update = ["account", "update", "bob@example.com", "--meta-token-file", "meta-token"];
    let changed = place.run(&[&update[..], &["--json"]].concat());
    assert_eq!(changed.json()["hasMetaToken"], true);
    assert!(!changed.says(META_TOKEN));
    assert!(!place.run(&update).assert_code(0).says(META_TOKEN));
}
