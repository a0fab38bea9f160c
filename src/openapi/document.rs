//! Builds the document.

use http::Method;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, Schema};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Content, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, Type,
};

use super::responses::{OF_BODIES, SHARED, bare, failure, failure_schema, success, text};
use super::{Answer, Body, Parameter, ParameterKind, Place, Route};
use crate::access::Guard;

const ABOUT: &str = "Sends WhatsApp messages through Meta's Cloud API. Every answer is one envelope: \
`{\"success\":true,\"data\":…}` or `{\"success\":false,\"error\":CODE,\"message\":TEXT,\"details\":…}`.";

/// The OpenAPI 3.1 document of these routes.
#[must_use]
pub fn document(routes: &[Route]) -> OpenApi {
    let mut paths = PathsBuilder::new();
    for route in routes {
        let item = PathItem::new(method(&route.method), operation(route));
        paths = paths.path(route.path, item);
    }
    let shared = SHARED.iter().chain(&OF_BODIES);
    let components = shared.fold(ComponentsBuilder::new(), |components, (_, name, about)| {
        components.response(*name, failure(about))
    });
    let components = routes.iter().fold(components, |components, route| match &route.answer {
        Answer::Data(shape) => {
            let mut parts = vec![((shape.name)().into_owned(), (shape.schema)())];
            (shape.parts)(&mut parts);
            components.schemas_from_iter(parts)
        }
        _ => components,
    });
    let components = components
        .schema("Failure", failure_schema())
        .security_scheme("bearer", bearer())
        .security_scheme("apiToken", api_token());
    let info = InfoBuilder::new()
        .title("AvenPing gateway")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT));
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components.build())).build()
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::DELETE => HttpMethod::Delete,
        Method::PATCH => HttpMethod::Patch,
        _ => HttpMethod::Get,
    }
}

fn bearer() -> SecurityScheme {
    SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build())
}

fn api_token() -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Token")))
}

fn operation(route: &Route) -> OperationBuilder {
    let mut operation = OperationBuilder::new()
        .tag(route.group)
        .summary(Some(route.summary))
        .operation_id(Some(operation_id(route)))
        .response("200", answer(&route.answer));
    for parameter in route.parameters {
        operation = operation.parameter(described(parameter));
    }
    if let Some(body) = &route.body {
        operation = operation.request_body(Some(request_body(body)));
        for (status, name, _) in OF_BODIES {
            operation = operation.response(status, reference(name));
        }
    }
    if route.guard == Guard::Public {
        return operation.response("default", reference("Failure"));
    }
    for (status, name, _) in SHARED {
        operation = operation.response(status, reference(name));
    }
    let scopes: [String; 0] = [];
    operation
        .security(SecurityRequirement::new("bearer", scopes.clone()))
        .security(SecurityRequirement::new("apiToken", scopes))
}

fn reference(name: &str) -> RefOr<utoipa::openapi::Response> {
    RefOr::Ref(Ref::from_response_name(name))
}

/// `post_v2_messages_send_text`: stable, and fit to be a function's name.
fn operation_id(route: &Route) -> String {
    let path = route.path.trim_matches('/').replace(['{', '}'], "");
    let path = if path.is_empty() { "root".to_owned() } else { path.replace(['/', '-', '.'], "_") };
    format!("{}_{path}", route.method.as_str().to_ascii_lowercase())
}

fn answer(answer: &Answer) -> utoipa::openapi::Response {
    match answer {
        Answer::Graph(about) => {
            let any = ObjectBuilder::new().schema_type(Type::Object).build();
            success(RefOr::T(Schema::Object(any)), about)
        }
        Answer::Data(shape) => success(RefOr::Ref(Ref::from_schema_name((shape.name)())), "Done"),
        Answer::Document => {
            let any = ObjectBuilder::new().schema_type(Type::Object).build();
            bare(RefOr::T(Schema::Object(any)), "An OpenAPI 3.1 document")
        }
        Answer::Bytes => {
            text("application/octet-stream", "The bytes, with the content type that Graph gives")
        }
        Answer::Text { content_type, about } => text(content_type, about),
    }
}

fn described(parameter: &Parameter) -> ParameterBuilder {
    let (place, required) = match parameter.place {
        Place::Path => (ParameterIn::Path, Required::True),
        Place::Query => (ParameterIn::Query, Required::False),
        Place::Header => (ParameterIn::Header, Required::False),
    };
    let schema = match parameter.kind {
        ParameterKind::Text => ObjectBuilder::new().schema_type(Type::String),
        ParameterKind::Id => {
            ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9_-]{1,128}$"))
        }
        ParameterKind::OneOf(values) => {
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values.to_vec()))
        }
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

fn request_body(body: &Body) -> utoipa::openapi::request_body::RequestBody {
    let builder = RequestBodyBuilder::new().required(Some(Required::True));
    match body {
        Body::Json { schema, example } => {
            let mut content = Content::new(Some(RefOr::T(schema())));
            content.example = serde_json::from_str(example).ok();
            builder.content("application/json", content).build()
        }
        Body::File => {
            let text = || ObjectBuilder::new().schema_type(Type::String);
            let form = ObjectBuilder::new()
                .schema_type(Type::Object)
                .property("phoneNumberId", text())
                .required("phoneNumberId")
                .property("file", text().content_media_type("application/octet-stream"))
                .required("file")
                .property(
                    "type",
                    text().description(Some("The content type, if the file has none")),
                );
            let form = Content::new(Some(RefOr::T(Schema::Object(form.build()))));
            let bare = Content::new(Some(RefOr::T(Schema::Object(text().build()))));
            builder
                .content("multipart/form-data", form)
                .content("application/octet-stream", bare)
                .build()
        }
    }
}
