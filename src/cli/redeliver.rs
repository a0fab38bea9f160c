//! `avenping redeliver`: the webhooks of a range of time, once more.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

use super::target::Target;
use super::{output, progress};
use crate::model::Timestamp;

/// The range goes piece by piece: of one request only so many events are delivered once more.
const PIECE: Duration = Duration::from_secs(3600);

#[derive(Args, Debug)]
#[command(after_help = "Example:
  avenping redeliver --from 2026-11-20T08:00:00Z --to 2026-11-20T12:30:00Z")]
pub(super) struct Redeliver {
    /// The first moment of the range, at most 14 days ago
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Timestamp,

    /// The moment that the range ends before
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Timestamp,

    #[command(flatten)]
    target: Target,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "must be a time such as 2026-11-20T08:00:00Z".to_owned())
}

impl Redeliver {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        ensure!(self.from < self.to, "--to must be after --from");
        let gateway = self.target.find()?;
        let pieces = pieces(self.from, self.to);
        let bar = progress::bar(pieces.len() as u64, "hours");
        let mut redelivered = 0;
        for (from, to) in pieces {
            let range = json!({ "from": from, "to": to });
            let path = "/v2/webhooks/deliveries/redeliver";
            let answer = gateway.ask(Method::POST, path, Some(&range)).await;
            let answer =
                answer.with_context(|| format!("{redelivered} are due once more; then"))?;
            redelivered += answer.get("redelivered").and_then(Value::as_u64).unwrap_or_default();
            bar.inc(1);
        }
        bar.finish_and_clear();
        output::line(format_args!("due once more: {redelivered}"))
    }
}

fn pieces(from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let starts = std::iter::successors(Some(from), |start| Some(start.plus(PIECE)));
    let starts = starts.take_while(|start| *start < to);
    starts.map(|start| (start, start.plus(PIECE).min(to))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Timestamp, pieces};

    #[test]
    fn pieces_cover_the_range_and_nothing_else() {
        let at = |minutes: i64| Timestamp::from_millis(minutes * 60_000);
        assert_eq!(pieces(at(0), at(60)), [(at(0), at(60))]);
        assert_eq!(
            pieces(at(5), at(130)),
            [(at(5), at(65)), (at(65), at(125)), (at(125), at(130))]
        );
        assert_eq!(pieces(at(1), at(1)), []);
    }
}
