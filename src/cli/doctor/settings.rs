//! The settings. Each has parsed, or the program would have stopped with its name.

use std::path::Path;

use url::{Host, Url};

use super::Report;
use crate::cli::CommonSettings;
use crate::config::ListenerSettings;

const NO_KEY_FIX: &str = "make one with `avenping key generate`, keep it safe, and set \
AVENPING_SECRET_KEY wherever the gateway runs";

pub(super) fn check(
    report: &mut Report,
    settings: &CommonSettings,
    listener: &ListenerSettings,
    env_file: Option<&Path>,
) {
    report.ok(
        ".env",
        match env_file {
            Some(file) => format!("read from {}", file.display()),
            None => "there is none; settings come from flags and variables".to_owned(),
        },
    );
    public_url(report, listener.public_url.as_ref());
    match settings.secret_keys.keys.len() {
        0 => report.fail("secret key", "is not set".to_owned(), NO_KEY_FIX),
        1 => report.ok("secret key", "set".to_owned()),
        more => report.ok("secret key", format!("set, and {} behind it", more - 1)),
    }
    graph_url(report, &settings.graph.url);
}

fn public_url(report: &mut Report, url: Option<&Url>) {
    const CHECK: &str = "public URL";
    match url {
        None => report.warn(
            CHECK,
            "is not set, so links in answers lead to the address that the gateway listens on"
                .to_owned(),
            "set AVENPING_PUBLIC_URL to the address that callers use",
        ),
        Some(url) if url.scheme() == "https" || is_here(url) => report.ok(CHECK, url.to_string()),
        Some(url) => report.warn(
            CHECK,
            format!("{url} is not https, so whoever is on the way can read the API tokens"),
            "put a proxy that speaks TLS in front, and its address in AVENPING_PUBLIC_URL",
        ),
    }
}

fn graph_url(report: &mut Report, url: &Url) {
    const CHECK: &str = "Graph URL";
    let fix = "AVENPING_GRAPH_URL is https://graph.facebook.com unless Meta is to be played";
    if url.scheme() == "https" {
        report.ok(CHECK, url.to_string());
    } else if is_here(url) {
        report.warn(CHECK, format!("{url} is on this machine, and not Meta"), fix);
    } else {
        report.fail(CHECK, format!("{url} is not https, and Meta tokens go there"), fix);
    }
}

/// Whether what is sent there stays on this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
