//! Reading which message this one answers, and what the caller calls it.

use crate::fields::{AnyText, Fields, Text};

/// A wamid that the caller names; Meta says whether there is such a message.
pub(super) fn context(fields: &mut Fields<'_>) -> Option<Option<String>> {
    let context = fields.optional::<AnyText>("contextMessageWamid")?;
    Some(context.map(AnyText::into_string))
}

/// The most characters of a caller's own word for a message.
pub const MOST_REFERENCE: usize = 256;

/// The caller's own word for the message, kept with it.
pub(super) fn reference(fields: &mut Fields<'_>) -> Option<Option<String>> {
    let reference = fields.optional::<Text<MOST_REFERENCE>>("reference")?;
    Some(reference.map(Text::into_string))
}
