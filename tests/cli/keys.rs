//! Secret keys.

use avenping_gateway::clock::Clock;
use avenping_gateway::store::{InboundPost, Keep};

use crate::place::{ADA, KEY, OTHER_KEY, Place};
use crate::server::Server;

#[test]
fn a_generated_key_is_all_that_is_printed_and_is_taken_back() {
    let place = Place::new().without("AVENPING_SECRET_KEY");
    let generated = place.run(&["key", "generate"]);
    assert_eq!(generated.assert_code(0).stderr, "");
    let key = generated.stdout.strip_suffix('\n').unwrap();
    assert_eq!(key.len(), 44);
    assert_ne!(place.run(&["key", "generate"]).stdout.trim_end(), key);
    assert!(!place.has_database());

    let place = place.with("AVENPING_SECRET_KEY", key);
    place.ada();
    assert_eq!(place.json(&["account", "list", "--json"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_key_is_made_even_where_the_settings_hold_a_broken_one() {
    let place = Place::new().without("AVENPING_SECRET_KEY");
    place.write(".env", "AVENPING_SECRET_KEY=change-me\nnonsense\n");
    place.run(&["key", "generate"]).assert_code(0);
}

/// Changes the key of a place, for every program that starts there from now on.
fn keyed(place: Place, keys: &str) -> Place {
    place.without("AVENPING_SECRET_KEY").with("AVENPING_SECRET_KEY", keys)
}

#[tokio::test]
async fn after_a_rotation_under_a_running_server_the_new_key_alone_opens_everything() {
    let place = Place::new();
    let made = place.ada();
    let store = place.store().await;
    let now = Clock::system().now();
    let post = |_| InboundPost {
        received_at: now,
        raw: b"a post of Meta's".to_vec(),
        keep: Keep::Unparsed,
        arrivals: Vec::new(),
    };
    // More than one step.
    store.take_in(&(0..1_200).map(post).collect::<Vec<_>>()).await.unwrap();
    store.close().await;

    let place = keyed(place, &format!("{OTHER_KEY},{KEY}"));
    let server = Server::start(&place);
    assert_eq!(server.me(&made.token).status, 200);
    let doctor = place.run(&["doctor"]);
    assert!(doctor.says("still sealed with an old one"), "{doctor:?}");

    let rotated = place.run(&["key", "rotate"]);
    let told = "sealed anew: accounts: 1, posts of Meta's: 1200; \
                nothing is sealed with an old key any more\n";
    assert_eq!(rotated.assert_code(0).stdout, told);
    assert_eq!(server.me(&made.token).status, 200);
    let again = place.run(&["key", "rotate"]);
    assert!(again.assert_code(0).says("accounts: 0, posts of Meta's: 0"), "{again:?}");
    drop(server);

    let place = keyed(place, KEY);
    place.run(&["account", "show", ADA]).assert_refused(1, "AVENPING_SECRET_KEY does not fit");
    let place = keyed(place, OTHER_KEY);
    assert_eq!(Server::start(&place).me(&made.token).status, 200);
}
