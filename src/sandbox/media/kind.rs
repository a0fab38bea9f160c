//! Meta's table of media types and their sizes.

const KB: u64 = 1024;
const MB: u64 = 1024 * KB;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Audio,
    Document,
    Image,
    Sticker,
    Video,
}

/// In the order in which Meta's refusal names them.
pub(super) const TYPES: &[(&str, Kind)] = &[
    ("audio/aac", Kind::Audio),
    ("audio/mp4", Kind::Audio),
    ("audio/mpeg", Kind::Audio),
    ("audio/amr", Kind::Audio),
    ("audio/ogg", Kind::Audio),
    ("audio/opus", Kind::Audio),
    ("application/vnd.ms-powerpoint", Kind::Document),
    ("application/msword", Kind::Document),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", Kind::Document),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", Kind::Document),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Kind::Document),
    ("application/pdf", Kind::Document),
    ("text/plain", Kind::Document),
    ("application/vnd.ms-excel", Kind::Document),
    ("image/jpeg", Kind::Image),
    ("image/png", Kind::Image),
    ("image/webp", Kind::Sticker),
    ("video/mp4", Kind::Video),
    ("video/3gpp", Kind::Video),
];

impl Kind {
    /// What a media of this type is good for; parameters such as `codecs=opus` do not matter.
    pub(crate) fn of(mime_type: &str) -> Option<Self> {
        let essence = mime_type.split(';').next().unwrap_or_default().trim();
        let found = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(essence));
        found.map(|(_, kind)| *kind)
    }

    /// By the word that a message uses.
    pub(crate) fn named(word: &str) -> Option<Self> {
        match word {
            "audio" => Some(Self::Audio),
            "document" => Some(Self::Document),
            "image" => Some(Self::Image),
            "sticker" => Some(Self::Sticker),
            "video" => Some(Self::Video),
            _ => None,
        }
    }

    /// In bytes. A sticker may have the size of an animated one: the pictures are not counted.
    pub(super) const fn largest(self) -> u64 {
        match self {
            Self::Audio | Self::Video => 16 * MB,
            Self::Document => LARGEST,
            Self::Image => 5 * MB,
            Self::Sticker => 500 * KB,
        }
    }
}

/// No media at all is larger.
pub(super) const LARGEST: u64 = 100 * MB;
