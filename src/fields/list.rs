//! Arrays that are read item by item.

use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, Schema};

use super::{Field, Json, Place};

/// `MIN` to `MAX` items, each of them valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T, const MIN: usize, const MAX: usize> List<T, MIN, MAX> {
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<T: Field, const MIN: usize, const MAX: usize> Field for List<T, MIN, MAX> {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let Some(items) = value.items() else { return place.fault("must be an array") };
        let count = items.len();
        if count < MIN {
            return place.fault(format!("must have at least {MIN} {}", items_word(MIN)));
        }
        if count > MAX {
            return place
                .fault(format!("must have at most {MAX} {}, has {count}", items_word(MAX)));
        }
        let mut read = Vec::with_capacity(count);
        for (index, item) in items.into_iter().enumerate() {
            read.push(T::read(item, &mut place.item(index)));
        }
        read.into_iter().collect::<Option<Vec<T>>>().map(Self)
    }

    fn schema() -> Schema {
        let most = (MAX != usize::MAX).then_some(MAX);
        let least = (MIN > 0).then_some(MIN);
        let array = ArrayBuilder::new().items(RefOr::T(T::schema()));
        Schema::Array(array.min_items(least).max_items(most).build())
    }
}

fn items_word(count: usize) -> &'static str {
    if count == 1 { "item" } else { "items" }
}
