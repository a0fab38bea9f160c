//! `send/interactive/location-request`: asks where somebody is.

use super::SendRequest;
use super::parts::{BodyText, text_part};
use crate::fields::{Fields, FromFields};
use crate::graph::{Action, Content, Interactive};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "bodyText": "Where shall we deliver?"
}"#;

pub(super) struct SendLocationRequest(BodyText);

impl FromFields for SendLocationRequest {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required("bodyText").map(Self)
    }
}

impl SendRequest for SendLocationRequest {
    fn into_content(self) -> Content {
        Content::Interactive(Box::new(Interactive {
            kind: "location_request_message",
            header: None,
            body: Some(text_part(self.0)),
            footer: None,
            action: Action::Named { name: "send_location", parameters: None },
        }))
    }
}
