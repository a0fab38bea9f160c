//! One request of the collection.

use serde_json::{Value, json};

use super::collection::script;

/// An operation of the document.
pub(super) struct Operation<'d> {
    pub(super) path: &'d str,
    pub(super) method: &'d str,
    pub(super) body: &'d Value,
}

/// Where the status is not 200, or may be another: what is asked for is not there in a fresh
/// sandbox, or there is a secret that only Meta knows.
const OTHERWISE: [(&str, &[u16]); 9] = [
    ("get_v2_templates_send", &[404]),
    ("patch_v2_templates_send", &[404]),
    ("delete_v2_templates_send", &[404]),
    ("get_v2_webhooks_deliveries_id", &[200, 404]),
    ("post_v2_webhooks_deliveries_id_redeliver", &[200, 404]),
    // The documented range lies more than 14 days back one day.
    ("post_v2_webhooks_deliveries_redeliver", &[200, 400]),
    ("get_v2_ready", &[200, 503]),
    ("get_webhooks_meta", &[403]),
    ("post_webhooks_meta", &[401]),
];

/// The values of path parameters that are no variables.
const NAMES: [(&str, &str); 2] =
    [("post_v2_templates_name_test_send", "hello_world"), ("", "order_delivered")];

impl Operation<'_> {
    pub(super) fn group(&self) -> &Value {
        &self.body["tags"][0]
    }

    fn id(&self) -> &str {
        self.body["operationId"].as_str().unwrap_or_default()
    }

    /// What makes something goes before what reads it, and what deletes it goes last.
    pub(super) fn turn(&self) -> u8 {
        match (self.method, self.path.contains('{')) {
            ("post", false) => 0,
            ("get", _) => 1,
            ("post", true) => 2,
            ("patch", _) => 3,
            _ => 4,
        }
    }

    fn parameters(&self, place: &str) -> impl Iterator<Item = &Value> {
        let all = self.body["parameters"].as_array().into_iter().flatten();
        all.filter(move |parameter| parameter["in"] == place)
    }

    fn is_public(&self) -> bool {
        self.body["security"].as_array().is_some_and(Vec::is_empty)
    }

    fn expected(&self) -> &'static [u16] {
        let other = OTHERWISE.iter().find(|(id, _)| *id == self.id());
        other.map_or(&[200], |(_, statuses)| statuses)
    }

    fn path_value(&self, name: &str) -> String {
        if name != "name" {
            let known = if name == "id" && self.path.contains("deliveries") {
                "deliveryId"
            } else if name == "id" {
                "messageId"
            } else {
                name
            };
            return format!("{{{{{known}}}}}");
        }
        let named = NAMES.iter().find(|(id, _)| id.is_empty() || *id == self.id());
        named.map_or(name, |(_, value)| value).to_owned()
    }
}

pub(super) fn request(operation: &Operation<'_>) -> Value {
    let mut request = json!({
        "method": operation.method.to_uppercase(),
        "description": operation.body["description"],
        "header": headers(operation),
        "url": url(operation),
    });
    if operation.is_public() {
        request["auth"] = json!({ "type": "noauth" });
    }
    if let Some(body) = body(operation) {
        request["body"] = body;
    }
    json!({
        "name": operation.body["summary"],
        "request": request,
        "event": [{ "listen": "test", "script": script(&assertions(operation)) }],
    })
}

fn assertions(operation: &Operation<'_>) -> String {
    let expected = operation.expected();
    let mut lines = vec![
        format!("pm.test('the status is {}', () =>", words(expected)),
        format!("  pm.expect(pm.response.code).to.be.oneOf({expected:?}));"),
        "pm.test('the request has an id', () => pm.response.to.have.header('X-Request-Id'));"
            .into(),
    ];
    let has_envelope = operation.body["responses"]["200"]["content"]["application/json"]["schema"]
        ["properties"]["success"]
        .is_object();
    if has_envelope {
        lines.push(
            "pm.test('the answer is in the envelope', () =>\n  \
             pm.expect(pm.response.json().success).to.eql(pm.response.code === 200));"
                .into(),
        );
    }
    let is_receipt = operation.body["responses"]["200"]["headers"]["X-Message-Id"].is_object();
    if is_receipt {
        lines.push(
            "pm.test('Graph took the message', () =>\n  \
             pm.expect(pm.response.json().data.messages[0].id).to.match(/^wamid\\./));"
                .into(),
        );
    }
    lines.join("\n")
}

fn words(statuses: &[u16]) -> String {
    statuses.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ")
}

fn url(operation: &Operation<'_>) -> Value {
    let path = operation.path.trim_matches('/').replace('{', ":").replace('}', "");
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let variables: Vec<_> = operation
        .parameters("path")
        .map(|parameter| {
            let name = parameter["name"].as_str().unwrap_or_default();
            json!({ "key": name, "value": operation.path_value(name) })
        })
        .collect();
    // There to be filled in: none of them is needed.
    let query: Vec<_> = operation
        .parameters("query")
        .map(|parameter| {
            json!({
                "key": parameter["name"],
                "value": "",
                "description": parameter["description"],
                "disabled": true,
            })
        })
        .collect();
    json!({
        "raw": format!("{{{{baseUrl}}}}/{path}"),
        "host": ["{{baseUrl}}"],
        "path": segments,
        "query": query,
        "variable": variables,
    })
}

fn headers(operation: &Operation<'_>) -> Vec<Value> {
    let mut headers: Vec<_> = operation
        .parameters("header")
        .map(|parameter| {
            let value = match parameter["name"].as_str() {
                Some("X-Phone-Number-Id") => "{{phoneNumberId}}",
                Some("X-Filename") => "hello.txt",
                _ => "",
            };
            json!({
                "key": parameter["name"],
                "value": value,
                "description": parameter["description"],
                "disabled": value.is_empty(),
            })
        })
        .collect();
    if takes_file(operation) {
        headers.push(json!({ "key": "Content-Type", "value": "text/plain" }));
    }
    headers
}

fn takes_file(operation: &Operation<'_>) -> bool {
    operation.body["requestBody"]["content"]["multipart/form-data"].is_object()
}

/// The documented example, with the caller's own number and receiver.
fn body(operation: &Operation<'_>) -> Option<Value> {
    if takes_file(operation) {
        return Some(json!({ "mode": "raw", "raw": "Hello from Postman" }));
    }
    let mut example =
        operation.body["requestBody"]["content"]["application/json"].get("example")?.clone();
    for (member, variable) in [("phoneNumberId", "{{phoneNumberId}}"), ("to", "{{to}}")] {
        let is_of_a_send = example.get("phoneNumberId").is_some();
        if let Some(value) = example.get_mut(member).filter(|_| is_of_a_send) {
            *value = variable.into();
        }
    }
    let raw = serde_json::to_string_pretty(&example).ok()?;
    Some(json!({ "mode": "raw", "raw": raw, "options": { "raw": { "language": "json" } } }))
}
