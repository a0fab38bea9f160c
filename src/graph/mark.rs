//! Telling a customer that their message was seen, or is being answered.

use bytes::Bytes;
use serde::Serialize;

use super::exchange::{Exchange, Repeat};
use super::failure::GraphFailure;
use super::http::post_json;
use super::{Credentials, Graph, GraphReply};
use crate::metrics::CallKind;
use crate::model::GraphId;

/// What the customer sees. Typing marks the message as read, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Read,
    Typing,
}

#[derive(Serialize)]
struct Payload<'a> {
    messaging_product: &'static str,
    status: &'static str,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    typing_indicator: Option<Indicator>,
}

#[derive(Serialize)]
struct Indicator {
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Graph {
    /// Marks a message that a customer wrote to one of the account's numbers. Twice is as good as
    /// once, so it is tried again like a read.
    ///
    /// # Errors
    /// As any read of Graph's.
    pub async fn mark(
        &self,
        credentials: Credentials<'_>,
        number: &GraphId,
        wamid: &str,
        mark: Mark,
    ) -> Result<GraphReply, GraphFailure> {
        let payload = Payload {
            messaging_product: "whatsapp",
            status: "read",
            message_id: wamid,
            typing_indicator: (mark == Mark::Typing).then_some(Indicator { kind: "text" }),
        };
        let body = Bytes::from(serde_json::to_vec(&payload).unwrap_or_default());
        let url = self.messages_of(credentials.errand, number);
        let budget = self.0.settings.read_timeout.get();
        let request = || post_json(&self.0.client, url.clone(), credentials, body.clone());
        let permit = self.ready_for(credentials, number)?;
        let (kind, repeat) = (CallKind::Write, Repeat::Freely);
        let exchange = Exchange { kind, permit, credentials, repeat, budget };
        let understand = |reply: GraphReply| reply.object().map_err(GraphFailure::of_a_read);
        self.exchange(exchange, request, understand).await
    }
}
