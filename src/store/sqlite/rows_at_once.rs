//! Many rows in one statement. As values, and not as one JSON list: SQLite prints an item of
//! `json_each` anew for each of its members that is read.

use futures_util::TryStreamExt as _;
use sqlx::query_builder::Separated;
use sqlx::sqlite::SqliteRow;
use sqlx::{Either, Executor, FromRow, QueryBuilder, Sqlite as Driver};

use crate::store::StoreError;

/// The most rows of one statement. All counts of rows are below eight or multiples of it, so that
/// few different statements are ever prepared.
pub(super) const MOST_ROWS: usize = 64;
const FEW_ROWS: usize = 8;

pub(super) type Row<'b> = Separated<'b, Driver, &'static str>;

/// Cuts the rows into parts for one statement each.
pub(super) fn parts<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let most = match rows.len() {
            0 => return None,
            few @ ..FEW_ROWS => few,
            many => many.min(MOST_ROWS) / FEW_ROWS * FEW_ROWS,
        };
        let (part, rest) = rows.split_at_checked(most)?;
        rows = rest;
        Some(part)
    })
}

/// A statement with `VALUES` for each row, and what stands behind them.
pub(super) struct Statement {
    builder: QueryBuilder<Driver>,
    /// More than one are run in the same journey to the thread of SQLite.
    statements: usize,
}

impl Statement {
    pub(super) fn new<T>(
        into: &str,
        rows: &[T],
        mut bind: impl FnMut(&mut Row<'_>, &T),
        behind: &str,
    ) -> Self {
        let mut builder = QueryBuilder::new(into);
        builder.push_values(rows, |mut row, value| bind(&mut row, value));
        builder.push(behind);
        Self { builder, statements: 1 }
    }

    /// And then one that writes these rows into another table.
    pub(super) fn and<T>(
        mut self,
        into: &str,
        rows: &[T],
        mut bind: impl FnMut(&mut Row<'_>, &T),
    ) -> Self {
        self.builder.push(";").push(into);
        self.builder.push_values(rows, |mut row, value| bind(&mut row, value));
        self.statements += 1;
        self
    }

    /// Answers how many rows were changed.
    pub(super) async fn execute<'c>(
        self,
        with: impl Executor<'c, Database = Driver>,
    ) -> Result<usize, StoreError> {
        Ok(self.answers(with).await?.0)
    }

    pub(super) async fn fetch_all<'c, T>(
        self,
        with: impl Executor<'c, Database = Driver>,
    ) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> FromRow<'r, SqliteRow>,
    {
        let (_, rows) = self.answers(with).await?;
        Ok(rows.iter().map(T::from_row).collect::<Result<_, _>>()?)
    }

    /// Goes on when SQLite has told that it is done. sqlx also waits until its thread says no more,
    /// and on one core that is another change of threads for each statement.
    async fn answers<'c>(
        mut self,
        with: impl Executor<'c, Database = Driver>,
    ) -> Result<(usize, Vec<SqliteRow>), sqlx::Error> {
        let (mut changed, mut rows) = (0, Vec::new());
        let mut answers = with.fetch_many(self.builder.build());
        let mut under_way = self.statements;
        while under_way > 0 {
            match answers.try_next().await?.ok_or(sqlx::Error::WorkerCrashed)? {
                Either::Left(done) => {
                    changed += usize::try_from(done.rows_affected()).unwrap_or(usize::MAX);
                    under_way -= 1;
                }
                Either::Right(row) => rows.push(row),
            }
        }
        Ok((changed, rows))
    }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn parts_are_few_or_multiples_of_eight_in_order() {
        let sizes = |of: usize| parts(&vec![(); of]).map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(203), [64, 64, 64, 8, 3]);
        assert_eq!(sizes(63), [56, 7]);
        assert_eq!(sizes(8), [8]);
        assert_eq!(sizes(1), [1]);
        assert_eq!(sizes(0), [0; 0]);
        let rows: Vec<_> = (0..203).collect();
        assert_eq!(parts(&rows).flatten().copied().collect::<Vec<_>>(), rows);
    }
}
