//! Files that hold a token.

use crate::place::{META_TOKEN, PHONE, Place, WABA};

const BOB: [&str; 6] =
    ["account", "create", "--name=Bob", "--email=bob@example.com", "--json", "--waba-id"];

fn bob<'a>(options: &[&'a str]) -> Vec<&'a str> {
    [&BOB[..], &[WABA], options].concat()
}

#[test]
fn a_token_may_come_from_standard_input() {
    let place = Place::new();
    let made = place.run_with_stdin(&bob(&["--meta-token-file=-"]), &format!("{META_TOKEN}\n"));
    assert!(!made.assert_code(0).says(META_TOKEN));
    let shown = place.json(&["account", "show", "bob@example.com", "--json"]);
    assert_eq!(shown["hasMetaToken"], true);
}

#[test]
fn only_one_token_may_come_from_standard_input() {
    let place = Place::new();
    let both = bob(&["--meta-token-file", "-", "--api-token-file", "-"]);
    place.run_with_stdin(&both, "").assert_refused(1, "only one of the token files");
}

#[test]
fn an_imported_token_takes_the_place_of_a_made_one() {
    let place = Place::new();
    place.write("api-token", "a-token-from-elsewhere\r\n");
    let made = place.json(&bob(&["--api-token-file=api-token"]));
    assert_eq!(made["token"], "a-token-from-elsewhere");

    let eve = ["account", "create", "--name=Eve", "--email=eve@example.com"];
    let taken = place.run(&[&eve[..], &["--api-token-file=api-token"]].concat());
    taken.assert_refused(1, "API token is already in use");
    assert!(!taken.says("from-elsewhere"));
    place.run(&["account", "show", "eve@example.com"]).assert_code(1);
}

#[test]
fn a_file_without_a_token_is_told_by_its_option_and_not_repeated() {
    let place = Place::new();
    place.write("empty", "\n");
    place.write("short", "hunter2");
    place.write("two-lines", "hunter2\nhunter3");
    place.write("mistyped", "avp_live_hunter2hunter2hunter2hunter2hunter2");
    for (option, words) in [
        ("--meta-token-file=missing", "--meta-token-file: missing: cannot be read"),
        ("--meta-token-file=empty", "--meta-token-file: empty: is empty"),
        ("--meta-token-file=two-lines", "--meta-token-file: two-lines: holds something"),
        ("--api-token-file=missing", "--api-token-file: missing: cannot be read"),
        ("--api-token-file=short", "--api-token-file: a token has 16 to 512 characters"),
        ("--api-token-file=mistyped", "--api-token-file: a token has 16 to 512 characters"),
    ] {
        let refused = place.run(&bob(&[option]));
        refused.assert_refused(1, words);
        assert!(!refused.says("hunter"), "{refused:?}");
    }
    assert!(!place.has_database());
}

#[test]
fn nothing_secret_lies_in_the_database_in_clear() {
    let place = Place::new();
    let made = place.ada();
    for file in ["avenping.db", "avenping.db-wal"] {
        let bytes = std::fs::read(place.path(file)).unwrap_or_default();
        for secret in [META_TOKEN, &made.token] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{file} holds a secret");
        }
    }
    let bytes = std::fs::read(place.path("avenping.db")).unwrap();
    let kept = bytes.windows(PHONE.len()).any(|window| window == PHONE.as_bytes());
    assert!(kept, "the look finds nothing at all");
}
