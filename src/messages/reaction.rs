//! `send/reaction`: an emoji under a message, or none to take it back.

use unicode_segmentation::UnicodeSegmentation as _;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use super::SendRequest;
use crate::fields::{AnyText, Field, Fields, FromFields, Json, Place};
use crate::graph::{Content, Reaction};

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "reaction": { "messageWamid": "wamid.HBgLMTU1NTEyMzQ1NjcVAgASGBQzQTdCNTg5RjY1MEMyRjlGMjRGNgA=", "emoji": "👍" }
}"#;

pub(super) struct SendReaction(ReactionField);

struct ReactionField {
    wamid: AnyText,
    emoji: Emoji,
}

/// What a reader sees as one sign, however many code points it is made of; or nothing. Which signs
/// are emoji changes from year to year, so a table of them would refuse tomorrow's.
struct Emoji(String);

impl Field for Emoji {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        if value.text() == r#""""# {
            return Some(Self(String::new()));
        }
        let text = AnyText::read(value, place)?.into_string();
        if text.graphemes(true).count() == 1 && !text.is_ascii() {
            return Some(Self(text));
        }
        place.fault("must be one emoji, or empty to take the reaction back")
    }

    fn schema() -> Schema {
        Schema::Object(ObjectBuilder::new().schema_type(Type::String).build())
    }
}

impl FromFields for ReactionField {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let wamid = fields.required("messageWamid");
        let emoji = fields.required("emoji");
        Some(Self { wamid: wamid?, emoji: emoji? })
    }
}

impl FromFields for SendReaction {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required("reaction").map(Self)
    }
}

impl SendRequest for SendReaction {
    const REPLIES: bool = false;

    fn into_content(self) -> Content {
        let ReactionField { wamid, emoji } = self.0;
        Content::Reaction(Reaction { message_id: wamid.into_string(), emoji: emoji.0 })
    }
}
