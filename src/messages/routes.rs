//! The routes of this room.

use axum::routing::post;
use utoipa::openapi::schema::{AnyOfBuilder, Schema};

use super::outgoing::Outgoing;
use super::read::Marked;
use super::template::{EXAMPLE, NAMED_EXAMPLE};
use super::{KINDS, SendNamedTemplate, SendTemplate, read, send, text};
use crate::access::Guard;
use crate::fields::Field;
use crate::graph::Mark;
use crate::openapi::{Answer, Parameter, ParameterKind, Route};

const ANSWER: Answer = Answer::Receipt;

/// One route a kind, `/send` for all of them, and the two that send templates.
#[must_use]
pub fn routes() -> Vec<Route> {
    let kinds = KINDS.iter().map(|kind| {
        let handler = post(move |sending, state| send::kind(kind, sending, state));
        Route::post(kind.path, handler, ANSWER)
            .about("Messages", kind.summary)
            .guarded(Guard::Sender)
            .takes(kind.schema, kind.example)
    });
    let any = Route::post("/v2/messages/send", post(send::any), ANSWER)
        .about("Messages", "Send any message of a documented kind: the fields tell which")
        .guarded(Guard::Sender)
        .takes(any_schema, text::EXAMPLE);
    let template = Route::post("/v2/templates/send", post(send::template), ANSWER)
        .about("Templates", "Send a template")
        .guarded(Guard::Sender)
        .takes(<Outgoing<SendTemplate> as Field>::schema, EXAMPLE);
    let named = Route::post("/v2/templates/{name}/test-send", post(send::named_template), ANSWER)
        .about("Templates", "Send a template named in the path")
        .guarded(Guard::Sender)
        .with(const { &[Parameter::path("name", ParameterKind::Text, "The template's name")] })
        .takes(<Outgoing<SendNamedTemplate> as Field>::schema, NAMED_EXAMPLE);
    let marks = [
        ("/v2/messages/read", Mark::Read, "Mark a message as read"),
        ("/v2/messages/typing", Mark::Typing, "Mark a message as read, and show that you type"),
    ];
    let marks = marks.map(|(path, mark, summary)| {
        let handler = post(move |sending, state| read::mark(mark, sending, state));
        Route::post(path, handler, Answer::Graph("Graph's answer"))
            .about("Messages", summary)
            .guarded(Guard::Sender)
            .takes(<Marked as Field>::schema, read::EXAMPLE)
    });
    kinds.chain([any]).chain(marks).chain([template, named]).collect()
}

fn any_schema() -> Schema {
    let on_send = KINDS.iter().filter(|kind| kind.is_on_send());
    let any = on_send.fold(AnyOfBuilder::new(), |any, kind| any.item(kind.schema()));
    Schema::AnyOf(any.build())
}
