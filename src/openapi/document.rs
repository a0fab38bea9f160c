//! Builds the document.

use http::Method;
use utoipa::openapi::path::{HttpMethod, PathItem, PathsBuilder};
use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::server::ServerBuilder;
use utoipa::openapi::{Components, OpenApi, OpenApiBuilder};

use super::about::{info, tags};
use super::events::webhooks;
use super::operation::operation;
use super::responses::{
    OF_BODIES, OF_SENDS, SHARED, failure_schema, faults_schema, upstream_schema,
};
use super::{Answer, Route, answers, headers};

/// The OpenAPI 3.1 document of these routes, which callers find below `root`: empty, or a path
/// that a proxy puts before them.
#[must_use]
pub fn document(routes: &[Route], root: &str) -> OpenApi {
    let routes: Vec<_> = routes.iter().filter(|route| route.is_documented()).collect();
    let paths = routes.iter().fold(PathsBuilder::new(), |paths, route| {
        paths.path(route.path, PathItem::new(method(&route.method), operation(route)))
    });
    let server = ServerBuilder::new()
        .url(if root.is_empty() { "/" } else { root })
        .description(Some("The gateway that this document is from"));
    let scopes: [String; 0] = [];
    let either = [
        SecurityRequirement::new("bearer", scopes.clone()),
        SecurityRequirement::new("apiToken", scopes),
    ];
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([server.build()]))
        .tags(Some(tags()))
        .paths(paths)
        .webhooks(Some(webhooks()))
        .security(Some(either))
        .components(Some(components(&routes)))
        .build()
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::DELETE => HttpMethod::Delete,
        Method::PATCH => HttpMethod::Patch,
        _ => HttpMethod::Get,
    }
}

fn components(routes: &[&Route]) -> Components {
    let refusals = SHARED.iter().chain(&OF_BODIES).chain(&OF_SENDS);
    let components = refusals.fold(ComponentsBuilder::new(), |components, refusal| {
        components.response(refusal.name, refusal.response())
    });
    let components = routes.iter().fold(components, |components, route| match &route.answer {
        Answer::Data(shape) => {
            let mut parts = vec![((shape.name)().into_owned(), (shape.schema)())];
            (shape.parts)(&mut parts);
            components.schemas_from_iter(parts)
        }
        _ => components,
    });
    let mut components = components
        .schemas_from_iter(answers::schemas())
        .schema("Failure", failure_schema())
        .schema("Faults", faults_schema())
        .schema("Upstream", upstream_schema())
        .security_scheme("bearer", bearer())
        .security_scheme("apiToken", api_token())
        .build();
    components.headers = headers::all().collect();
    components
}

fn bearer() -> SecurityScheme {
    let about = "An API token: `Authorization: Bearer avp_live_…`";
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about));
    SecurityScheme::Http(scheme.build())
}

fn api_token() -> SecurityScheme {
    let about = "The same token in a header of its own";
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("X-API-Token", about)))
}
