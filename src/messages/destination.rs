//! Reading whom a message is for: `to`, `recipient`, `recipientType`.

use utoipa::openapi::schema::Schema;

use crate::fields::{AnyText, Fields, OneOf, Word, rule};
use crate::model::Destination;

/// `individual` or `group`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RecipientType {
    Individual,
    Group,
}

impl Word for RecipientType {
    const WORDS: &'static [(&'static str, Self)] =
        &[("individual", Self::Individual), ("group", Self::Group)];
}

/// Reads the receiver. With both `to` and `recipient`, `to` counts.
pub(super) fn destination(fields: &mut Fields<'_>, groups: bool) -> Option<Destination> {
    let to = fields.optional::<AnyText>("to");
    let recipient = fields.optional::<AnyText>("recipient");
    let kind = if groups { fields.optional("recipientType") } else { Some(None) };
    let present = fields.at_least_one_of(["to", "recipient"]);
    fields.describe(|| schema(groups));
    let (to, recipient, kind) = (to?, recipient?, kind?);
    present?;

    let is_group = kind == Some(OneOf(RecipientType::Group));
    match (to, recipient) {
        (Some(to), _) if is_group => Destination::group(to.as_str()).or_else(|| {
            fields.fault("to", "must be a group id: 1 to 128 letters, digits, or any of . _ @ -")
        }),
        (Some(to), _) => Destination::phone(to.as_str())
            .or_else(|| fields.fault("to", "must have 1 to 20 digits")),
        (None, Some(_)) if is_group => fields.fault("to", "is required"),
        (None, Some(user)) => Destination::user(user.as_str()).or_else(|| {
            let example = "US.13491208655302741918";
            fields
                .fault("recipient", format!("must be a business-scoped user id such as {example}"))
        }),
        (None, None) => None,
    }
}

/// The three forms of a receiver, as the expressions that [`Destination`] keeps to.
fn schema(groups: bool) -> Schema {
    let phone = || rule::like("^[^0-9]*([0-9][^0-9]*){1,20}$");
    let user = || rule::like("^[A-Z]{2}[.][A-Za-z0-9]{1,128}$");
    if !groups {
        return rule::any_of([
            rule::members([("to", phone(), true)]),
            rule::members([("to", rule::blank(), false), ("recipient", user(), true)]),
        ]);
    }
    let individual = || rule::any_of([rule::words(["individual"]), rule::blank()]);
    let group = rule::like("^[A-Za-z0-9._@-]{1,128}$");
    rule::any_of([
        rule::members([("to", phone(), true), ("recipientType", individual(), false)]),
        rule::members([("to", group, true), ("recipientType", rule::words(["group"]), true)]),
        rule::members([
            ("to", rule::blank(), false),
            ("recipient", user(), true),
            ("recipientType", individual(), false),
        ]),
    ])
}
