//! What the document says of the gateway as a whole, and of its groups of operations.

use utoipa::openapi::info::{ContactBuilder, Info, InfoBuilder, LicenseBuilder};
use utoipa::openapi::tag::{Tag, TagBuilder};

pub(super) const EVENTS: &str = "Events";

const ABOUT: &str = r#"Sends WhatsApp messages through Meta's Cloud API, and tells what became of them.

Every answer is one envelope: `{"success":true,"data":…}` with status 200, or
`{"success":false,"error":CODE,"message":TEXT,"details":…}`. The token goes into `Authorization: Bearer …` or
`X-API-Token`, and never into the address.

Bodies are JSON of at most 2 MB (2 097 152 bytes); uploads are files of at most 100 MB. Unknown members of a body are
ignored. All faults of a body are told at once, each with its path. Every answer has an `X-Request-Id`; one that the
request brings (`[A-Za-z0-9._-]{1,128}`) is kept. Where rate limits are set, `RateLimit-Policy` and `RateLimit` tell where
the caller stands.

A send that must happen once carries an `Idempotency-Key`: repeated with the same key and body it gets the answer of the
first time, for 24 hours, and Meta gets the message at most once.

The same calls are there in Meta's own shape, `/{version}/…`, and in Interakt's, `/api/{version}/…`. Meta's documentation
describes them, so they are not listed here."#;

const TAGS: [(&str, &str); 8] = [
    ("Messages", "Send messages of every kind, and look up what became of them"),
    ("Templates", "Send approved templates; list, make, edit and delete them"),
    ("Media", "Upload, look up, download and delete files"),
    ("Forms", "Forms that customers fill in: Meta calls them flows"),
    ("Webhooks", "Where you want to be called, whether that works, and what became of each call"),
    ("Account", "Whose token it is"),
    ("Service", "Whether the gateway lives, and what it is; no token needed"),
    ("Meta", "Meta's own calls to the gateway: a signature in place of a token"),
];

pub(super) fn info() -> Info {
    let contact = ContactBuilder::new().name(Some("AvenPing")).url(Some("https://avenping.com"));
    let license =
        LicenseBuilder::new().name("Proprietary").identifier(Some("LicenseRef-Proprietary"));
    InfoBuilder::new()
        .title("AvenPing gateway")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .contact(Some(contact.build()))
        .license(Some(license.build()))
        .build()
}

pub(super) fn tags() -> Vec<Tag> {
    let events = (EVENTS, "What the gateway posts to your webhook URL");
    let tag = |(name, about)| TagBuilder::new().name(name).description(Some(about)).build();
    TAGS.into_iter().chain([events]).map(tag).collect()
}
