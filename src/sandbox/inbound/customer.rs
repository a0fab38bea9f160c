//! The customer who writes.

use serde_json::{Value, json};

use crate::model::PhoneNumber;
use crate::sandbox::errors::Judged;
use crate::sandbox::messages::new_wamid;
use crate::sandbox::people::{digits, user_id};
use crate::sandbox::reader::Field;
use crate::sandbox::sent::Recipient;

const PHONE: &str = "15557654321";
const NAME: &str = "Ada";

#[derive(Debug)]
pub(super) struct Customer {
    name: String,
    /// `None` for one who hides it: then nothing but the user id tells who it is.
    pub(super) phone: Option<String>,
    pub(super) user_id: String,
}

impl Customer {
    /// The options beside the message win over what stands in it.
    pub(super) fn read(asked: &Field<'_>, message: &Value, number: &PhoneNumber) -> Judged<Self> {
        let message = Field::whole(message);
        let given = match asked.optional("from").or_else(|| message.optional("from")) {
            Some(from) => Some(phone(&from, number)?),
            None => None,
        };
        let known = match message.optional("from_user_id") {
            Some(id) => Some(id.text(1..=131)?.to_owned()),
            None => None,
        };
        let hides = match asked.optional("hideNumber") {
            Some(hides) => hides.boolean()?,
            // A whole message of Meta's with an id alone is from somebody who hides.
            None => given.is_none() && known.is_some(),
        };
        let phone = given.unwrap_or_else(|| PHONE.to_owned());
        let name = match asked.optional("name") {
            Some(name) => name.some_text()?.to_owned(),
            None => NAME.to_owned(),
        };
        let user_id = known.unwrap_or_else(|| user_id(&phone));
        Ok(Self { name, phone: (!hides).then_some(phone), user_id })
    }

    /// The entry of `contacts`, as Meta sends it since 2026.
    pub(super) fn contact(&self) -> Value {
        let profile = json!({ "name": self.name });
        match &self.phone {
            Some(phone) => json!({ "profile": profile, "wa_id": phone, "user_id": self.user_id }),
            None => json!({ "profile": profile, "user_id": self.user_id }),
        }
    }

    pub(super) fn new_wamid(&self) -> String {
        new_wamid(&Recipient::User { user_id: self.user_id.clone() })
    }
}

fn phone(from: &Field<'_>, number: &PhoneNumber) -> Judged<String> {
    let phone = digits(from.some_text()?);
    if phone.is_empty() || phone.len() > 20 {
        return Err(from.refuse("must be a phone number of 1 to 20 digits"));
    }
    if phone == digits(&number.number) {
        return Err(from.refuse("is the business number itself"));
    }
    Ok(phone)
}
