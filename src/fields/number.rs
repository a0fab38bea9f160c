//! Whole numbers with limits.

use utoipa::openapi::schema::Schema;
use utoipa::openapi::{ObjectBuilder, Type};

use super::{Field, Json, JsonKind, Place};

/// A JSON number that is whole, from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WholeNumber<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> WholeNumber<MIN, MAX> {
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

/// `60`, and `60.0` and `6e1` as well: to JSON they are one number.
fn whole(text: &str) -> Option<u32> {
    let precise = || text.parse::<f64>().ok().filter(|number| number.fract() == 0.0);
    text.parse().ok().or_else(|| format!("{:.0}", precise()?).parse().ok())
}

impl<const MIN: u32, const MAX: u32> Field for WholeNumber<MIN, MAX> {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let number = (value.kind() == JsonKind::Number).then(|| whole(value.text()));
        let number = number.flatten().filter(|number| (MIN..=MAX).contains(number));
        number
            .map(Self)
            .or_else(|| place.fault(format!("must be a whole number from {MIN} to {MAX}")))
    }

    fn schema() -> Schema {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        Schema::Object(number.minimum(Some(MIN)).maximum(Some(MAX)).build())
    }
}
