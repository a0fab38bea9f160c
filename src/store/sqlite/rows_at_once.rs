//! Many rows in one statement. As values, and not as one JSON list: SQLite prints an item of
//! `json_each` anew for each of its members that is read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::TryStreamExt as _;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Either, Encode, Executor, FromRow, Sqlite as Driver, Type,
    query_with,
};

use crate::store::StoreError;

/// The most rows of one statement. All counts of rows are below eight or multiples of it, so that
/// few different statements are ever prepared.
pub(super) const MOST_ROWS: usize = 64;
const FEW_ROWS: usize = 8;

/// The texts that have been written. To write one again takes longer than to bind its values.
static TEXTS: Mutex<BTreeMap<Vec<Piece>, Arc<str>>> = Mutex::new(BTreeMap::new());

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

/// Statements with `VALUES` for each row, and what stands behind them, which are run in the same
/// journey to the thread of SQLite.
pub(super) struct Statement {
    pieces: Vec<Piece>,
    values: Result<SqliteArguments, BoxDynError>,
}

/// One statement of a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    rows: usize,
    columns: usize,
    into: &'static str,
    behind: &'static str,
}

/// The values of one row.
pub(super) struct Row<'a> {
    values: &'a mut Result<SqliteArguments, BoxDynError>,
    columns: usize,
}

impl Row<'_> {
    pub(super) fn push_bind<'t, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'t, Driver> + Type<Driver>,
    {
        self.columns += 1;
        if let Ok(values) = self.values
            && let Err(error) = values.add(value)
        {
            *self.values = Err(error);
        }
        self
    }
}

impl Statement {
    pub(super) fn new<T>(
        into: &'static str,
        rows: &[T],
        bind: impl FnMut(&mut Row<'_>, &T),
        behind: &'static str,
    ) -> Self {
        let empty = Self { pieces: Vec::with_capacity(2), values: Ok(SqliteArguments::default()) };
        empty.and(into, rows, bind, behind)
    }

    /// And then one that writes these rows into another table.
    pub(super) fn and<T>(
        mut self,
        into: &'static str,
        rows: &[T],
        mut bind: impl FnMut(&mut Row<'_>, &T),
        behind: &'static str,
    ) -> Self {
        let mut columns = 0;
        for value in rows {
            let mut row = Row { values: &mut self.values, columns: 0 };
            bind(&mut row, value);
            columns = row.columns;
        }
        self.pieces.push(Piece { rows: rows.len(), columns, into, behind });
        self
    }

    /// Answers how many rows were changed, of statements that write.
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
        self,
        with: impl Executor<'c, Database = Driver>,
    ) -> Result<(usize, Vec<SqliteRow>), sqlx::Error> {
        let (mut changed, mut rows) = (0, Vec::new());
        let mut under_way = self.pieces.len();
        let values = self.values.map_err(sqlx::Error::Encode)?;
        let mut answers = with.fetch_many(query_with(text(self.pieces), values));
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

/// All of it is written in this program: values are bound.
fn text(pieces: Vec<Piece>) -> AssertSqlSafe<Arc<str>> {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let text = texts.entry(pieces).or_insert_with_key(|pieces| {
        pieces.iter().map(Piece::text).collect::<Vec<_>>().join(";").into()
    });
    AssertSqlSafe(Arc::clone(text))
}

impl Piece {
    fn text(&self) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(","));
        format!("{}VALUES {}{}", self.into, vec![row; self.rows].join(","), self.behind)
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
