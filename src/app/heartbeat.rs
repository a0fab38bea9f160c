//! Tells the other nodes on the database that this one lives, and learns how many there are: they
//! share the rate limits.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::limits::Rates;
use crate::store::Store;

/// A node that has been silent for so many beats has gone.
const SILENT_BEATS: u32 = 3;

/// Beats until `stop`, and then takes its leave.
pub(super) async fn run(store: &Store, rates: &Rates, period: Duration, stop: CancellationToken) {
    let node = uuid::Uuid::now_v7().to_string();
    let mut turns = interval(period);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = turns.tick() => beat(store, rates, &node, period).await,
        }
    }
    if let Err(error) = store.leave(&node).await {
        tracing::debug!(%error, "the other nodes were not told of the end of this one");
    }
}

/// While the database is away, the number that was known last holds.
async fn beat(store: &Store, rates: &Rates, node: &str, period: Duration) {
    match store.beat(node, period.saturating_mul(SILENT_BEATS)).await {
        Ok(nodes) if nodes == rates.nodes() => {}
        Ok(nodes) => {
            tracing::info!(nodes, "so many nodes share the rate limits");
            rates.share_among(nodes);
        }
        Err(error) => tracing::debug!(%error, "the number of nodes stays as it was"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::clock::Clock;
    use crate::config::{DatabaseSettings, LimitSettings, SecretKey};
    use crate::limits::Limits;
    use crate::metrics::Refusals;
    use crate::store::{self, Keyring};

    #[tokio::test]
    async fn without_a_database_the_number_known_last_holds() {
        let directory = tempfile::TempDir::new().unwrap();
        let url = format!("sqlite://{}", directory.path().join("nodes.db").display());
        let settings = DatabaseSettings { url, timeout: Duration::from_secs(20).into() };
        let keyring = Keyring::new(&[SecretKey::new([1; 32])]).unwrap();
        let store = store::open(&settings, keyring).await.unwrap();
        store.migrate().await.unwrap();
        let limits = Limits::new(&LimitSettings::default(), Clock::system(), Refusals::default());
        let day = Duration::from_secs(24 * 60 * 60);

        super::beat(&store, &limits.rates, "one", day).await;
        assert_eq!(limits.rates.nodes(), 1);
        store.beat("another", day).await.unwrap();
        super::beat(&store, &limits.rates, "one", day).await;
        assert_eq!(limits.rates.nodes(), 2);
        store.close().await;
        super::beat(&store, &limits.rates, "one", day).await;
        assert_eq!(limits.rates.nodes(), 2);
    }
}
