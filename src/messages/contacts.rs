//! `send/contacts`: cards of people, in Meta's own shape.

use super::SendRequest;
use crate::fields::{AnyText, Fields, Forwarded, FromFields, List};
use crate::graph::Content;

pub(super) const EXAMPLE: &str = r#"{
  "phoneNumberId": "106540352242922",
  "to": "15551234567",
  "contacts": [
    {
      "name": { "formatted_name": "Barbara J. Johnson", "first_name": "Barbara", "last_name": "Johnson" },
      "org": { "company": "Lucky Shrub" },
      "phones": [{ "phone": "+16505559999", "type": "Mobile", "wa_id": "16505559999" }],
      "emails": [{ "email": "bjohnson@luckyshrub.com", "type": "Work" }]
    }
  ]
}"#;

/// One of these must stand beside the formatted name.
const NAME_PARTS: [&str; 5] = ["first_name", "last_name", "middle_name", "suffix", "prefix"];

pub(super) struct SendContacts(Forwarded<List<Contact, 1, 257>>);

/// A contact with a name. Whatever else there is, Meta judges.
struct Contact;

struct Name;

impl FromFields for Name {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let formatted = fields.required::<AnyText>("formatted_name");
        let parts = NAME_PARTS.map(|part| fields.optional::<AnyText>(part));
        let any = fields.any_of(&NAME_PARTS);
        formatted?;
        parts.into_iter().collect::<Option<Vec<_>>>()?;
        any.map(|()| Self)
    }
}

impl FromFields for Contact {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required::<Name>("name").map(|_| Self)
    }
}

impl FromFields for SendContacts {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self> {
        fields.required("contacts").map(Self)
    }
}

impl SendRequest for SendContacts {
    fn into_content(self) -> Content {
        Content::Contacts(self.0.into_raw())
    }
}
