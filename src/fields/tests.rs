use super::{
    AnyArray, AnyText, Field, Fields, Forwarded, FromFields, List, Members, Text, read_body,
};

#[derive(Debug, PartialEq)]
struct Row {
    id: Text<5>,
    hint: Option<Text<8>>,
}

impl FromFields for Row {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required("id");
        let hint = fields.optional("hint");
        Some(Self { id: id?, hint: hint? })
    }
}

#[derive(Debug)]
struct Body {
    rows: List<Row, 1, 3>,
    bold: Option<bool>,
}

impl FromFields for Body {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let rows = fields.required("rows");
        let bold = fields.optional("bold");
        Some(Self { rows: rows?, bold: bold? })
    }
}

fn faults(body: &str) -> Vec<(String, String)> {
    let members: Members<'_> = serde_json::from_str(body).unwrap();
    let faults = read_body::<Body>(&members).unwrap_err();
    faults.iter().map(|fault| (fault.path.clone(), fault.message.clone())).collect()
}

#[test]
fn all_faults_are_told_at_once_each_with_its_path() {
    let body = r#"{"rows":[{"id":"123456"},{"id":"1","hint":7},"x"],"bold":"yes"}"#;
    let expected = [
        ("rows[0].id", "must be at most 5 characters, has 6"),
        ("rows[1].hint", "must be a string"),
        ("rows[2]", "must be an object"),
        ("bold", "must be true or false"),
    ];
    assert_eq!(faults(body), expected.map(|(path, text)| (path.to_owned(), text.to_owned())));
}

#[test]
fn lists_name_their_limits() {
    assert_eq!(faults(r#"{"rows":[]}"#)[0].1, "must have at least 1 item");
    assert_eq!(faults(r#"{"rows":[1,2,3,4]}"#)[0].1, "must have at most 3 items, has 4");
    assert_eq!(faults(r#"{"rows":{}}"#)[0].1, "must be an array");
    assert_eq!(faults(r#"{"rows":null}"#)[0].1, "is required");
}

#[test]
fn blank_optional_fields_count_as_left_out_and_the_last_of_a_repeated_key_wins() {
    let body = r#"{"rows":[{"id":"a","id":"b","hint":""}],"bold":null,"other":[1]}"#;
    let members: Members<'_> = serde_json::from_str(body).unwrap();
    let read: Body = read_body(&members).unwrap();
    assert_eq!(read.rows.iter().next().unwrap().id.as_str(), "b");
    assert_eq!(read.rows.iter().next().unwrap().hint, None);
    assert_eq!(read.bold, None);
}

#[test]
fn limits_count_characters_and_not_bytes() {
    let members: Members<'_> = serde_json::from_str(r#"{"id":"\u00e4öü😀é"}"#).unwrap();
    assert!(read_body::<Row>(&members).is_ok());
}

#[test]
fn text_that_cannot_be_kept_is_refused() {
    let refused = |body: &str| {
        let members: Members<'_> = serde_json::from_str(body).unwrap();
        read_body::<Row>(&members).unwrap_err().iter().next().unwrap().message.clone()
    };
    assert_eq!(refused(r#"{"id":"\ud83d"}"#), "must be valid Unicode text");
    assert_eq!(refused(r#"{"id":"\u0000"}"#), "must not contain NUL characters");
    assert_eq!(refused(r#"{"id":""}"#), "must not be empty");
}

#[test]
fn what_is_only_passed_on_keeps_every_digit() {
    struct Passed(Forwarded<AnyArray>);
    impl FromFields for Passed {
        fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
            fields.required("components").map(Self)
        }
    }
    let body = r#"{"components":[{"a": 1.10, "b":123456789012345678901234567890 }]}"#;
    let members: Members<'_> = serde_json::from_str(body).unwrap();
    let read: Passed = read_body(&members).unwrap();
    assert_eq!(read.0.text(), r#"[{"a": 1.10, "b":123456789012345678901234567890 }]"#);

    let deep = format!(r#"{{"components":[{}1{}]}}"#, "[".repeat(200), "]".repeat(200));
    let members: Members<'_> = serde_json::from_str(&deep).unwrap();
    assert!(read_body::<Passed>(&members).is_err());
}

#[test]
fn the_schema_has_the_names_the_limits_and_what_is_required() {
    let schema = serde_json::to_value(Body::schema()).unwrap();
    assert_eq!(schema["required"], serde_json::json!(["rows"]));
    assert_eq!(schema["properties"]["rows"]["maxItems"], 3);
    let row = &schema["properties"]["rows"]["items"];
    assert_eq!(row["required"], serde_json::json!(["id"]));
    assert_eq!(row["properties"]["id"]["maxLength"], 5);
    assert_eq!(row["properties"]["hint"]["type"], serde_json::json!(["string", "null"]));
    assert!(serde_json::to_value(AnyText::schema()).unwrap().get("maxLength").is_none());
}
