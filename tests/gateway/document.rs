//! The OpenAPI document: complete, sound, and of one mind with what reads the requests.

use std::collections::BTreeSet;

use avenping_gateway::app::routes;
use avenping_gateway::openapi::Body;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, NUMBER, Place, Setup, WABA, cases};

cases![
    every_route_is_in_the_document_and_nothing_else,
    every_reference_leads_somewhere,
    each_example_fits_its_schema_and_passes_the_gateway,
    a_missing_required_member_is_refused_by_reader_and_schema_alike,
    an_empty_body_is_told_of_every_required_member_and_no_other,
    what_the_schema_refuses_the_reader_refuses_too,
    answers_are_as_the_document_describes_them,
    a_limit_refuses_as_the_document_describes_it,
    refusals_are_as_the_document_describes_them,
];

async fn document(gateway: &Gateway) -> Value {
    let answer = gateway.get("/v2/openapi.json").anonymous().send().await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.status, 200);
    answer.json()
}

/// A schema of the document, able to look up what it refers to.
fn validator(document: &Value, schema: &Value) -> Validator {
    let whole = json!({ "components": document["components"], "allOf": [schema] });
    jsonschema::validator_for(&whole).unwrap()
}

async fn every_route_is_in_the_document_and_nothing_else(place: Place) {
    let gateway = Gateway::start(&place).await;
    let document = document(&gateway).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            documented.insert(format!("{} {path}", method.to_uppercase()));
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()));
        }
    }
    let served: BTreeSet<_> = routes()
        .iter()
        .filter(|route| route.is_documented())
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(documented, served);
    let ids: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), served.len(), "operation ids differ");
}

async fn every_reference_leads_somewhere(place: Place) {
    let gateway = Gateway::start(&place).await;
    let document = document(&gateway).await;
    let mut left = vec![&document];
    let mut count = 0;
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(members) => {
                left.extend(members.values());
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.strip_prefix('#').expect("it is local");
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    count += 1;
                }
            }
            _ => {}
        }
    }
    assert!(count > 50);
}

/// A documented JSON body: where it is sent to, its schema, its example.
struct Documented {
    method: String,
    path: String,
    schema: Value,
    example: Value,
}

async fn bodies(gateway: &Gateway) -> (Value, Vec<Documented>) {
    let document = document(gateway).await;
    let list = format!("/v23.0/{WABA}/message_templates");
    let row = |name: &str| json!({ "name": name, "language": "en_US", "id": "7" });
    let rows = json!({ "data": [row("order_shipped"), row("send")] }).to_string();
    gateway.meta.answers("GET", &list, 200, &rows).await;
    for target in [list.as_str(), "/v23.0/7"] {
        gateway.meta.answers("POST", target, 200, r#"{"success":true}"#).await;
    }
    let mut bodies = Vec::new();
    for route in routes() {
        let Some(Body::Json { .. }) = route.body else { continue };
        let method = route.method.as_str().to_lowercase();
        let body = &document["paths"][route.path][method]["requestBody"];
        let content = &body["content"]["application/json"];
        bodies.push(Documented {
            method: route.method.to_string(),
            path: route.path.replace("{name}", "order_shipped"),
            schema: content["schema"].clone(),
            example: content["example"].clone(),
        });
    }
    assert!(bodies.len() >= 27);
    (document, bodies)
}

impl Documented {
    async fn answer(&self, gateway: &Gateway, body: &Value) -> Answer {
        gateway.ask(&self.method, &self.path).json(&body.to_string()).send().await
    }

    /// What it requires depends on the kind, or it requires nothing.
    fn requires_nothing(&self) -> bool {
        self.method == "PATCH"
            || matches!(self.path.as_str(), "/v2/messages/send" | "/v2/webhooks/config")
    }

    /// Whether `to`, or something in its place, must be there.
    fn has_receiver(&self) -> bool {
        self.example.get("to").is_some() && self.path != REDELIVER
    }
}

async fn each_example_fits_its_schema_and_passes_the_gateway(place: Place) {
    let gateway = Gateway::start(&place).await;
    let (document, bodies) = bodies(&gateway).await;
    for documented in bodies {
        let Documented { path, schema, example, .. } = &documented;
        let validator = validator(&document, schema);
        assert!(validator.is_valid(example), "{path}: {:?}", validator.validate(example));
        let answer = documented.answer(&gateway, example).await;
        if path == REDELIVER {
            // The clock of the case is not that of the example: its range has long passed.
            answer.faults(&[("from", "must be at most 14 days ago")]);
            continue;
        }
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
}

const REDELIVER: &str = "/v2/webhooks/deliveries/redeliver";

/// The JSON pointers of all members that the schema requires in this body.
fn required(schema: &Value, body: &Value, here: &str, found: &mut BTreeSet<String>) {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        required(part, body, here, found);
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        found.insert(format!("{here}/{}", name.as_str().unwrap()));
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = body.get(name) {
            required(schema, value, &format!("{here}/{name}"), found);
        }
    }
    for (index, item) in body.as_array().into_iter().flatten().enumerate() {
        required(&schema["items"], item, &format!("{here}/{index}"), found);
    }
}

/// `/sections/0/title` as a fault names it.
fn fault_path(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.trim_start_matches('/').split('/') {
        match step.parse::<usize>() {
            Ok(index) => path += &format!("[{index}]"),
            Err(_) if path.is_empty() => path += step,
            Err(_) => path += &format!(".{step}"),
        }
    }
    path
}

fn without(body: &Value, pointer: &str) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).expect(pointer);
    body
}

