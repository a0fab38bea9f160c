//! `type: contacts`.

use time::Date;
use time::macros::format_description;

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

const NAME: &[&str] =
    &["formatted_name", "first_name", "last_name", "middle_name", "suffix", "prefix"];
const ADDRESS: &[&str] = &["street", "city", "state", "zip", "country", "country_code", "type"];

/// The lists of a contact, and what an entry of each may have; all of it free text.
const LISTS: &[(&str, &[&str])] = &[
    ("addresses", ADDRESS),
    ("emails", &["email", "type"]),
    ("phones", &["phone", "type", "wa_id"]),
    ("urls", &["url", "type"]),
];

pub(crate) fn judge(contacts: &Field<'_>) -> Judged {
    for contact in contacts.items(1..=257)? {
        judge_one(&contact)?;
    }
    Ok(())
}

fn judge_one(contact: &Field<'_>) -> Judged {
    contact.only(&["addresses", "birthday", "emails", "name", "org", "phones", "urls"])?;
    let name = contact.required("name")?;
    name.required("formatted_name")?.some_text()?;
    free_texts(&name, NAME)?;
    if let Some(org) = contact.optional("org") {
        free_texts(&org, &["company", "department", "title"])?;
    }
    if let Some(birthday) = contact.optional("birthday") {
        let format = format_description!("[year]-[month]-[day]");
        if Date::parse(birthday.string()?, format).is_err() {
            return Err(birthday.refuse("must be a date, YYYY-MM-DD"));
        }
    }
    for (list, keys) in LISTS {
        let Some(list) = contact.optional(list) else { continue };
        for entry in list.items(0..=usize::MAX)? {
            free_texts(&entry, keys)?;
        }
    }
    Ok(())
}

fn free_texts(object: &Field<'_>, keys: &[&str]) -> Judged {
    object.only(keys)?;
    for field in keys.iter().filter_map(|key| object.optional(key)) {
        field.string()?;
    }
    Ok(())
}
