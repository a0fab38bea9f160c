//! Many rows in one statement. As values, and not as one JSON list: SQLite prints an item of
//! `json_each` anew for each of its members that is read, 220,000 instructions a record in place of
//! 72,000.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Executor, FromRow, Sqlite as Driver, query_with};

use super::journey::journey;
use crate::store::StoreError;

/// The most rows of one statement. Most counts of rows are below eight or multiples of it, so that
/// few different statements are prepared.
pub(super) const MOST_ROWS: usize = 64;
const FEW_ROWS: usize = 8;

/// In the text behind the values it stands for how many rows they are.
const ROWS: &str = "{rows}";

/// The texts that have been written. To write one again takes longer than to bind its values.
static TEXTS: Mutex<BTreeMap<Pieces, Arc<str>>> = Mutex::new(BTreeMap::new());

/// And a question at the end.
type Pieces = (Vec<Piece>, Option<&'static str>);

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
    /// The one that was bound last.
    account: Arc<str>,
    ask: Option<&'static str>,
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
    account: &'a mut Arc<str>,
    columns: usize,
}

/// What a row may hold.
pub(super) trait Value {
    fn add_to(self, values: &mut SqliteArguments) -> Result<(), BoxDynError>;
}

macro_rules! values_as_they_are {
    ($($of:ty),*) => {$(
        impl Value for $of {
            fn add_to(self, values: &mut SqliteArguments) -> Result<(), BoxDynError> {
                values.add(self)
            }
        }
    )*};
}

values_as_they_are!(bool, i16, i64, Arc<str>, &[u8]);

/// By itself sqlx would copy it into a string behind a count: two pieces of memory, which another
/// thread gives back.
impl Value for &str {
    fn add_to(self, values: &mut SqliteArguments) -> Result<(), BoxDynError> {
        values.add(Arc::<str>::from(self))
    }
}

impl<V: Value> Value for Option<V> {
    fn add_to(self, values: &mut SqliteArguments) -> Result<(), BoxDynError> {
        match self {
            Some(value) => value.add_to(values),
            None => values.add(None::<i64>),
        }
    }
}

impl Row<'_> {
    pub(super) fn push_bind(&mut self, value: impl Value) -> &mut Self {
        self.columns += 1;
        if let Ok(values) = self.values
            && let Err(error) = value.add_to(values)
        {
            *self.values = Err(error);
        }
        self
    }

    /// It is mostly the one of the row before, and then they share the text.
    pub(super) fn push_account(&mut self, id: &str) -> &mut Self {
        if **self.account != *id {
            *self.account = id.into();
        }
        let account = Arc::clone(self.account);
        self.push_bind(account)
    }
}

impl Statement {
    pub(super) fn new<T>(
        into: &'static str,
        rows: &[T],
        bind: impl FnMut(&mut Row<'_>, &T),
        behind: &'static str,
    ) -> Self {
        let (pieces, values) = (Vec::with_capacity(2), Ok(SqliteArguments::default()));
        let empty = Self { pieces, values, account: Arc::default(), ask: None };
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
            let mut row = Row { values: &mut self.values, account: &mut self.account, columns: 0 };
            bind(&mut row, value);
            columns = row.columns;
        }
        self.pieces.push(Piece { rows: rows.len(), columns, into, behind });
        self
    }

    /// And at the end a question, which takes no values.
    pub(super) fn then(self, ask: &'static str) -> Self {
        Self { ask: Some(ask), ..self }
    }

    /// Answers how many rows were changed, of statements that write.
    pub(super) async fn execute<'c>(
        self,
        with: impl Executor<'c, Database = Driver>,
    ) -> Result<usize, StoreError> {
        Ok(self.answers::<()>(with).await?.0)
    }

    pub(super) async fn fetch_all<'c, T>(
        self,
        with: impl Executor<'c, Database = Driver>,
    ) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> FromRow<'r, SqliteRow>,
    {
        Ok(self.answers(with).await?.1)
    }

    /// Answers both.
    pub(super) async fn answers<'c, T>(
        self,
        with: impl Executor<'c, Database = Driver>,
    ) -> Result<(usize, Vec<T>), StoreError>
    where
        T: for<'r> FromRow<'r, SqliteRow>,
    {
        let (writes, asks) = (self.pieces.len(), usize::from(self.ask.is_some()));
        let values = self.values.map_err(sqlx::Error::Encode)?;
        let query = query_with(text((self.pieces, self.ask)), values);
        let (changed, rows) = journey(with, query, writes + asks).await?;
        let changed = changed.iter().take(writes).sum();
        Ok((changed, rows.iter().map(T::from_row).collect::<Result<_, _>>()?))
    }
}

/// All of it is written in this program: values are bound.
fn text(pieces: Pieces) -> AssertSqlSafe<Arc<str>> {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let text = texts.entry(pieces).or_insert_with_key(|(pieces, ask)| {
        let asks = ask.iter().map(|ask| (*ask).to_owned());
        pieces.iter().map(Piece::text).chain(asks).collect::<Vec<_>>().join(";").into()
    });
    AssertSqlSafe(Arc::clone(text))
}

impl Piece {
    fn text(&self) -> String {
        let Self { rows, columns, into, behind } = *self;
        let row = format!("({})", vec!["?"; columns].join(","));
        let behind = behind.replace(ROWS, &rows.to_string());
        format!("{into}VALUES {}{behind}", vec![row; rows].join(","))
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