async fn a_missing_required_member_is_refused_by_reader_and_schema_alike(place: Place) {
    let gateway = Gateway::start(&place).await;
    let (document, bodies) = bodies(&gateway).await;
    let before = gateway.meta.count().await;
    let mut tried = 0;
    for documented in bodies.iter().filter(|documented| !documented.requires_nothing()) {
        let Documented { path, schema, example, .. } = documented;
        let validator = validator(&document, schema);
        let mut pointers = BTreeSet::new();
        required(schema, example, "", &mut pointers);
        if documented.has_receiver() {
            pointers.insert("/to".to_owned());
        }
        for pointer in pointers {
            tried += 1;
            let body = without(example, &pointer);
            assert!(!validator.is_valid(&body), "{path} without {pointer} fits the schema");
            let answer = documented.answer(&gateway, &body).await;
            if pointer == "/phoneNumberId" {
                answer.refused(400, "VALIDATION_ERROR", "phoneNumberId is required");
                continue;
            }
            answer.faults(&[(&fault_path(&pointer), "is required")]);
        }
    }
    assert!(tried > 110, "only {tried}");
    assert_eq!(gateway.meta.count().await, before);
}

async fn an_empty_body_is_told_of_every_required_member_and_no_other(place: Place) {
    let gateway = Gateway::start(&place).await;
    let (_, bodies) = bodies(&gateway).await;
    for documented in bodies.iter().filter(|documented| !documented.requires_nothing()) {
        let Documented { path, schema, .. } = documented;
        let mut pointers = BTreeSet::new();
        required(schema, &json!({}), "", &mut pointers);
        let mut expected: BTreeSet<_> =
            pointers.iter().map(|pointer| fault_path(pointer)).collect();
        expected.remove("phoneNumberId");
        if documented.has_receiver() {
            expected.insert("to".to_owned());
        }
        let answer = documented.answer(&gateway, &json!({ "phoneNumberId": NUMBER })).await;
        let json = answer.json();
        let mut faults = json["details"].as_array().unwrap().clone();
        if path == "/v2/messages/send/interactive/flow" {
            let one = json!({ "path": "flowId", "message": "must have flowId or flowName" });
            faults.retain(|fault| *fault != one);
            assert_eq!(faults.len() + 1, json["details"].as_array().unwrap().len());
        }
        assert!(faults.iter().all(|fault| fault["message"] == "is required"), "{json}");
        let told: Vec<_> =
            faults.iter().map(|fault| fault["path"].as_str().unwrap().to_owned()).collect();
        assert_eq!(told.len(), expected.len(), "{path}: {told:?}");
        assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), expected, "{path}");
    }
}

