//! The collection: a folder for each group, with its requests in an order in which they can be run.

use serde_json::{Value, json};

use super::request::{Operation, request};

/// What a later request needs is kept from the answer of an earlier one.
const KEEP: &str = r#"const keep = (name, value) => value && pm.collectionVariables.set(name, value);
const body = (() => { try { return pm.response.json(); } catch { return {}; } })();
keep('messageId', pm.response.headers.get('X-Message-Id'));
keep('mediaId', body.data?.mediaId);
keep('deliveryId', pm.request.url.getPath().endsWith('/webhooks/deliveries') && body.data?.items?.[0]?.id);"#;

pub(super) fn collection(document: &Value) -> Value {
    let operations = operations(document);
    let folders = document["tags"].as_array().into_iter().flatten().filter_map(|tag| {
        let mut mine: Vec<_> =
            operations.iter().filter(|one| *one.group() == tag["name"]).collect();
        // What is made first can be looked at, changed, and then deleted.
        mine.sort_by_key(|operation| operation.turn());
        let requests: Vec<_> = mine.into_iter().map(request).collect();
        let folder =
            json!({ "name": tag["name"], "description": tag["description"], "item": requests });
        (!requests.is_empty()).then_some(folder)
    });
    let text = |key: &str, value: &str| json!({ "key": key, "value": value, "type": "string" });
    json!({
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "auth": { "type": "bearer", "bearer": [text("token", "{{token}}")] },
        "variable": [
            text("messageId", "wamid.unknown"),
            text("mediaId", "0"),
            text("deliveryId", "unknown"),
            text("flowId", "594425479261596"),
        ],
        "event": [{ "listen": "test", "script": script(KEEP) }],
        "item": folders.collect::<Vec<_>>(),
    })
}

pub(super) fn script(lines: &str) -> Value {
    json!({ "type": "text/javascript", "exec": lines.lines().collect::<Vec<_>>() })
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods.map(move |(method, body)| Operation { path, method, body })
        })
        .collect()
}
