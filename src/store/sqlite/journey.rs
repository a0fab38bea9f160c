//! A journey to the thread of SQLite, and back.

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{Either, Execute, Executor, Sqlite as Driver};

/// Has a query of so many statements run, and answers how many rows each has changed, and their rows.
/// SQLite says of one that only reads what it has said of the one before.
/// Goes on when SQLite has told that it is done. sqlx also waits until its thread says no more, and on
/// one core that is another change of threads for each journey: 0.96 of the time.
pub(super) async fn journey<'c, 'q>(
    with: impl Executor<'c, Database = Driver>,
    query: impl Execute<'q, Driver> + 'q,
    statements: usize,
) -> Result<(Vec<usize>, Vec<SqliteRow>), sqlx::Error>
where
    'q: 'c,
{
    let (mut changed, mut rows) = (Vec::with_capacity(statements), Vec::new());
    let mut told = with.fetch_many(query);
    while changed.len() < statements {
        match told.try_next().await?.ok_or(sqlx::Error::WorkerCrashed)? {
            Either::Left(done) => {
                changed.push(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX));
            }
            Either::Right(row) => rows.push(row),
        }
    }
    Ok((changed, rows))
}
