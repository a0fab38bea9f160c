//! Many rows in one statement. As values, and not as one JSON list: SQLite prints an item of
//! `json_each` anew for each of its members that is read.

use sqlx::query::{Query, QueryAs};
use sqlx::query_builder::Separated;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{FromRow, QueryBuilder, Sqlite as Driver};

/// The most rows of one statement. All counts of rows are powers of two, so that few different
/// statements are ever prepared.
const MOST_ROWS: usize = 64;

pub(super) type Row<'b> = Separated<'b, Driver, &'static str>;

/// Cuts the rows into parts for one statement each.
pub(super) fn parts<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let most = 1_usize.checked_shl(rows.len().checked_ilog2()?)?.min(MOST_ROWS);
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
    fn parts_are_powers_of_two_in_order() {
        let rows: Vec<_> = (0..203).collect();
        let sizes: Vec<_> = parts(&rows).map(<[_]>::len).collect();
        assert_eq!(sizes, [64, 64, 64, 8, 2, 1]);
        assert_eq!(parts(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        assert_eq!(parts::<u8>(&[]).count(), 0);
    }
}
