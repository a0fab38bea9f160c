//! Sending a message.

use bytes::Bytes;
use serde::Deserialize;

use super::exchange::{Exchange, Repeat};
use super::failure::{Cause, GraphFailure, Outcome};
use super::http::post_json;
use super::{Credentials, Graph, GraphReply, Permit};
use crate::metrics::CallKind;
use crate::model::GraphId;

/// Graph's answer to a message it took.
#[derive(Clone, Debug)]
pub struct SendReceipt {
    /// The answer as it came, unknown members included.
    pub reply: GraphReply,
    pub wamid: String,
    /// The receiver as WhatsApp knows them.
    pub wa_id: Option<String>,
}

impl Graph {
    /// Sends a message, written in Meta's shape, from the number that the permit was asked for. It
    /// is never sent twice: only what provably did not leave is tried again.
    ///
    /// # Errors
    /// [`GraphFailure::outcome`] tells whether it may have gone out.
    pub fn send(
        &self,
        permit: Permit,
        credentials: Credentials<'_>,
        number: &GraphId,
        message: Bytes,
    ) -> impl Future<Output = Result<SendReceipt, GraphFailure>> {
        let url = self.messages_of(credentials.errand, number);
        let budget = self.0.settings.send_timeout.get();
        let client = &self.0.client;
        let request = move || post_json(client, url.clone(), credentials, message.clone());
        let (kind, repeat) = (CallKind::Send, Repeat::UnlessSent);
        let exchange = Exchange { kind, permit, credentials, repeat, budget };
        self.exchange(exchange, request, receipt)
    }
}

/// An answer without a message id is no proof that the message was taken, nor that it was not.
fn receipt(reply: GraphReply) -> Result<SendReceipt, GraphFailure> {
    #[derive(Deserialize)]
    struct Accepted {
        messages: Vec<AcceptedMessage>,
        #[serde(default)]
        contacts: Vec<AcceptedContact>,
    }
    #[derive(Deserialize)]
    struct AcceptedContact {
        wa_id: Option<String>,
    }
    #[derive(Deserialize)]
    struct AcceptedMessage {
        id: String,
    }

    let accepted: Option<Accepted> = serde_json::from_slice(&reply.body).ok();
    let first = accepted.and_then(|accepted| {
        let wa_id = accepted.contacts.into_iter().next().and_then(|contact| contact.wa_id);
        Some((accepted.messages.into_iter().next()?.id, wa_id))
    });
    match first {
        Some((wamid, wa_id)) if !wamid.is_empty() => Ok(SendReceipt { reply, wamid, wa_id }),
        _ => {
            let detail = "Graph's answer has no message id";
            Err(GraphFailure::new(Outcome::Unknown, Cause::Broken, detail).with_status(200))
        }
    }
}
