//! `send/interactive/flow`: a button that opens a form.

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use super::SendRequest;
use super::header::header;
use super::parts::{BodyText, footer, text_part};
use crate::fields::{
    AnyObject, AnyText, Field, Fields, Forwarded, FromFields, Json, OneOf, Place, Text, Word,
};
use crate::graph::{
    Action, Content, FlowOpening, FlowParameters, Header, Interactive, Parameters, TextPart,
};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "headerText": "Your visit",
  "bodyText": "How was it? Answering takes a minute.",
  "flowCta": "Give feedback",
  "flowId": "594425479261596",
  "flowToken": "visit-860198",
  "flowAction": "navigate",
  "screen": "WELCOME",
  "flowData": { "visit": "860198" }
}"#;

/// The only version that Meta speaks of.
const VERSION: &str = "3";

pub(super) struct SendFlow {
    header: Option<Header>,
    body: BodyText,
    footer: Option<TextPart>,
    parameters: FlowParameters,
}

#[derive(Clone, Copy)]
struct Mode(&'static str);

#[derive(Clone, Copy)]
struct Opening(&'static str);

const DATA_EXCHANGE: &str = "data_exchange";

/// An object with at least one member.
struct Filled;

impl Word for Mode {
    const WORDS: &'static [(&'static str, Self)] =
        &[("draft", Self("draft")), ("published", Self("published"))];
}

impl Word for Opening {
    const WORDS: &'static [(&'static str, Self)] =
        &[("navigate", Self("navigate")), (DATA_EXCHANGE, Self(DATA_EXCHANGE))];
}

impl Field for Filled {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        AnyObject::read(value, place)?;
        if value.members()?.is_empty() {
            return place.fault("must not be empty");
        }
        Some(Self)
    }

    fn schema() -> Schema {
        let object = ObjectBuilder::new().schema_type(Type::Object);
        Schema::Object(object.min_properties(Some(1)).build())
    }
}

impl FromFields for SendFlow {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let header = header(fields);
        let body = fields.required("bodyText");
        let footer = footer(fields);
        let parameters = parameters(fields);
        let (header, body, footer) = (header?, body?, footer?);
        Some(Self { header, body, footer, parameters: parameters? })
    }
}

fn parameters(fields: &mut Fields<'_>) -> Option<FlowParameters> {
    let cta = fields.required::<Text<30>>("flowCta");
    let id = fields.optional::<AnyText>("flowId");
    let name = fields.optional::<AnyText>("flowName");
    let one = fields.exactly_one_of([&["flowId"], &["flowName"]]);
    let mode = fields.optional::<OneOf<Mode>>("mode");
    let token = fields.optional::<AnyText>("flowToken");
    let action = fields.optional::<OneOf<Opening>>("flowAction");
    let action = action.map(|action| action.map(|OneOf(Opening(action))| action));
    let payload = opening(fields, action.flatten());
    let version = fields.optional::<AnyText>("flowMessageVersion");
    one?;
    let text = |text: Option<AnyText>| text.map(AnyText::into_string);
    Some(FlowParameters {
        flow_message_version: text(version?).unwrap_or_else(|| VERSION.to_owned()),
        flow_cta: cta?.into_string(),
        flow_id: text(id?),
        flow_name: text(name?),
        mode: mode?.map(|OneOf(Mode(mode))| mode),
        flow_token: text(token?),
        flow_action: action?,
        flow_action_payload: payload?,
    })
}

/// Only a flow that is navigated to opens with a screen of the caller's choice.
fn opening(fields: &mut Fields<'_>, action: Option<&str>) -> Option<Option<FlowOpening>> {
    let screen = fields.optional::<AnyText>("screen");
    let data = fields.optional::<Forwarded<Filled>>("flowData");
    if action == Some(DATA_EXCHANGE) {
        for name in ["screen", "flowData"] {
            if fields.has(name) {
                fields.fault::<()>(name, "is for the flowAction navigate only");
            }
        }
        return Some(None);
    }
    let (screen, data) = (screen?, data?);
    if screen.is_none() && data.is_none() {
        return Some(None);
    }
    let screen = screen.map(AnyText::into_string);
    Some(Some(FlowOpening { screen, data: data.map(Forwarded::into_raw) }))
}

impl SendRequest for SendFlow {
    fn into_content(self) -> Content {
        let parameters = Some(Parameters::Flow(self.parameters));
        Content::Interactive(Box::new(Interactive {
            kind: "flow",
            header: self.header,
            body: Some(text_part(self.body)),
            footer: self.footer,
            action: Action::Named { name: "flow", parameters },
        }))
    }
}
