//! `send/interactive/address`: asks for an address.

use super::SendRequest;
use super::header::header;
use super::parts::{BodyText, footer, text_part};
use crate::fields::{AnyObject, AnyText, Fields, Forwarded, FromFields, List, Text};
use crate::graph::{Action, AddressParameters, Content, Header, Interactive, Parameters, TextPart};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "bodyText": "Where shall we deliver?",
  "country": "IN",
  "values": { "name": "Ana", "phone_number": "+91987654321" },
  "savedAddresses": [
    { "id": "home", "value": { "name": "Ana", "address": "12 Marine Drive", "city": "Mumbai", "in_pin_code": "400020" } }
  ]
}"#;

pub(super) struct SendAddress {
    header: Option<Header>,
    body: BodyText,
    footer: Option<TextPart>,
    parameters: AddressParameters,
}

/// Parts of an address, by Meta's names. The one that has a limit is looked at.
struct AddressValues;

struct SavedAddress;

impl FromFields for AddressValues {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.optional::<Text<6>>("in_pin_code").map(|_| Self)
    }
}

impl FromFields for SavedAddress {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.required::<AnyText>("id");
        let value = fields.required::<AddressValues>("value");
        id?;
        value.map(|_| Self)
    }
}

impl FromFields for SendAddress {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let header = header(fields);
        let body = fields.required("bodyText");
        let footer = footer(fields);
        let parameters = parameters(fields);
        let (header, body, footer) = (header?, body?, footer?);
        Some(Self { header, body, footer, parameters: parameters? })
    }
}

fn parameters(fields: &mut Fields<'_>) -> Option<AddressParameters> {
    let country = fields.required::<AnyText>("country");
    let values = fields.optional::<Forwarded<AddressValues>>("values");
    let saved =
        fields.optional::<Forwarded<List<SavedAddress, 1, { usize::MAX }>>>("savedAddresses");
    let errors = fields.optional::<Forwarded<AnyObject>>("validationErrors");
    Some(AddressParameters {
        country: country?.into_string(),
        values: values?.map(Forwarded::into_raw),
        saved_addresses: saved?.map(Forwarded::into_raw),
        validation_errors: errors?.map(Forwarded::into_raw),
    })
}

impl SendRequest for SendAddress {
    fn into_content(self) -> Content {
        let parameters = Some(Parameters::Address(self.parameters));
        Content::Interactive(Box::new(Interactive {
            kind: "address_message",
            header: self.header,
            body: Some(text_part(self.body)),
            footer: self.footer,
            action: Action::Named { name: "address_message", parameters },
        }))
    }
}
