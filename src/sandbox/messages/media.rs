//! `type: image, video, document, audio, sticker`, and media wherever else a payload has one.

use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::media::{Kind, Medium};
use crate::sandbox::reader::Field;
use crate::sandbox::world::World;

pub(crate) fn judge(kind: &str, media: &Field<'_>, world: &World) -> Judged {
    media.only(match kind {
        "image" | "video" => &["id", "link", "caption"],
        "document" => &["id", "link", "caption", "filename"],
        "audio" => &["id", "link", "voice"],
        _ => &["id", "link"],
    })?;
    let medium = source(kind, media, world)?;
    if let Some(caption) = media.optional("caption") {
        caption.text(0..=1024)?;
    }
    filename(media)?;
    let Some(voice) = media.optional("voice") else { return Ok(()) };
    let is_ogg = medium.is_none_or(|medium| medium.mime_type.starts_with("audio/ogg"));
    if voice.boolean()? && !is_ogg {
        return Err(voice.refuse("can be true for audio/ogg only"));
    }
    Ok(())
}

/// In a header: a media without a caption.
pub(crate) fn judge_in_header(kind: &str, media: &Field<'_>, world: &World) -> Judged {
    media.only(match kind {
        "document" => &["id", "link", "filename"],
        _ => &["id", "link"],
    })?;
    filename(media)?;
    source(kind, media, world).map(|_| ())
}

fn filename(media: &Field<'_>) -> Judged {
    match media.optional("filename") {
        Some(name) => name.some_text().map(|_| ()),
        None => Ok(()),
    }
}

/// Exactly one of `id`, which must be here and of this kind, and `link`.
fn source(kind: &str, media: &Field<'_>, world: &World) -> Judged<Option<Medium>> {
    match (media.optional("id"), media.optional("link")) {
        (Some(_), Some(_)) => Err(media.refuse("must have either id or link, not both")),
        (None, None) => {
            Err(GraphError::missing(&format!("{}.id (or {}.link)", media.path(), media.path())))
        }
        (None, Some(link)) => link.web_address().map(|_| None),
        (Some(id), None) => {
            let text = id.some_text()?;
            let found = world.media.find(text);
            let medium = found.ok_or_else(|| id.refuse(format_args!("{text} is unknown")))?;
            let fits = kind == "document" || Kind::of(&medium.mime_type) == Kind::named(kind);
            if !fits {
                let stored = &medium.mime_type;
                return Err(id.refuse(format_args!("is of type {stored}, which is not {kind}")));
            }
            Ok(Some(medium))
        }
    }
}
