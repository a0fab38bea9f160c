//! What is done with each connection to PostgreSQL: when it is made, and when it is given back.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Row as _, query, raw_sql};
use tokio::time::{sleep, timeout};

use crate::store::WAIT;

/// Between two attempts to replace a connection.
const PAUSE: Duration = Duration::from_millis(250);

/// Has the server give up by itself: on slow queries, on locks, and on transactions whose
/// gateway has gone away without a word.
///
/// And has it look into indexes, which the statements then see to that they are the right ones. A
/// plan is kept, and tables are small when a gateway is new, or has been quiet for long: one that
/// reads all of a table is soon the worst, and stays until the table is analyzed. What then still
/// has to be read row by row counts as so expensive that the server would compile it first, every
/// time.
pub(super) async fn set_up(
    connection: &mut PgConnection,
    most: Duration,
) -> Result<(), sqlx::Error> {
    let set = "SELECT set_config('statement_timeout', $1, false),
                      set_config('idle_in_transaction_session_timeout', $1, false),
                      set_config('lock_timeout', $2, false),
                      set_config('enable_seqscan', 'off', false),
                      set_config('jit', 'off', false)";
    let millis = |period: Duration| period.as_millis().to_string();
    query(set).bind(millis(most)).bind(millis(WAIT)).execute(connection).await?;
    Ok(())
}

/// Has a connection that was given back be as new: a transaction that is open on it, or has failed, is
/// undone. What others write next would be part of it.
///
/// One that has fallen silent is replaced, as soon as the server can be had again. It cannot be
/// closed: over TLS that waits for a word of the server, and until the system gives up on it,
/// which can be a quarter of an hour, it would take up its place in the pool.
pub(super) async fn put_in_order(
    connection: &mut PgConnection,
    options: &PgConnectOptions,
    most: Duration,
) -> Result<(), sqlx::Error> {
    // Outside of a transaction each message is one of its own, and they begin together.
    let alone = raw_sql("SELECT now() = statement_timestamp()");
    let undo = async {
        let alone = alone.fetch_one(&mut *connection).await;
        if alone.and_then(|alone| alone.try_get(0)).unwrap_or(false) {
            return Ok(());
        }
        raw_sql("ROLLBACK").execute(&mut *connection).await.map(drop)
    };
    if let Ok(undone) = timeout(WAIT, undo).await {
        return undone;
    }
    loop {
        let fresh = async {
            let mut fresh = PgConnection::connect_with(options).await?;
            set_up(&mut fresh, most).await?;
            Ok::<_, sqlx::Error>(fresh)
        };
        if let Ok(Ok(fresh)) = timeout(WAIT, fresh).await {
            // Dropped, the silent one is gone at once.
            *connection = fresh;
            return Ok(());
        }
        sleep(PAUSE).await;
    }
}
