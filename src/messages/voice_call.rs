//! `send/interactive/voice-call`: a button that calls the business.

use super::SendRequest;
use super::parts::{BodyText, Label, text_part};
use crate::fields::{Fields, FromFields, Text, WholeNumber};
use crate::graph::{Action, Content, Interactive, Parameters, VoiceCallParameters};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "bodyText": "Talk to us about your order",
  "displayText": "Call us",
  "ttlMinutes": 1440,
  "payload": "order-860198"
}"#;

pub(super) struct SendVoiceCall {
    body: BodyText,
    display_text: Option<Label>,
    ttl_minutes: Option<WholeNumber<1, 43_200>>,
    payload: Option<Text<512>>,
}

impl FromFields for SendVoiceCall {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let body = fields.required("bodyText");
        let display_text = fields.optional("displayText");
        let ttl_minutes = fields.optional("ttlMinutes");
        let payload = fields.optional("payload");
        let (body, display_text) = (body?, display_text?);
        Some(Self { body, display_text, ttl_minutes: ttl_minutes?, payload: payload? })
    }
}

impl SendRequest for SendVoiceCall {
    fn into_content(self) -> Content {
        let Self { body, display_text, ttl_minutes, payload } = self;
        let bare = display_text.is_none() && ttl_minutes.is_none() && payload.is_none();
        let parameters = VoiceCallParameters {
            display_text: display_text.map(Text::into_string),
            ttl_minutes: ttl_minutes.map(WholeNumber::get),
            payload: payload.map(Text::into_string),
        };
        let parameters = (!bare).then_some(Parameters::VoiceCall(parameters));
        Content::Interactive(Box::new(Interactive {
            kind: "voice_call",
            header: None,
            body: Some(text_part(body)),
            footer: None,
            action: Action::Named { name: "voice_call", parameters },
        }))
    }
}
