//! A message that is to be sent, with all that was asked for.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::template_check;
use crate::access::OwnedPhoneNumber;
use crate::fields::{Json, canonical};
use crate::graph::{Credentials, GraphFailure, Permit, SendReceipt};
use crate::limits::BodyRoom;
use crate::model::{MaskedReceiver, MessageId, MessageRecord, Timestamp};
use crate::state::AppState;
use crate::wire::RequestRecord;

/// Ready to go: proven, checked, and read as far as the record wants to know.
#[derive(Debug)]
pub struct Order {
    pub sender: OwnedPhoneNumber,
    pub record: Arc<RequestRecord>,
    /// Present if it must be sent once only.
    pub once: Option<Once>,
    /// The name of the template that it sends.
    pub template: Option<String>,
    pub payload: Payload,
}

/// An `Idempotency-Key`, and what it stands for.
#[derive(Debug)]
pub struct Once {
    pub key: String,
    /// SHA-256 over what makes two requests the same one.
    pub fingerprint: [u8; 32],
}

/// What the record of a message tells of it.
#[derive(Debug)]
pub struct About {
    pub kind: Cow<'static, str>,
    /// The receiver as Meta is told, and as a log may tell.
    pub to: String,
    pub masked: MaskedReceiver,
    pub reference: Option<String>,
    pub form: Option<String>,
}

/// What goes to Meta: a JSON object in its shape.
#[derive(Debug)]
pub struct Payload {
    pub text: Bytes,
    /// Whether the member is free that comes back in every status.
    pub traceable: bool,
    /// It takes up about what the body took up that it was made of.
    pub room: Arc<BodyRoom>,
}

impl Once {
    /// A body means the same whatever its author's tool made of white space and order.
    #[must_use]
    pub fn new(key: String, path: &str, body: Json<'_>) -> Self {
        let mut text = String::with_capacity("POST \n".len() + path.len() + body.text().len());
        text.extend(["POST ", path, "\n"]);
        canonical(body, &mut text);
        Self { key, fingerprint: Sha256::digest(text.as_bytes()).into() }
    }
}

impl Order {
    pub(super) async fn send(
        &self,
        permit: Permit,
        callback: Option<&MessageId>,
        state: &AppState,
    ) -> Result<SendReceipt, GraphFailure> {
        let message = self.payload.written(callback);
        let call = state.graph.send(permit, self.credentials(), self.sender.number(), message);
        let call = pin!(call);
        let sent = self.record.upstream(call).await;
        if let Some(template) = &self.template {
            template_check::learn(self.sender.caller(), template, &sent, state);
        }
        sent
    }

    pub(super) fn credentials(&self) -> Credentials<'_> {
        self.sender.caller().credentials(self.record.errand)
    }

    /// The row that is kept of it, without its end.
    pub(super) fn row(&self, about: About, id: MessageId, created_at: Timestamp) -> MessageRecord {
        MessageRecord {
            id,
            account: self.sender.caller().account.id.clone(),
            phone_number: self.sender.number().clone(),
            to: about.to,
            kind: about.kind.into_owned(),
            reference: about.reference,
            form: about.form,
            created_at,
            result: None,
            progress: None,
            sent_at: None,
            delivered_at: None,
            read_at: None,
            failed_at: None,
            error: None,
        }
    }
}

impl Payload {
    /// With the id that comes back in every status, if there is one and its place is free.
    fn written(&self, callback: Option<&MessageId>) -> Bytes {
        match callback {
            Some(id) if self.traceable => with_callback(&self.text, id).into(),
            _ => self.text.clone(),
        }
    }
}

/// Behind all others: of a member that is there twice the last one counts.
fn with_callback(object: &[u8], id: &MessageId) -> Vec<u8> {
    let members = object.trim_ascii_end().strip_suffix(b"}").unwrap_or(object).trim_ascii_end();
    let comma: &[u8] = if members.ends_with(b"{") { b"" } else { b"," };
    let (name, id) = (b"\"biz_opaque_callback_data\":\"", id.as_str().as_bytes());
    [members, comma, name, id, b"\"}"].concat()
}

#[cfg(test)]
mod tests {
    use super::{Once, with_callback};
    use crate::fields::Json;
    use crate::model::MessageId;

    /// Those of earlier versions are stored, and stay what they are.
    #[test]
    fn a_fingerprint_is_what_it_always_was() {
        let body = Json::trimmed(r#"{ "to": "15551234567", "text": "a\n\u00e4" }"#);
        let once = Once::new("order-1".to_owned(), "/v2/messages/send/text", body);
        assert_eq!(
            hex::encode(once.fingerprint),
            "3435f5dc242e8711487161cf0047b3abb4ab1aaede8b6735ebdaa1f20adf95bd"
        );
    }

    #[test]
    fn the_id_stands_behind_what_the_caller_wrote() {
        let id = MessageId::generate();
        for (object, members) in [("{ }", ""), ("{\"to\": \"1\" }\n", "\"to\": \"1\",")] {
            let written = String::from_utf8(with_callback(object.as_bytes(), &id)).unwrap();
            let id = id.as_str();
            assert_eq!(written, format!("{{{members}\"biz_opaque_callback_data\":\"{id}\"}}"));
        }
    }
}
