//! `interactive.type: list`: a button that opens up to ten rows in sections.

use crate::sandbox::errors::Judged;
use crate::sandbox::reader::Field;

const MOST_ROWS: usize = 10;

pub(super) fn judge(action: &Field<'_>) -> Judged {
    action.only(&["button", "sections"])?;
    action.required("button")?.text(1..=20)?;
    let list = action.required("sections")?;
    let sections = list.items(1..=10)?;
    let mut rows = 0_usize;
    for section in &sections {
        section.only(&["title", "rows"])?;
        judge_section_title(section, sections.len())?;
        let own = section.required("rows")?.items(1..=MOST_ROWS)?;
        own.iter().try_for_each(judge_row)?;
        rows = rows.saturating_add(own.len());
    }
    if rows > MOST_ROWS {
        return Err(list.refuse(format_args!(
            "must have at most {MOST_ROWS} rows in all sections together, not {rows}"
        )));
    }
    Ok(())
}

/// A title is a must once there are two sections.
pub(super) fn judge_section_title(section: &Field<'_>, sections: usize) -> Judged {
    if sections > 1 {
        section.required("title")?.text(1..=24)?;
    }
    match section.optional("title") {
        Some(title) => title.text(0..=24).map(|_| ()),
        None => Ok(()),
    }
}

fn judge_row(row: &Field<'_>) -> Judged {
    row.only(&["id", "title", "description"])?;
    row.required("id")?.text(1..=200)?;
    row.required("title")?.text(1..=24)?;
    match row.optional("description") {
        Some(description) => description.text(0..=72).map(|_| ()),
        None => Ok(()),
    }
}
