//! Which content type a file goes up with, and which it may come down with.

use mime::Mime;

pub(super) const OCTET_STREAM: &str = "application/octet-stream";

/// The type of an upload: what the caller says of it, else what the file says of itself, else
/// what its name tells.
pub(super) fn of_upload(said: Option<&str>, own: Option<&str>, filename: &str) -> String {
    let usable = |text: &&str| text.parse::<Mime>().is_ok() && !text.starts_with(OCTET_STREAM);
    let told = said.filter(usable).or(own.filter(usable)).map(str::to_owned);
    told.unwrap_or_else(|| mime_guess::from_path(filename).first_or_octet_stream().to_string())
}

/// The type of a download, and whether a browser may show it: what it could run, or what nobody
/// can read, becomes bytes to be saved.
pub(super) fn of_download(told: Option<&str>) -> (String, bool) {
    let parsed = told.and_then(|told| told.parse::<Mime>().ok());
    match parsed {
        Some(mime) if !is_markup(&mime) => (mime.to_string(), true),
        _ => (OCTET_STREAM.to_owned(), false),
    }
}

fn is_markup(mime: &Mime) -> bool {
    let subtype = mime.subtype();
    subtype == "html"
        || subtype == "xml"
        || subtype == "svg"
        || subtype == "xhtml"
        || mime.suffix().is_some_and(|suffix| suffix == "xml")
}

/// A name to save a download under: nothing of it comes from outside but letters and digits.
pub(super) fn filename(id: &str, content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let known = EXTENSIONS.iter().find(|(mime, _)| *mime == essence);
    known.map_or_else(|| id.to_owned(), |(_, extension)| format!("{id}.{extension}"))
}

/// The types that Meta carries, and what people call their files.
const EXTENSIONS: [(&str, &str); 20] = [
    ("audio/aac", "aac"),
    ("audio/amr", "amr"),
    ("audio/mp4", "m4a"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg"),
    ("application/msword", "doc"),
    ("application/pdf", "pdf"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.ms-powerpoint", "ppt"),
    ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/zip", "zip"),
    ("image/gif", "gif"),
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/webp", "webp"),
    ("text/plain", "txt"),
    ("video/3gpp", "3gp"),
    ("video/mp4", "mp4"),
];

#[cfg(test)]
mod tests {
    use super::{of_download, of_upload};

    #[test]
    fn an_upload_goes_up_with_the_best_known_type() {
        assert_eq!(of_upload(Some("image/png"), Some("text/plain"), "a.pdf"), "image/png");
        assert_eq!(of_upload(Some("image"), Some("text/plain"), "a.pdf"), "text/plain");
        assert_eq!(of_upload(None, Some("application/octet-stream"), "a.pdf"), "application/pdf");
        assert_eq!(of_upload(None, None, "noname"), "application/octet-stream");
    }

    #[test]
    fn what_a_browser_could_run_comes_down_as_bytes() {
        for told in [
            "text/html; charset=utf-8",
            "image/svg+xml",
            "application/xml",
            "text/xml",
            "rubbish",
            "application/xhtml+xml",
        ] {
            assert_eq!(
                of_download(Some(told)),
                ("application/octet-stream".to_owned(), false),
                "{told}"
            );
        }
        assert!(!of_download(None).1);
        assert_eq!(of_download(Some("image/jpeg")), ("image/jpeg".to_owned(), true));
        assert!(of_download(Some("audio/ogg; codecs=opus")).1);
    }
}
