//! Reading a JSON body field by field: all faults at once, each with its path.
//!
//! One description serves two readers. [`FromFields::from_fields`] names each field once; run
//! over a body it reads the values, run over nothing it yields the JSON schema. So a name, a
//! limit or a "required" is written in one place, and the API document cannot disagree.

mod canonical;
mod forwarded;
mod json;
mod list;
mod number;
mod path;
mod rules;
mod schema;
mod text;
mod violations;
mod word;

use utoipa::openapi::schema::Schema;

pub use canonical::canonical;
pub use forwarded::{AnyArray, AnyObject, Forwarded};
pub use json::{Json, JsonKind, Members, Outline, next_name};
pub use list::List;
pub use number::WholeNumber;
pub use path::Path;
pub use schema::{ObjectShape, nullable, rule};
pub use text::{AnyText, Text};
pub use violations::{Violation, Violations};
pub use word::{OneOf, Word};

/// A value that stands under one name.
pub trait Field: Sized {
    /// Reads the value, or leaves a fault at `place` and gives `None`.
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self>;

    fn schema() -> Schema;

    /// Whether an optional field with this value counts as left out.
    fn is_blank(value: Json<'_>) -> bool {
        value.kind() == JsonKind::Null
    }

    /// The schema where the field is optional: whatever [`Field::is_blank`] takes is allowed too.
    fn optional_schema() -> Schema {
        nullable(Self::schema())
    }
}

/// An object, read field by field. Read every field before the first `?`: only so does a caller
/// learn of all faults, and the document of all fields.
pub trait FromFields: Sized {
    fn from_fields(fields: &mut Fields<'_>) -> Option<Self>;
}

/// Where a value stands, and where faults are noted.
#[derive(Debug)]
pub struct Place<'p> {
    path: Path<'p>,
    faults: &'p mut Violations,
}

impl<'p> Place<'p> {
    pub fn new(path: Path<'p>, faults: &'p mut Violations) -> Self {
        Self { path, faults }
    }

    /// Notes a fault here. Gives `None`, so that it can end a reader.
    pub fn fault<T>(&mut self, message: impl Into<String>) -> Option<T> {
        self.faults.add(self.path.to_string(), message.into());
        None
    }

    pub fn item(&mut self, index: usize) -> Place<'_> {
        Place { path: self.path.item(index), faults: self.faults }
    }
}

/// The fields of one object.
#[derive(Debug)]
pub struct Fields<'a> {
    source: Source<'a>,
}

#[derive(Debug)]
enum Source<'a> {
    Body { members: &'a Members<'a>, path: Path<'a>, faults: &'a mut Violations },
    Nothing(&'a mut ObjectShape),
}

impl<'a> Fields<'a> {
    pub fn of_body(members: &'a Members<'a>, path: Path<'a>, faults: &'a mut Violations) -> Self {
        Self { source: Source::Body { members, path, faults } }
    }

    pub fn of_nothing(shape: &'a mut ObjectShape) -> Self {
        Self { source: Source::Nothing(shape) }
    }

    /// A field that must be there.
    pub fn required<T: Field>(&mut self, name: &'static str) -> Option<T> {
        match &mut self.source {
            Source::Nothing(shape) => {
                shape.add(name, T::schema(), true);
                None
            }
            Source::Body { members, path, faults } => {
                let mut place = Place { path: path.member(name), faults };
                match members.get(name) {
                    None => place.fault("is required"),
                    Some(value) if value.kind() == JsonKind::Null => place.fault("is required"),
                    Some(value) => T::read(value, &mut place),
                }
            }
        }
    }

    /// A field that may be left out. `Some(None)` if it was; `None` if what stands there is wrong.
    pub fn optional<T: Field>(&mut self, name: &'static str) -> Option<Option<T>> {
        match &mut self.source {
            Source::Nothing(shape) => {
                shape.add(name, T::optional_schema(), false);
                None
            }
            Source::Body { members, path, faults } => match members.get(name) {
                None => Some(None),
                Some(value) if T::is_blank(value) => Some(None),
                Some(value) => {
                    T::read(value, &mut Place { path: path.member(name), faults }).map(Some)
                }
            },
        }
    }

    /// Describes what the reader checks of several fields by itself.
    pub fn describe(&mut self, rule: impl FnOnce() -> Schema) {
        if let Source::Nothing(shape) = &mut self.source {
            shape.rule(rule());
        }
    }

    /// Whether a field is there and not blank. Never, while the schema is made.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        matches!(&self.source, Source::Body { members, .. } if members.has(name))
    }

    /// Notes a fault of the field `name`. Gives `None`, so that it can end a reader.
    pub fn fault<T>(&mut self, name: &str, message: impl Into<String>) -> Option<T> {
        if let Source::Body { path, faults, .. } = &mut self.source {
            faults.add(path.member(name).to_string(), message.into());
        }
        None
    }
}

impl<T: FromFields> Field for T {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        let Some(members) = value.members() else { return place.fault("must be an object") };
        T::from_fields(&mut Fields::of_body(&members, place.path, place.faults))
    }

    fn schema() -> Schema {
        let mut shape = ObjectShape::default();
        let _described = T::from_fields(&mut Fields::of_nothing(&mut shape)).is_some();
        shape.into_schema()
    }
}

/// Reads a whole body.
///
/// # Errors
/// All faults, if there are any.
pub fn read_body<T: FromFields>(body: &Members<'_>) -> Result<T, Violations> {
    judged(|faults| T::from_fields(&mut Fields::of_body(body, Path::Root, faults)))
}

/// Reads a whole body that is then passed on as it came.
///
/// # Errors
/// All faults, if there are any.
pub fn read_forwarded<T: Field>(body: Json<'_>) -> Result<Forwarded<T>, Violations> {
    judged(|faults| Forwarded::read(body, &mut Place::new(Path::Root, faults)))
}

fn judged<T>(read: impl FnOnce(&mut Violations) -> Option<T>) -> Result<T, Violations> {
    let mut faults = Violations::default();
    let value = read(&mut faults);
    match value {
        Some(value) if faults.is_empty() => Ok(value),
        // A reader that gives up without a word: the caller must not get an empty list.
        None if faults.is_empty() => Err(Violations::one("", "is not valid")),
        _ => Err(faults),
    }
}

impl Field for bool {
    fn read(value: Json<'_>, place: &mut Place<'_>) -> Option<Self> {
        value.as_bool().or_else(|| place.fault("must be true or false"))
    }

    fn schema() -> Schema {
        schema::of_type(utoipa::openapi::Type::Boolean)
    }
}

#[cfg(test)]
mod tests;
