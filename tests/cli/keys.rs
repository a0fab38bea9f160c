//! Secret keys.

use crate::place::Place;

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
