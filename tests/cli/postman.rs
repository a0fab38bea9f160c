//! The collection for Postman.

use crate::place::Place;

#[test]
fn the_committed_collection_is_what_the_command_makes() {
    let place = Place::new();
    place.run(&["postman", "--out", "made"]).assert_code(0);
    let made = |name: &str| std::fs::read_to_string(place.path("made").join(name)).unwrap();
    let remedy = "run `cargo run -- postman` and commit what it makes";
    assert!(
        made("collection.json") == include_str!("../../docs/postman/collection.json"),
        "{remedy}"
    );
    assert!(
        made("environment.json") == include_str!("../../docs/postman/environment.json"),
        "{remedy}"
    );
}
