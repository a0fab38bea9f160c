//! `interactive.type: button`: one to three reply buttons.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::{Field, all_different};

pub(super) fn judge(action: &Field<'_>) -> Judged {
    action.only(&["buttons"])?;
    let buttons = action.required("buttons")?.items(1..=3)?;
    for button in &buttons {
        button.only(&["type", "reply"])?;
        button.required("type")?.one_of(&["reply"])?;
    }
    judge_replies(&buttons, "reply")
}

/// The `{id, title}` that every button holds under `key`: each valid, and no two the same.
pub(super) fn judge_replies(buttons: &[Field<'_>], key: &str) -> Judged {
    let mut ids = Vec::new();
    let mut titles = Vec::new();
    for button in buttons {
        let reply = button.required(key)?;
        reply.only(&["id", "title"])?;
        let id = reply.required("id")?;
        let text = id.text(1..=256)?;
        if text.trim() != text {
            return Err(id.refuse("must not begin or end with a space"));
        }
        let title = reply.required("title")?;
        title.text(1..=20)?;
        ids.push(id);
        titles.push(title);
    }
    all_different(ids)?;
    all_different(titles)
}
