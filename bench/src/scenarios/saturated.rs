//! Sends, as many as the peer takes.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context as _;

use crate::Options;
use crate::gateway::{Installation, NUMBER, Storage, random};
use crate::http::post;
use crate::load::Target;
use crate::peers::{self, Nginx};
use crate::process::Process;
use crate::report::Report;
use crate::rounds::{Contestant, Load, compare};
use crate::upstream::Upstream;

pub(super) const CONNECTIONS: usize = 64;
pub(super) const TEXT: &str = "/v2/messages/send/text";
/// No record of messages, and no log lines.
pub(super) const BARE: &[(&str, &str)] =
    &[("AVENPING_RECORD_MESSAGES", "false"), ("AVENPING_LOG", "off")];
/// A line for each request, and no record.
const LOGGED: &[(&str, &str)] = &[("AVENPING_RECORD_MESSAGES", "false")];
/// The same in lines of JSON, as containers and systemd write them.
const LOGGED_AS_JSON: &[(&str, &str)] =
    &[("AVENPING_RECORD_MESSAGES", "false"), ("AVENPING_LOG_FORMAT", "json")];
pub(super) const AXUM: &str = "axum + reqwest, nothing else";
const BY_DEFAULT: &str = "gateway, by default";
pub(super) const DEFAULT: &[(&str, &str)] = &[];

#[derive(Clone)]
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) storage: Storage,
    pub(super) settings: &'static [(&'static str, &'static str)],
    keyed: bool,
}

impl Variant {
    pub(super) fn target(&self, port: u16, token: &str) -> Target {
        if self.keyed {
            return keyed(port, token);
        }
        Target::always(port, send(token, TEXT, &text(), None))
    }
}

pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let upstream = Upstream::start(Duration::ZERO).await?;
    let mut gateways: Vec<(Variant, Installation, Process)> = Vec::new();
    for variant in variants(options) {
        let installation = Installation::new(options, &variant.storage)?;
        let process = installation.start(upstream.port, variant.settings).await?;
        if let Some(before) = &options.before {
            let installation = Installation::of(before, &variant.storage)?;
            let process = installation.start(upstream.port, variant.settings).await?;
            let name = format!("before: {}", variant.name);
            gateways.push((Variant { name, ..variant.clone() }, installation, process));
        }
        gateways.push((variant, installation, process));
    }
    let nginx = Nginx::start(upstream.port).await?;
    let (_, first, _) = &gateways[0];
    let axum = peers::axum(upstream.port, &first.token).await?;
    let node = peers::fastify(upstream.port, &first.token).await?;

    let proxied = post("/v23.0/106540352242922/messages", &[], text_upstream().as_bytes());
    let mut contestants = vec![
        contestant("nginx, plain proxy", &nginx.process, |port| {
            Target::always(port, proxied.clone())
        }),
        contestant(AXUM, &axum, |port| {
            Target::always(port, send(&first.token, TEXT, &text(), None))
        }),
        contestant("Fastify + undici, no record, no log", &node, |port| {
            Target::always(port, send(&first.token, TEXT, &text(), None))
        }),
    ];
    for (variant, installation, process) in &gateways {
        let target = |port| variant.target(port, &installation.token);
        contestants.push(contestant(&variant.name, process, target));
    }
    let load = Load::Closed { connections: CONNECTIONS };
    let time = Duration::from_secs(options.seconds);
    let rows = compare(&contestants, load, options.rounds, time).await?;
    let told = format!("{CONNECTIONS} connections, closed loop, {} s a turn", options.seconds);
    report.table("send/text, saturated", &told, &rows);

    let by_default = gateways.iter().find(|(variant, ..)| variant.name == BY_DEFAULT);
    let (_, installation, process) = by_default.context("nothing runs by default")?;
    let token = &installation.token;
    let kinds = kinds();
    let mut contestants = vec![contestant("nginx, plain proxy", &nginx.process, |port| {
        Target::always(port, proxied)
    })];
    for (name, path, body) in &kinds {
        contestants.push(contestant(name, process, |port| {
            Target::always(port, send(token, path, body, None))
        }));
    }
    let rows = compare(&contestants, load, options.rounds, time).await?;
    report.table("kinds, by default, saturated", &told, &rows);
    Ok(())
}

