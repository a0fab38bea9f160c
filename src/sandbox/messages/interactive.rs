//! `type: interactive`: the parts that its types share, and which type takes which.

mod address;
mod button;
mod calls;
mod carousel;
mod catalog;
mod cta_url;
mod flow;
mod list;
mod location_request;

use crate::sandbox::codes;
use crate::sandbox::errors::{GraphError, Judged};
use crate::sandbox::reader::Field;
use crate::sandbox::world::World;

use super::media;

pub(crate) use catalog::judge_product_sections;

/// What a type takes beside its action.
struct Parts {
    headers: &'static [&'static str],
    header_required: bool,
    body_required: bool,
    body_limit: usize,
    footer: bool,
}

const ANY_HEADER: &[&str] = &["text", "image", "video", "document"];

/// No header, a body, and a footer if wanted.
const PLAIN: Parts = Parts {
    headers: &[],
    header_required: false,
    body_required: true,
    body_limit: 1024,
    footer: true,
};

fn parts(kind: &str) -> Parts {
    match kind {
        "button" | "cta_url" | "flow" | "address_message" => Parts { headers: ANY_HEADER, ..PLAIN },
        "list" => Parts { headers: &["text"], body_limit: 4096, ..PLAIN },
        "product_list" => Parts { headers: &["text"], header_required: true, ..PLAIN },
        "product" | "call_permission_request" => Parts { body_required: false, ..PLAIN },
        "carousel" => Parts { footer: false, ..PLAIN },
        _ => PLAIN,
    }
}

pub(crate) fn judge(interactive: &Field<'_>, world: &World) -> Judged {
    interactive.only(&["type", "header", "body", "footer", "action"])?;
    let kind = kind(interactive)?;
    judge_parts(interactive, &parts(kind), kind, world)?;
    let action = interactive.required("action")?;
    match kind {
        "button" => button::judge(&action),
        "list" => list::judge(&action),
        "cta_url" => cta_url::judge(&action),
        "catalog_message" => catalog::judge_message(&action),
        "product" => catalog::judge_product(&action),
        "product_list" => catalog::judge_product_list(&action),
        "carousel" => carousel::judge(&action, world),
        "flow" => flow::judge(&action, world),
        "location_request_message" => location_request::judge(&action),
        "address_message" => address::judge(&action),
        "call_permission_request" => calls::judge_permission(&action),
        _ => calls::judge_voice_call(&action),
    }
}

fn kind<'a>(interactive: &Field<'a>) -> Judged<&'a str> {
    let kind = interactive.required("type")?;
    if matches!(kind.string()?, "order_details" | "order_status") {
        let details = "The sandbox does not imitate payments.";
        return Err(GraphError::new(codes::UNSUPPORTED_TYPE, details));
    }
    kind.one_of(&[
        "button",
        "list",
        "cta_url",
        "catalog_message",
        "product",
        "product_list",
        "carousel",
        "flow",
        "location_request_message",
        "address_message",
        "call_permission_request",
        "voice_call",
    ])
}

fn judge_parts(interactive: &Field<'_>, parts: &Parts, kind: &str, world: &World) -> Judged {
    if parts.header_required {
        interactive.required("header")?;
    }
    if parts.headers.is_empty() {
        interactive.forbidden("header", &format!("is not allowed for {kind}"))?;
    }
    if let Some(header) = interactive.optional("header") {
        judge_header(&header, parts.headers, world)?;
    }
    if parts.body_required {
        interactive.required("body")?;
    }
    if let Some(body) = interactive.optional("body") {
        judge_text(&body, parts.body_limit)?;
    }
    if !parts.footer {
        interactive.forbidden("footer", &format!("is not allowed for {kind}"))?;
    }
    match interactive.optional("footer") {
        Some(footer) => judge_text(&footer, 60),
        None => Ok(()),
    }
}

fn judge_text(part: &Field<'_>, limit: usize) -> Judged {
    part.only(&["text"])?;
    part.required("text")?.text(1..=limit).map(|_| ())
}

/// A header of one of the `kinds`; it has no members but those of its own kind.
fn judge_header(header: &Field<'_>, kinds: &[&str], world: &World) -> Judged {
    let kind = header.required("type")?.one_of(kinds)?;
    header.only(&["type", kind])?;
    let content = header.required(kind)?;
    if kind == "text" {
        return content.text(1..=60).map(|_| ());
    }
    media::judge_in_header(kind, &content, world)
}

/// `action.name`, of the types whose action has one.
fn named(action: &Field<'_>, name: &str) -> Judged {
    action.required("name")?.one_of(&[name]).map(|_| ())
}
