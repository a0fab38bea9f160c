//! A route and its description, side by side; and the OpenAPI document made of all of them.

mod about;
mod answers;
mod document;
mod events;
mod headers;
mod operation;
mod responses;

use axum::routing::MethodRouter;
use http::Method;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

pub use document::document;

use crate::access::Guard;
use crate::state::AppState;

/// One method of one path: what answers it, what stands before it, and what callers read of it.
pub struct Route {
    pub method: Method,
    /// As axum and OpenAPI both write it: `/v2/forms/{flowId}`.
    pub path: &'static str,
    pub guard: Guard,
    pub group: &'static str,
    pub summary: &'static str,
    pub handler: MethodRouter<AppState>,
    pub parameters: &'static [Parameter],
    pub body: Option<Body>,
    pub answer: Answer,
}

/// A parameter that the handler reads.
pub struct Parameter {
    pub name: &'static str,
    pub place: Place,
    pub about: &'static str,
    pub kind: ParameterKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    Header,
}

#[derive(Clone, Copy)]
pub enum ParameterKind {
    Text,
    /// Text of at least one character.
    Filled,
    /// An id of Meta's.
    Id,
    /// Text that this expression matches.
    Like(&'static str),
    OneOf(&'static [&'static str]),
    Number {
        least: u32,
        most: u32,
    },
}

/// What a request carries.
pub enum Body {
    Json {
        schema: fn() -> Schema,
        example: &'static str,
    },
    /// A file, as multipart or as the bare bytes.
    File,
}

/// What a success carries.
pub enum Answer {
    /// `data` as Graph answered it.
    Graph(&'static str),
    /// Graph took a message.
    Receipt,
    /// A page of a list of Graph's.
    Page(&'static str),
    Uploaded,
    Data(DataShape),
    /// Not in the envelope: bytes of any type.
    Bytes,
    /// Not in the envelope: the OpenAPI document itself.
    Document,
    /// For people, and so not in the document: a part of the page that shows it.
    Html,
    /// Not in the envelope: text of this type.
    Text {
        content_type: &'static str,
        about: &'static str,
    },
    /// The status alone.
    Nothing(&'static str),
}

/// The schema of a type of ours, and of the types it is made of.
pub struct DataShape {
    name: fn() -> std::borrow::Cow<'static, str>,
    schema: fn() -> RefOr<Schema>,
    parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Answer {
    #[must_use]
    pub fn data<T: ToSchema>() -> Self {
        Self::Data(DataShape { name: T::name, schema: T::schema, parts: T::schemas })
    }
}

impl Route {
    /// A route without parameters or body.
    #[must_use]
    pub fn get(path: &'static str, handler: MethodRouter<AppState>, answer: Answer) -> Self {
        Self::new(Method::GET, path, handler, answer)
    }

    #[must_use]
    pub fn post(path: &'static str, handler: MethodRouter<AppState>, answer: Answer) -> Self {
        Self::new(Method::POST, path, handler, answer)
    }

    #[must_use]
    pub fn patch(path: &'static str, handler: MethodRouter<AppState>, answer: Answer) -> Self {
        Self::new(Method::PATCH, path, handler, answer)
    }

    #[must_use]
    pub fn delete(path: &'static str, handler: MethodRouter<AppState>, answer: Answer) -> Self {
        Self::new(Method::DELETE, path, handler, answer)
    }

    fn new(
        method: Method,
        path: &'static str,
        handler: MethodRouter<AppState>,
        answer: Answer,
    ) -> Self {
        Self {
            method,
            path,
            guard: Guard::Account,
            group: "",
            summary: "",
            handler,
            parameters: &[],
            body: None,
            answer,
        }
    }

    #[must_use]
    pub fn about(mut self, group: &'static str, summary: &'static str) -> Self {
        self.group = group;
        self.summary = summary;
        self
    }

    #[must_use]
    pub fn guarded(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    #[must_use]
    pub fn with(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    #[must_use]
    pub fn takes(mut self, schema: fn() -> Schema, example: &'static str) -> Self {
        self.body = Some(Body::Json { schema, example });
        self
    }

    /// Whether it is for programs, and so stands in the document.
    #[must_use]
    pub fn is_documented(&self) -> bool {
        !matches!(self.answer, Answer::Html)
    }

    #[must_use]
    pub fn takes_file(mut self) -> Self {
        self.body = Some(Body::File);
        self
    }
}

impl Parameter {
    #[must_use]
    pub const fn path(name: &'static str, kind: ParameterKind, about: &'static str) -> Self {
        Self { name, place: Place::Path, about, kind }
    }

    #[must_use]
    pub const fn query(name: &'static str, kind: ParameterKind, about: &'static str) -> Self {
        Self { name, place: Place::Query, about, kind }
    }

    #[must_use]
    pub const fn header(name: &'static str, about: &'static str) -> Self {
        Self { name, place: Place::Header, about, kind: ParameterKind::Text }
    }
}