/// Some kinds of messages: name, path, body.
pub(super) fn kinds() -> [(&'static str, &'static str, String); 3] {
    [
        ("send/text", TEXT, text()),
        ("send/interactive/list, 10 rows", "/v2/messages/send/interactive/list", list()),
        ("templates/send, 5 parameters", "/v2/templates/send", template()),
    ]
}

/// The gateway in all the ways in which a send is measured.
pub(super) fn variants(options: &Options) -> Vec<Variant> {
    let mut variants = vec![
        variant("gateway, no record, no log", BARE, false),
        variant("gateway, no record", LOGGED, false),
        variant("gateway, no record, the log as JSON", LOGGED_AS_JSON, false),
        variant(BY_DEFAULT, DEFAULT, false),
        variant("gateway, keyed, SQLite", DEFAULT, true),
    ];
    if let Some(server) = &options.postgres {
        let storage = Storage::Postgres(server.clone());
        variants.push(Variant {
            name: "gateway, by default, PostgreSQL".to_owned(),
            storage: storage.clone(),
            settings: DEFAULT,
            keyed: false,
        });
        let name = "gateway, keyed, PostgreSQL".to_owned();
        variants.push(Variant { name, storage, settings: DEFAULT, keyed: true });
    }
    variants
}

fn variant(
    name: &'static str,
    settings: &'static [(&'static str, &'static str)],
    keyed: bool,
) -> Variant {
    Variant { name: name.to_owned(), storage: Storage::Sqlite, settings, keyed }
}

pub(super) fn contestant<'a>(
    name: &str,
    process: &'a Process,
    target: impl FnOnce(u16) -> Target,
) -> Contestant<'a> {
    Contestant { name: name.to_owned(), process, target: target(process.port) }
}

pub(super) fn send(token: &str, path: &str, body: &str, key: Option<&str>) -> Vec<u8> {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(key.map(|key| ("idempotency-key", key)));
    post(path, &headers, body.as_bytes())
}

/// A key of its own for each send, whatever its number: each turn counts from the beginning, and a
/// key that comes again is answered without a send.
fn keyed(port: u16, token: &str) -> Target {
    let run = hex::encode(random::<8>().unwrap_or_default());
    let placeholder = "#".repeat(12);
    let request = send(token, TEXT, &text(), Some(&format!("{run}-{placeholder}")));
    let at = request.windows(12).position(|window| window == placeholder.as_bytes());
    let at = at.unwrap_or_default();
    let sent = Cell::new(0);
    let requests = Rc::new(move |_| {
        let number = sent.replace(sent.get() + 1);
        let mut request = request.clone();
        request[at..at + 12].copy_from_slice(format!("{number:012}").as_bytes());
        Rc::from(request)
    });
    Target { port, requests }
}

pub(super) fn text() -> String {
    format!(
        r#"{{"phoneNumberId":"{NUMBER}","to":"+1 555 123 4567","text":"Your order 4711 has left our house this morning and will be with you tomorrow before noon.","previewUrl":false}}"#
    )
}

/// What a client of Meta's would send in its place.
pub(super) fn text_upstream() -> String {
    r#"{"messaging_product":"whatsapp","recipient_type":"individual","to":"15551234567","type":"text","text":{"body":"Your order 4711 has left our house this morning and will be with you tomorrow before noon.","preview_url":false}}"#.to_owned()
}

/// Ten rows are the most that Meta takes.
fn list() -> String {
    let rows: Vec<_> = (0..10)
        .map(|row| format!(r#"{{"id":"slot-{row}","title":"Slot {row}","description":"From {row} to {row} thirty, at the door"}}"#))
        .collect();
    format!(
        r#"{{"phoneNumberId":"{NUMBER}","to":"15551234567","bodyText":"When may we come?","buttonText":"Choose","sections":[{{"title":"Tomorrow","rows":[{}]}}]}}"#,
        rows.join(",")
    )
}

fn template() -> String {
    let parameters: Vec<_> =
        (0..5).map(|number| format!(r#"{{"type":"text","text":"value {number}"}}"#)).collect();
    format!(
        r#"{{"phoneNumberId":"{NUMBER}","to":"15551234567","templateName":"order_shipped","language":"en_US","components":[{{"type":"body","parameters":[{}]}}]}}"#,
        parameters.join(",")
    )
}