async fn what_the_schema_refuses_the_reader_refuses_too(place: Place) {
    let gateway = Gateway::start(&place).await;
    let (document, bodies) = bodies(&gateway).await;
    for documented in bodies {
        let Documented { path, schema, example, .. } = &documented;
        if path == "/v2/messages/send" {
            continue;
        }
        let validator = validator(&document, schema);
        let object = if schema["allOf"].is_array() { &schema["allOf"][0] } else { schema };
        for name in object["properties"].as_object().unwrap().keys() {
            if name == "phoneNumberId" {
                continue;
            }
            for wrong in [json!(7), json!(true), json!({}), json!([7]), json!("x")] {
                let mut body = example.clone();
                body[name] = wrong;
                let answer = documented.answer(&gateway, &body).await;
                if validator.is_valid(&body) {
                    assert!(matches!(answer.status, 200 | 400), "{path} {body}");
                } else {
                    assert_eq!(answer.status, 400, "{path} takes {body}");
                }
            }
        }
    }
}

/// The schema of the answer of an operation with this status.
fn answer_schema<'d>(document: &'d Value, method: &str, path: &str, status: &str) -> &'d Value {
    let mut response = &document["paths"][path][method]["responses"][status];
    if let Some(reference) = response["$ref"].as_str() {
        response = document.pointer(reference.trim_start_matches('#')).unwrap();
    }
    let schema = &response["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} {status}");
    schema
}

#[track_caller]
fn fits(document: &Value, schema: &Value, answer: &Answer) {
    let validator = validator(document, schema);
    let json = answer.json();
    assert!(validator.is_valid(&json), "{json}: {:?}", validator.validate(&json));
}

async fn answers_are_as_the_document_describes_them(place: Place) {
    let gateway = Gateway::start(&place).await;
    let document = document(&gateway).await;
    let flows =
        r#"{"data":[{"id":"1","name":"a","status":"DRAFT","validation_errors":[{"x":1}]}]}"#;
    gateway.meta.answers("GET", &format!("/v23.0/{WABA}/flows"), 200, flows).await;
    for path in [
        "/",
        "/v2/health",
        "/v2/version",
        "/v2/ready",
        "/v2/me",
        "/v2/webhooks/config",
        "/v2/forms",
        "/v2/forms/search",
    ] {
        let answer = gateway.get(path).send().await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        fits(&document, answer_schema(&document, "get", path, "200"), &answer);
    }
    let change = gateway.post("/v2/webhooks/config", &json!({ "events": [] })).send().await;
    fits(&document, answer_schema(&document, "post", "/v2/webhooks/config", "200"), &change);
}

async fn a_limit_refuses_as_the_document_describes_it(place: Place) {
    let mut setup = Setup::new(&place).await;
    setup.settings.limits.account_rate = "1/60s".parse().unwrap();
    let gateway = setup.start().await;
    let document = document(&gateway).await;
    assert_eq!(gateway.get("/v2/me").send().await.status, 200);
    let answer = gateway.get("/v2/me").send().await;
    assert_eq!(answer.status, 429);
    fits(&document, answer_schema(&document, "get", "/v2/me", "429"), &answer);
}

async fn refusals_are_as_the_document_describes_them(place: Place) {
    let gateway = Gateway::start(&place).await;
    let document = document(&gateway).await;
    let path = "/v2/messages/send/text";
    let text = json!({ "phoneNumberId": NUMBER, "to": "1", "text": "Hi" });
    gateway
        .meta
        .answers("POST", &format!("/v23.0/{NUMBER}/messages"), 400, r#"{"error":{"code":100}}"#)
        .await;
    for (ask, status) in [
        (gateway.post(path, &json!({})), "400"),
        (gateway.post(path, &json!({ "phoneNumberId": NUMBER })), "400"),
        (gateway.post(path, &text).anonymous(), "401"),
        (gateway.post(path, &json!({ "phoneNumberId": "1" })), "403"),
        (gateway.ask("POST", path).claiming(u64::from(u32::MAX)), "413"),
        (gateway.post(path, &text).header("Content-Encoding", "gzip"), "415"),
        (gateway.post(path, &text), "500"),
    ] {
        let answer = ask.send().await;
        assert_eq!(answer.status.to_string(), status, "{}", answer.text());
        fits(&document, answer_schema(&document, "post", path, status), &answer);
    }
}
