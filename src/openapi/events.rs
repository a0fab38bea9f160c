//! The events that the gateway posts to the customer, as `webhooks` of the document.

use serde_json::{Value, json};
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, Schema};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, RefOr, Required, ResponseBuilder, Type};

use super::about::EVENTS;

const HEADERS: [(&str, &str, &str); 6] = [
    (
        "webhook-id",
        "The event: equal over all attempts and redeliveries",
        "018f3d2e-7d5c-7c1a-9d55-3f4f1c0f7a11",
    ),
    ("webhook-timestamp", "Of this attempt, in seconds", "1764208800"),
    (
        "webhook-signature",
        "`v1,` and base64 of the HMAC-SHA256 over `id.timestamp.body`; two of them while a code is new",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
    (
        "X-AvenPing-Signature",
        "`sha256=` and hex of the HMAC-SHA256 over the body",
        "sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914",
    ),
    ("X-AvenPing-Event", "The name of the event", "newMessage"),
    ("X-AvenPing-Sequence", "A number that rises with each event of the account", "42"),
];

fn object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object)
}

fn metas(about: &str) -> ObjectBuilder {
    object()
        .description(Some(about))
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
}

fn text(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about))
}

fn list(items: ObjectBuilder) -> ArrayBuilder {
    ArrayBuilder::new().items(RefOr::T(Schema::Object(items.build())))
}

/// One item for each event.
pub(super) fn webhooks() -> Paths {
    let message = json!({
        "from": "15557654321",
        "id": "wamid.HBgLMTU1NTc2NTQzMjEVAgASGBQzQUFCRjY4QzM5QTI2RDU1RkQ0NAA=",
        "timestamp": "1764208799",
        "type": "text",
        "text": { "body": "Hi" },
    });
    let lead = object()
        .property("name", text("As the sender calls themselves"))
        .required("name")
        .property("phoneNumber", text("Empty when the sender hides it"))
        .required("phoneNumber")
        .property("userId", text("The business-scoped user id, if Meta tells it"))
        .property("messages", list(metas("Meta's message object")))
        .required("messages");
    let status = json!({
        "id": "wamid.HBgLMTU1NTEyMzQ1NjcVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA",
        "status": "delivered",
        "timestamp": "1764208800",
        "recipient_id": "15551234567",
    });
    let change = json!({
        "value": { "messaging_product": "whatsapp", "messages": [&message] },
        "field": "messages",
    });
    let envelope = json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "102290129340398", "changes": [change] }],
    });
    let example = json!({ "name": "Ada", "phoneNumber": "15557654321", "messages": [&message] });
    PathsBuilder::new()
        .path(
            "newLead",
            event("newLead", object().property("newLead", lead), &json!({ "newLead": example })),
        )
        .path(
            "newMessage",
            event(
                "newMessage",
                object().property("newMessage", metas("Meta's message object")),
                &json!({ "newMessage": message }),
            ),
        )
        .path(
            "messageStatus",
            event(
                "messageStatus",
                object()
                    .property("messageStatus", metas("Meta's status object"))
                    .property("reference", text("The `reference` that the message was sent with")),
                &json!({ "messageStatus": status, "reference": "order-4711" }),
            ),
        )
        .path(
            "metaEvent",
            event(
                "metaEvent",
                object().property("metaEvent", metas("Meta's envelope with one change")),
                &json!({ "metaEvent": envelope }),
            ),
        )
        .build()
}

fn event(name: &str, body: ObjectBuilder, example: &Value) -> PathItem {
    let about = match name {
        "newLead" => {
            "The first message of a sender who is new to the number; comes before its newMessage"
        }
        "newMessage" => "An inbound message",
        "messageStatus" => "What became of a message; only when `events` asks for it",
        _ => "Whatever Meta posts, as it came; only when `events` asks for it",
    };
    let body = Schema::Object(body.required(name).build());
    let content = ContentBuilder::new().schema(Some(body)).example(Some(example.clone()));
    let request = RequestBodyBuilder::new()
        .content("application/json", content.build())
        .required(Some(Required::True));
    let operation = OperationBuilder::new()
        .tag(EVENTS)
        .summary(Some(name))
        .description(Some(about))
        .operation_id(Some(format!("on_{name}")))
        .request_body(Some(request.build()))
        .response("2XX", ResponseBuilder::new().description("It has arrived"))
        .response(
            "410",
            ResponseBuilder::new().description("Nothing more, please: the endpoint is paused"),
        )
        .response(
            "default",
            ResponseBuilder::new().description("It is tried again, for about three days"),
        );
    let operation = HEADERS.iter().fold(operation, |operation, (header, about, example)| {
        let parameter = ParameterBuilder::new()
            .name(*header)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(*about))
            .example(Some(Value::from(if *header == "X-AvenPing-Event" { name } else { example })))
            .schema(Some(Schema::Object(ObjectBuilder::new().schema_type(Type::String).build())));
        operation.parameter(parameter)
    });
    PathItem::new(HttpMethod::Post, operation)
}
