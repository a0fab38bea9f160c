//! The recipients that fail: `15550` and the six digits of what goes wrong at once, `15551` and
//! the six digits of what Meta finds out later.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::codes::{self, Code};
use super::errors::{GraphError, Judged};
use super::sent::Recipient;
use super::world::World;

const PREFIX: &str = "15550";
const PREFIX_LATER: &str = "15551";

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Error</title></head>\
    <body><h1>Sorry, something went wrong.</h1>\
    <p>We're working on getting this fixed as soon as we can.</p></body></html>\n";

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// `15550000001`: a right answer, late.
    Slow,
    /// `15550000408`: no answer, as long as the caller waits.
    Silent,
    /// `15550000500`: a proxy's page instead of JSON.
    Page,
    /// Any other number that ends in a code of Meta's.
    Refusal(Code),
}

impl Fault {
    /// The three special numbers win over codes of the same digits.
    pub(crate) fn of(recipient: &Recipient) -> Option<Self> {
        match number_behind(PREFIX, recipient)? {
            1 => Some(Self::Slow),
            408 => Some(Self::Silent),
            500 => Some(Self::Page),
            number => codes::find(number).map(Self::Refusal),
        }
    }

    /// Does to the caller what the fault is; `Ok(None)` when the message is to be accepted now.
    pub(crate) async fn befall(self, world: &World) -> Judged<Option<Response>> {
        match self {
            Self::Slow => {
                pause(world, world.slow_answer).await;
                Ok(None)
            }
            Self::Silent => {
                world.stopping.cancelled().await;
                Ok(Some(StatusCode::REQUEST_TIMEOUT.into_response()))
            }
            Self::Page => {
                let head = [(CONTENT_TYPE, "text/html; charset=utf-8")];
                Ok(Some((StatusCode::INTERNAL_SERVER_ERROR, head, PAGE).into_response()))
            }
            Self::Refusal(code) => {
                let details = format!("The sandbox answers so to {PREFIX}{:06}.", code.number);
                Err(GraphError::new(code, details))
            }
        }
    }
}

/// What a message fails with after it was accepted.
pub(crate) fn found_later(recipient: &Recipient) -> Option<Code> {
    codes::find(number_behind(PREFIX_LATER, recipient)?)
}

pub(crate) fn details_later(code: Code) -> String {
    format!("The sandbox tells so of {PREFIX_LATER}{:06}.", code.number)
}

/// The last six digits of a number that begins so and has no more.
fn number_behind(prefix: &str, recipient: &Recipient) -> Option<u32> {
    let Recipient::Person { wa_id, .. } = recipient else { return None };
    wa_id.strip_prefix(prefix).filter(|digits| digits.len() == 6)?.parse().ok()
}

async fn pause(world: &World, length: Duration) {
    tokio::select! {
        () = tokio::time::sleep(length) => {}
        () = world.stopping.cancelled() => {}
    }
}
