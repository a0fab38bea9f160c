//! The messages that were accepted: what a test looks at, and what statuses will be told about.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};

use crate::model::{GraphId, Timestamp};

use super::answer::ok;
use super::world::World;

/// The oldest are forgotten beyond this many.
const REMEMBERED: usize = 10_000;

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A person by phone number: as it was sent, and its digits.
    Person {
        input: String,
        wa_id: String,
    },
    /// A person by business-scoped user id.
    User {
        user_id: String,
    },
    Group {
        group_id: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SentMessage {
    /// The wamid it was answered with.
    pub id: String,
    pub phone_number_id: GraphId,
    pub recipient: Recipient,
    /// The payload's `type`: `text`, `image`, `interactive`, ...
    pub kind: String,
    pub accepted_at: Timestamp,
    /// The whole payload, as it came.
    pub payload: Value,
}

#[derive(Debug, Default)]
pub(crate) struct SentMessages(Mutex<VecDeque<SentMessage>>);

impl SentMessages {
    /// The one place that every accepted message passes.
    pub(crate) fn record(&self, message: SentMessage) {
        let mut messages = self.messages();
        if messages.len() >= REMEMBERED {
            messages.pop_front();
        }
        messages.push_back(message);
    }

    pub(crate) fn all(&self) -> Vec<SentMessage> {
        self.messages().iter().cloned().collect()
    }

    fn messages(&self) -> MutexGuard<'_, VecDeque<SentMessage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `GET /sandbox/messages`, which Meta has not.
pub(crate) async fn list(State(world): State<Arc<World>>) -> Response {
    ok(&json!({ "data": world.sent.all() }))
}
