//! What operations answer when all goes well.

use serde_json::{Value, json};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, Schema};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type};

use super::Answer;
use super::headers::{self, MESSAGE_ID, REPLAYED, REQUEST_ID};

/// The shapes that Graph's answers have, with the names of their components.
pub(super) fn schemas() -> [(String, RefOr<Schema>); 3] {
    let named = |name: &str, object: ObjectBuilder| {
        (name.to_owned(), RefOr::T(Schema::Object(object.build())))
    };
    [named("Receipt", receipt()), named("Page", page()), named("UploadedMedia", uploaded())]
}

fn object() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object)
}

/// With whatever else Meta puts there.
fn metas() -> ObjectBuilder {
    object().additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
}

fn text(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about))
}

fn list(items: ObjectBuilder) -> ArrayBuilder {
    ArrayBuilder::new().items(RefOr::T(Schema::Object(items.build())))
}

fn receipt() -> ObjectBuilder {
    let contact = metas()
        .property("input", text("The receiver as the request named them"))
        .property("wa_id", text("The receiver as WhatsApp knows them"));
    let message = metas()
        .property("id", text("The wamid: WhatsApp's id of the message"))
        .required("id")
        .property("message_status", text("Of a paced template: `held_for_quality_assessment`"));
    metas()
        .description(Some("Graph took the message"))
        .property("messaging_product", text("`whatsapp`"))
        .property("contacts", list(contact))
        .property("messages", list(message))
        .required("messages")
}

fn page() -> ObjectBuilder {
    let cursors = metas()
        .property("after", text("Where the next page starts"))
        .property("before", text("Where the page before ends"));
    let paging = metas()
        .property("cursors", cursors)
        .property("next", text("The next page, at this gateway"))
        .property("previous", text("The page before, at this gateway"));
    object()
        .property("items", list(metas()).description(Some("As Graph has them")))
        .required("items")
        .property("paging", paging)
}

fn uploaded() -> ObjectBuilder {
    object().property("mediaId", text("Good for 30 days")).required("mediaId")
}

/// The answer of status 200.
pub(super) fn success(answer: &Answer) -> Response {
    let named = |name: &str| RefOr::Ref(Ref::from_schema_name(name));
    let any = || RefOr::T(Schema::Object(metas().build()));
    match answer {
        Answer::Receipt => {
            let example = json!({
                "messaging_product": "whatsapp",
                "contacts": [{ "input": "15551234567", "wa_id": "15551234567" }],
                "messages": [{ "id": "wamid.HBgLMTU1NTEyMzQ1NjcVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA" }],
            });
            enveloped(named("Receipt"), "Graph took the message: this is its answer", Some(example))
                .header_ref(MESSAGE_ID, headers::reference(MESSAGE_ID))
                .header_ref(REPLAYED, headers::reference(REPLAYED))
        }
        Answer::Page(about) => enveloped(named("Page"), about, None),
        Answer::Uploaded => {
            let example = json!({ "mediaId": "1037543291543636" });
            enveloped(named("UploadedMedia"), "Uploaded", Some(example))
        }
        Answer::Graph(about) => enveloped(any(), about, None),
        Answer::Data(shape) => enveloped(named(&(shape.name)()), "Done", None),
        Answer::Document => bare("application/json", any(), "An OpenAPI 3.1 document"),
        Answer::Bytes => bare("*/*", bytes(), "The bytes, with the content type that Graph gives"),
        Answer::Text { content_type, about } => bare(content_type, bytes(), about),
        Answer::Nothing(about) => ResponseBuilder::new().description(*about),
        Answer::Html => bare("text/html", bytes(), "A page"),
    }
    .header_ref(REQUEST_ID, headers::reference(REQUEST_ID))
    .build()
}

fn bytes() -> RefOr<Schema> {
    RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::String).build()))
}

/// `{"success":true,"data":…}`
fn enveloped(data: RefOr<Schema>, about: &str, example: Option<Value>) -> ResponseBuilder {
    let success = ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true]));
    let envelope = object()
        .property("success", success)
        .required("success")
        .property("data", data)
        .required("data");
    let content = ContentBuilder::new()
        .schema(Some(Schema::Object(envelope.build())))
        .example(example.map(|data| json!({ "success": true, "data": data })));
    ResponseBuilder::new().description(about).content("application/json", content)
}

fn bare(content_type: &str, schema: RefOr<Schema>, about: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(schema));
    ResponseBuilder::new().description(about).content(content_type, content)
}
