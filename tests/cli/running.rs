//! What is administered while a gateway runs, the gateway sees.

use avenping_gateway::model::Timestamp;

use crate::ended::Made;
use crate::place::{ADA, META_TOKEN, PHONE, Place};
use crate::server::Server;

#[test]
fn an_account_made_while_the_gateway_runs_is_let_in() {
    let place = Place::new();
    let server = Server::start(&place);
    let made = place.ada();
    let me = server.until_status(&made.token, 200);
    assert_eq!(me.body["data"]["user"]["id"], made.id);
    assert_eq!(me.body["data"]["phoneNumberIds"][0], PHONE);

    let shown = place.json(&["account", "show", ADA, "--json"]);
    for same in ["user", "plan", "wabaId", "whatsAppAccount", "phoneNumbers", "phoneNumberIds"] {
        assert_eq!(me.body["data"][same], shown[same]);
    }
}

#[test]
fn changes_reach_a_running_gateway() {
    let place = Place::new();
    let Made { token, .. } = place.ada();
    let server = Server::start(&place);
    assert_eq!(server.me(&token).status, 200);
    let update = |option: &str| place.run(&["account", "update", ADA, option]).assert_code(0).code;

    update("--suspend");
    assert_eq!(server.until_status(&token, 401).body["error"], "UNAUTHORIZED");
    update("--resume");
    server.until_status(&token, 200);
    update("--plan-ends=2020-01-01");
    assert_eq!(server.until_status(&token, 403).body["error"], "PLAN_EXPIRED");
    update("--plan=none");
    server.until(&token, |reply| reply.body["error"] == "DEVELOPER_PLAN_REQUIRED");
    place.run(&["account", "delete", ADA, "--yes"]).assert_code(0);
    server.until_status(&token, 401);
}

#[test]
fn a_rotated_token_stops_at_once_if_it_is_to_and_the_new_one_works() {
    let place = Place::new();
    let old = place.ada().token;
    let server = Server::start(&place);
    assert_eq!(server.me(&old).status, 200);

    let rotate = ["token", "rotate", ADA, "--json", "--keep-old-for=0"];
    let new = Made::from(&place.json(&rotate)).token;
    assert_ne!(old, new);
    server.until_status(&old, 401);
    assert_eq!(server.me(&new).status, 200);

    place.run(&["token", "revoke", ADA]).assert_code(0);
    server.until_status(&new, 401);
}

#[test]
fn an_old_token_is_kept_for_as_long_as_was_asked() {
    let place = Place::new();
    let first = place.ada().token;
    let server = Server::start(&place);
    let rotate = |period: &str| {
        let rotated = place.json(&["token", "rotate", ADA, "--json", "--keep-old-for", period]);
        Made::from(&rotated).token
    };
    let second = rotate("24h");
    assert_eq!(server.me(&first).status, 200);
    assert_eq!(server.me(&second).status, 200);

    // At most two live: the first stops, and the second when its time is over.
    let third = rotate("1s");
    server.until_status(&first, 401);
    server.until_status(&second, 401);
    assert_eq!(server.me(&third).status, 200);
}

#[test]
fn revoking_says_how_many_tokens_stopped() {
    let place = Place::new();
    place.ada();
    place.run(&["token", "rotate", ADA, "--keep-old-for=1h"]).assert_code(0);
    let revoked = place.run(&["token", "revoke", ADA]);
    assert_eq!(revoked.stdout, "2 tokens stopped\n");
    assert_eq!(place.json(&["token", "revoke", ADA, "--json"])["revoked"], 0);
}

#[test]
fn an_old_token_is_kept_for_a_day_unless_told_otherwise() {
    let place = Place::new();
    let old = place.ada().token;
    let server = Server::start(&place);
    let new = Made::from(&place.json(&["token", "rotate", ADA, "--json"])).token;
    for token in [&old, &new] {
        assert_eq!(server.me(token).status, 200);
    }
    let entry = &place.json(&["audit", "list", "--limit=1", "--json"])[0];
    let moment =
        |text: &serde_json::Value| Timestamp::parse(text.as_str().unwrap()).unwrap().as_millis();
    let kept = &entry["details"]["kept"];
    assert!(old.ends_with(kept["token"].as_str().unwrap()));
    assert_eq!(moment(&kept["until"]) - moment(&entry["at"]), 24 * 60 * 60 * 1_000);
}

#[test]
fn an_overlap_is_a_length_of_time_or_nothing() {
    let place = Place::new();
    place.ada();
    for odd in ["24", "soon", ""] {
        let refused = place.run(&["token", "rotate", ADA, "--keep-old-for", odd]);
        refused.assert_refused(2, "--keep-old-for");
    }
    for none in ["0", "0s"] {
        place.run(&["token", "rotate", ADA, "--keep-old-for", none]).assert_code(0);
    }
    assert_eq!(place.json(&["token", "revoke", ADA, "--json"])["revoked"], 1);
}

#[test]
fn the_log_of_a_gateway_holds_no_secret() {
    let place = Place::new();
    let made = place.ada();
    let server = Server::start(&place);
    assert_eq!(server.me(&made.token).status, 200);
    drop(server);
    let log = std::fs::read_to_string(place.path("log")).unwrap();
    assert!(!log.contains(&made.token) && !log.contains(META_TOKEN));
}
