//! `type: reaction`: one emoji, or none to take it back.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

pub(crate) fn judge(message: &Field<'_>, reaction: &Field<'_>) -> Judged {
    message.forbidden("context", "is not allowed for reactions")?;
    reaction.only(&["message_id", "emoji"])?;
    reaction.required("message_id")?.wamid()?;
    let emoji = reaction.required("emoji")?;
    let text = emoji.string()?;
    if text.is_empty() || is_one_emoji(text) {
        return Ok(());
    }
    Err(emoji.refuse("must be one emoji, or empty to remove the reaction"))
}

/// One symbol and what belongs to it: skin tones, variation selectors, keycaps, tags, further
/// symbols behind a joiner, and the second letter of a flag. The symbol itself is not looked up.
fn is_one_emoji(text: &str) -> bool {
    const JOINER: char = '\u{200d}';
    let is_flag_letter = |c: char| ('\u{1f1e6}'..='\u{1f1ff}').contains(&c);
    let mut symbols = 0_u32;
    let mut flag_letters = 0_u32;
    let mut before = ' ';
    for letter in text.chars() {
        match letter {
            '\u{fe0e}' | '\u{fe0f}' | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}' | JOINER => {}
            '\u{e0020}'..='\u{e007f}' => {}
            c if is_flag_letter(c) => flag_letters = flag_letters.saturating_add(1),
            _ if before == JOINER => {}
            _ => symbols = symbols.saturating_add(1),
        }
        before = letter;
    }
    let has_emoji = text.chars().any(|c| !c.is_ascii() && !c.is_alphanumeric());
    has_emoji && matches!((symbols, flag_letters), (1, 0) | (0, 2))
}

#[cfg(test)]
mod tests {
    use super::is_one_emoji;

    #[test]
    fn one_emoji_is_told_from_text_and_from_several() {
        for emoji in ["😀", "❤️", "👍🏽", "👩‍👩‍👧‍👦", "🇩🇪", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]
        {
            assert!(is_one_emoji(emoji), "{emoji}");
        }
        for other in ["a", "ok", "é", "1", "😀😀", "😀 ", "🇩🇪🇫🇷", " "] {
            assert!(!is_one_emoji(other), "{other:?}");
        }
    }
}
