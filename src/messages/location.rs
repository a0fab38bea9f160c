//! `send/location`: a place on the map.

use serde_json::value::RawValue;
use utoipa::openapi::schema::{Schema, SchemaType};
use utoipa::openapi::{ObjectBuilder, Type};

use super::SendRequest;
use crate::fields::{AnyText, Field, Fields, FromFields, Json, JsonKind, Place};
use crate::graph::{Content, Location};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "location": {
    "latitude": 37.4847,
    "longitude": -122.1473,
    "name": "Meta",
    "address": "1 Hacker Way, Menlo Park, CA 94025"
  }
}"#;

pub(super) struct SendLocation(LocationField);

struct LocationField {
    latitude: Degrees<90>,
    longitude: Degrees<180>,
    name: Option<AnyText>,
    address: Option<AnyText>,
}

/// A number or a numeric string from -`MOST` to `MOST`, kept in the form it came in.
struct Degrees<const MOST: u16>(Box<RawValue>);

impl<const MOST: u16> Field for Degrees<MOST> {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let text = match value.kind() {
            JsonKind::Number => Some(value.text().into()),
            JsonKind::String => value.as_string().and_then(Result::ok),
            _ => None,
        };
        let most = f64::from(MOST);
        let degrees = text.and_then(|text| text.trim().parse::<f64>().ok());
        if degrees.is_some_and(|degrees| (-most..=most).contains(&degrees)) {
            return RawValue::from_string(value.text().to_owned()).ok().map(Self);
        }
        place.fault(format!("must be a number from -{MOST} to {MOST}, or a string of one"))
    }

    fn schema() -> Schema {
        let most = f64::from(MOST);
        let either = SchemaType::Array(vec![Type::Number, Type::String]);
        let degrees =
            ObjectBuilder::new().schema_type(either).minimum(Some(-most)).maximum(Some(most));
        // Of strings: the one limit that an expression cannot tell is left to the reader.
        Schema::Object(degrees.pattern(Some(r"^\s*[+-]?[.]?[0-9]")).build())
    }
}

impl FromFields for LocationField {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let latitude = fields.required("latitude");
        let longitude = fields.required("longitude");
        let name = fields.optional("name");
        let address = fields.optional("address");
        Some(Self { latitude: latitude?, longitude: longitude?, name: name?, address: address? })
    }
}

impl FromFields for SendLocation {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required("location").map(Self)
    }
}

impl SendRequest for SendLocation {
    fn into_content(self) -> Content {
        let LocationField { latitude, longitude, name, address } = self.0;
        Content::Location(Location {
            latitude: latitude.0,
            longitude: longitude.0,
            name: name.map(AnyText::into_string),
            address: address.map(AnyText::into_string),
        })
    }
}
