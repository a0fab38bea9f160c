//! Many rows in one statement. As values, and not as one JSON list: SQLite prints an item of
//! `json_each` anew for each of its members that is read.

use sqlx::query::{Query, QueryAs};
use sqlx::query_builder::Separated;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, QueryBuilder, Sqlite as Driver};

/// The most rows of one statement. All counts of rows are below eight or multiples of it, so that
/// few different statements are ever prepared.
const MOST_ROWS: usize = 64;
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
pub(super) struct Statement(QueryBuilder<Driver>);

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
        Self(builder)
    }

    /// The same rows once more, into another table, in the same journey to SQLite.
    pub(super) fn and<T>(
        mut self,
        into: &str,
        rows: &[T],
        mut bind: impl FnMut(&mut Row<'_>, &T),
    ) -> Self {
        self.0.push(";");
        self.0.push(into);
        self.0.push_values(rows, |mut row, value| bind(&mut row, value));
        self
    }

    pub(super) fn query_as<T>(&mut self) -> QueryAs<'_, Driver, T, SqliteArguments>
    where
        T: for<'r> FromRow<'r, SqliteRow>,
    {
        self.0.build_query_as()
    }

    pub(super) fn query(&mut self) -> Query<'_, Driver, SqliteArguments> {
        self.0.build()
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
