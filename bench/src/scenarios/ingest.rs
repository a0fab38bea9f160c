//! Signed posts of Meta's, each stored with its events and deliveries before the 200.

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::Options;
use crate::gateway::{APP_SECRET, Installation, NUMBER, Storage, WABA, random};
use crate::http::{Connection, post};
use crate::load::{Target, closed_loop, connections};
use crate::report::{Figures, Report};
use crate::upstream::Upstream;

const CONNECTIONS: usize = 64;
/// Where nobody listens.
pub(super) const NOBODY: u16 = 9;
/// Made before the turn, so that making them costs it nothing; enough for a turn of this length.
pub(super) const POSTS_OF_ONE: usize = 150_000;
pub(super) const POSTS_OF_HUNDRED: usize = 6_000;

/// The deliveries pile up: what is measured is the taking in.
pub(super) const SETTINGS: &[(&str, &str)] =
    &[("AVENPING_LOG", "off"), ("AVENPING_WEBHOOK_RETRY_SCHEDULE", "0s,24h")];

/// What is in a post.
#[derive(Clone, Copy)]
pub(super) enum Update {
    /// From one of a thousand senders.
    Message,
    /// Of a message that somebody else sent: it is not recorded, so the status waits for it.
    Status,
}

pub(super) async fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let mut figures = Figures::default();
    for (name, storage) in storages(options) {
        for (update, kind, batch, posts) in [
            (Update::Message, "messages", 1, POSTS_OF_ONE),
            (Update::Message, "messages", 100, POSTS_OF_HUNDRED),
            (Update::Status, "statuses", 100, POSTS_OF_HUNDRED),
        ] {
            let of = format!("{name}, {kind} in batches of {batch}");
            for _ in 0..options.rounds.div_ceil(2) {
                let (rate, cost, failed) = turn(options, &storage, update, batch, posts).await?;
                figures.note(format!("{of}: updates a second"), rate);
                figures.note(format!("{of}: CPU microseconds an update"), cost);
                figures.note(format!("{of}: updates a second of CPU"), 1e6 / cost);
                figures.add(format!("{of}: not answered with 200"), failed as f64);
            }
        }
    }
    let told = format!(
        "{CONNECTIONS} connections, closed loop, the log off; the account wants newLead and newMessage, nobody listens at its URL"
    );
    report.figures("webhooks of Meta's, stored before the 200", &told, figures);
    Ok(())
}

pub(super) fn storages(options: &Options) -> Vec<(&'static str, Storage)> {
    let mut storages = vec![("SQLite", Storage::Sqlite)];
    if let Some(server) = &options.postgres {
        storages.push(("PostgreSQL", Storage::Postgres(server.clone())));
    }
    storages
}

/// Updates a second, CPU time for each, and what failed.
async fn turn(
    options: &Options,
    storage: &Storage,
    update: Update,
    batch: usize,
    posts: usize,
) -> anyhow::Result<(f64, f64, u64)> {
    let upstream = Upstream::start(Duration::ZERO).await?;
    let installation = Installation::new(options, storage)?;
    let process = installation.start(upstream.port, SETTINGS).await?;
    set_url(&installation, process.port, NOBODY).await?;
    let target = target(process.port, update, batch, posts)?;
    let mut meta = connections(process.port, CONNECTIONS).await?;
    let before = process.cpu_micros()?;
    let time = Duration::from_secs(options.seconds);
    let outcome = closed_loop(&target, &mut meta, time).await;
    let used = process.cpu_micros()? - before;
    // What comes again is only looked up.
    let made = posts as u64;
    anyhow::ensure!(
        outcome.answered + outcome.failed <= made,
        "{made} posts are not enough: make more"
    );
    let updates = (outcome.answered * batch as u64) as f64;
    Ok((updates / outcome.took.as_secs_f64(), used / updates.max(1.0), outcome.failed))
}

/// So many posts, one after the other, and then the same ones again.
pub(super) fn target(
    port: u16,
    update: Update,
    batch: usize,
    posts: usize,
) -> anyhow::Result<Target> {
    let run = hex::encode(random::<6>()?);
    let requests: Vec<Rc<[u8]>> =
        (0..posts).map(|number| signed(&run, update, number, batch).into()).collect();
    let requests = Rc::new(move |number: u64| {
        Rc::clone(&requests[usize::try_from(number).unwrap_or_default() % requests.len()])
    });
    Ok(Target { port, requests })
}

/// Has the events of the account go to this port.
pub(super) async fn set_url(
    installation: &Installation,
    port: u16,
    receiver: u16,
) -> anyhow::Result<()> {
    let bearer = format!("Bearer {}", installation.token);
    let body = format!(r#"{{"webhookUrl":"http://127.0.0.1:{receiver}/events"}}"#);
    let request = post("/v2/webhooks/config", &[("authorization", &bearer)], body.as_bytes());
    let answer = Connection::open(port).await?.ask_whole(&request).await?;
    anyhow::ensure!(answer.status == 200, "{}", String::from_utf8_lossy(&answer.body));
    Ok(())
}

/// A post with `batch` updates that were never posted before.
fn signed(run: &str, update: Update, number: usize, batch: usize) -> Vec<u8> {
    let mut updates = String::new();
    for at in 0..batch {
        let person = 15_551_000_000_u64 + ((number * batch + at) % 1000) as u64;
        let comma = if at == 0 { "" } else { "," };
        let id = format!("wamid.{run}{number:08}{at:04}");
        let written = match update {
            Update::Message => write!(
                updates,
                r#"{comma}{{"from":"{person}","id":"{id}","timestamp":"1795730447","type":"text","text":{{"body":"When will it come? \u00e4"}}}}"#
            ),
            Update::Status => write!(
                updates,
                r#"{comma}{{"id":"{id}","status":"delivered","timestamp":"1795730447","recipient_id":"{person}"}}"#
            ),
        };
        debug_assert!(written.is_ok());
    }
    let updates = match update {
        Update::Message => format!(
            r#""contacts":[{{"profile":{{"name":"Ada"}},"wa_id":"15551000000"}}],"messages":[{updates}]"#
        ),
        Update::Status => format!(r#""statuses":[{updates}]"#),
    };
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{WABA}","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550783881","phone_number_id":"{NUMBER}"}},{updates}}}}}]}}]}}"#
    );
    let mut mac =
        Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap_or_else(|_| unreachable!());
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    post("/webhooks/meta", &[("x-hub-signature-256", &signature)], body.as_bytes())
}
