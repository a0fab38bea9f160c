//! One operation of the document, made from its route.

use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Required, Type};

use super::answers::success;
use super::responses::{OF_BODIES, OF_SENDS, Refusal, SHARED};
use super::{Body, Parameter, ParameterKind, Place, Route};
use crate::access::Guard;

/// The key of sends. Quotes around it are not part of it.
const KEY: Parameter = Parameter {
    name: "Idempotency-Key",
    place: Place::Header,
    about: "Your word for this one message, so that a repeat does not send it again: 1 to 255 \
            visible ASCII characters, bare or in quotes",
    kind: ParameterKind::Like(r#"^(?!""$)("[!-~]{1,255}"|[!-~]{1,255})$"#),
};

pub(super) fn operation(route: &Route) -> OperationBuilder {
    let mut operation = OperationBuilder::new()
        .tag(route.group)
        .summary(Some(route.summary))
        .description(Some(description(route)))
        .operation_id(Some(operation_id(route)))
        .response("200", success(&route.answer));
    let key = (route.guard == Guard::Sender).then_some(&KEY);
    for parameter in route.parameters.iter().chain(key) {
        operation = operation.parameter(described(parameter));
    }
    if let Some(body) = &route.body {
        operation = refusing(operation.request_body(Some(request_body(body))), &OF_BODIES);
    }
    if route.guard == Guard::Public {
        let [.., any] = &SHARED;
        let nobody: [SecurityRequirement; 0] = [];
        return operation
            .securities(Some(nobody))
            .response("4XX", any.reference())
            .response(any.status, any.reference());
    }
    if route.guard == Guard::Sender {
        operation = refusing(operation, &OF_SENDS);
    }
    refusing(operation, &SHARED)
}

fn refusing(operation: OperationBuilder, refusals: &[Refusal]) -> OperationBuilder {
    refusals.iter().fold(operation, |operation, refusal| {
        operation.response(refusal.status, refusal.reference())
    })
}

/// `post_v2_messages_send_text`: stable, and fit to be a function's name.
fn operation_id(route: &Route) -> String {
    let path = route.path.trim_matches('/').replace(['{', '}'], "");
    let path = if path.is_empty() { "root".to_owned() } else { path.replace(['/', '-', '.'], "_") };
    format!("{}_{path}", route.method.as_str().to_ascii_lowercase())
}

fn description(route: &Route) -> String {
    let summary = route.summary;
    let asks = match route.guard {
        Guard::Public => "Needs no token.",
        // Meta's own documents describe what is in Meta's shape; here it would ask for the same.
        Guard::Account | Guard::Node | Guard::NumberInPath | Guard::AccountInPath => {
            "Needs a token whose account has a running Premium or Enterprise plan."
        }
        Guard::Sender => {
            "Needs a token whose account has a running Premium or Enterprise plan, and a \
             `phoneNumberId` of that account; both are looked at before the other fields."
        }
    };
    format!("{summary}. {asks}")
}

fn described(parameter: &Parameter) -> ParameterBuilder {
    let (place, required) = match parameter.place {
        Place::Path => (ParameterIn::Path, Required::True),
        Place::Query => (ParameterIn::Query, Required::False),
        Place::Header => (ParameterIn::Header, Required::False),
    };
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let schema = match parameter.kind {
        ParameterKind::Text => text(),
        ParameterKind::Filled => text().min_length(Some(1)),
        ParameterKind::Id => text().pattern(Some("^[A-Za-z0-9_-]{1,128}$")),
        ParameterKind::Like(pattern) => text().pattern(Some(pattern)),
        ParameterKind::OneOf(values) => text().enum_values(Some(values.to_vec())),
        ParameterKind::Number { least, most } => {
            ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least)).maximum(Some(most))
        }
    };
    ParameterBuilder::new()
        .name(parameter.name)
        .parameter_in(place)
        .required(required)
        .description(Some(parameter.about))
        .schema(Some(Schema::Object(schema.build())))
}

fn request_body(body: &Body) -> RequestBody {
    let builder = RequestBodyBuilder::new().required(Some(Required::True));
    match body {
        Body::Json { schema, example } => {
            let content = ContentBuilder::new()
                .schema(Some(schema()))
                .example(serde_json::from_str(example).ok());
            builder.content("application/json", content.build()).build()
        }
        Body::File => {
            let text = || ObjectBuilder::new().schema_type(Type::String);
            let file = || text().min_length(Some(1)).content_media_type("application/octet-stream");
            let kind = text().description(Some("The content type, if the file has none"));
            let form = ObjectBuilder::new()
                .schema_type(Type::Object)
                .property("phoneNumberId", text().description(Some("The number that will send it")))
                .required("phoneNumberId")
                .property("file", file())
                .required("file")
                .property("type", kind);
            let content = |object: ObjectBuilder| {
                ContentBuilder::new().schema(Some(Schema::Object(object.build()))).build()
            };
            builder
                .description(Some("The file as multipart, or as the bare body"))
                .content("multipart/form-data", content(form))
                .content("application/octet-stream", content(file()))
                .build()
        }
    }
}
