//! Settings that are missing or wrong stop the program with a name to look for.

use crate::place::{ADA, KEY, OTHER_KEY, Place};

#[test]
fn a_setting_that_does_not_parse_stops_the_start_and_names_itself() {
    for (variable, value) in [
        ("AVENPING_BIND", "everywhere"),
        ("AVENPING_GRAPH_URL", "graph.facebook.com"),
        ("AVENPING_GRAPH_VERSION", "23"),
        ("AVENPING_PUBLIC_URL", "ftp://example.com"),
        ("AVENPING_UPSTREAM_STATUS", "honest"),
        ("AVENPING_LOG", "verbose=="),
        ("AVENPING_LOG_FORMAT", "xml"),
        ("AVENPING_HEADER_TIMEOUT", "25"),
        ("AVENPING_GRAPH_SEND_TIMEOUT", "0s"),
        ("AVENPING_DATABASE_TIMEOUT", "-1s"),
        ("AVENPING_DRAIN_TIMEOUT", ""),
        ("AVENPING_MAX_CONCURRENCY", "0"),
        ("AVENPING_ACCOUNT_SHARE", "101"),
        ("AVENPING_BODY_MEMORY", "much"),
        ("AVENPING_RATE_LIMIT_ACCOUNT", "3000"),
        ("AVENPING_RATE_LIMIT_FAILED_AUTH", "20/0s"),
        ("AVENPING_TRUSTED_PROXIES", "10.0.0.0/8,proxy.example"),
    ] {
        let place = Place::new().with(variable, value);
        place.run(&["serve"]).assert_refused(2, variable);
        assert!(!place.has_database(), "{variable}");
    }
}

#[test]
fn a_secret_setting_that_does_not_parse_is_not_repeated() {
    let mistyped = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZW";
    let place = Place::new().without("AVENPING_SECRET_KEY").with("AVENPING_SECRET_KEY", mistyped);
    let refused = place.run(&["serve"]);
    refused.assert_refused(2, "AVENPING_SECRET_KEY");
    assert!(!refused.says("MDEyMzQ1"), "{refused:?}");
}

#[test]
fn serve_without_a_secret_key_says_what_to_set() {
    let place = Place::new().without("AVENPING_SECRET_KEY");
    let refused = place.run(&["serve", "--bind=127.0.0.1:0"]);
    refused.assert_refused(1, "AVENPING_SECRET_KEY is not set");
    assert!(refused.says("avenping key generate"));
    assert!(!place.has_database());
}

#[test]
fn a_wrong_key_is_refused_by_the_gateway_and_by_administration() {
    let place = Place::new();
    place.ada();
    let place = place.without("AVENPING_SECRET_KEY").with("AVENPING_SECRET_KEY", OTHER_KEY);
    for command in [&["serve", "--bind=127.0.0.1:0"][..], &["account", "list"]] {
        place.run(command).assert_refused(1, "AVENPING_SECRET_KEY does not fit the database");
    }
    // Behind the new key and a comma, the old one still opens what it sealed.
    let both = format!("{OTHER_KEY},{KEY}");
    let place = place.without("AVENPING_SECRET_KEY").with("AVENPING_SECRET_KEY", &both);
    place.run(&["account", "show", ADA]).assert_code(0);
}

#[test]
fn settings_are_read_from_a_file_named_env() {
    let place = Place::new().without("AVENPING_SECRET_KEY");
    place.write(".env", &format!("AVENPING_SECRET_KEY={KEY}\nDATABASE_URL=sqlite://other.db\n"));
    place.ada();
    assert!(place.path("other.db").exists() && !place.has_database());
}

#[test]
fn a_broken_line_of_the_file_is_named_and_not_repeated() {
    let place = Place::new().without("AVENPING_SECRET_KEY");
    place.write(".env", "AVENPING_SECRET_KEY='c2VjcmV0\n");
    let refused = place.run(&["account", "list"]);
    refused.assert_refused(1, "AVENPING_SECRET_KEY in the file .env");
    assert!(!refused.says("c2VjcmV0"), "{refused:?}");
}

#[test]
fn a_mistyped_database_is_not_made_by_looking_for_accounts() {
    let place = Place::new();
    place.run(&["account", "list"]).assert_refused(1, "avenping migrate");
    place.run(&["token", "revoke", ADA]).assert_refused(1, "avenping migrate");
    assert!(!place.has_database());

    let migrated = place.run(&["migrate"]);
    assert_eq!(migrated.assert_code(0).stdout, "the database is up to date\n");
    assert_eq!(place.run(&["account", "list"]).assert_code(0).stderr, "");
}
