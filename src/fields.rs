//! Reading a JSON body field by field: all faults at once, each with its path.
//!
//! One description serves two readers. [`FromFields::from_fields`] names each field once; run
//! over a body it reads the values, run over nothing it yields the JSON schema. So a name, a
//! limit or a "required" is written in one place, and the API document cannot disagree.

mod canonical;
mod json;
mod list;
mod path;
mod schema;
mod text;
mod violations;

use utoipa::openapi::schema::Schema;

pub use canonical::canonical;
pub use json::{Json, JsonKind, Members};
pub use list::{Forwarded, List};
pub use path::Path;
pub use schema::{ObjectShape, nullable};
pub use text::{AnyText, Text};
pub use violations::{Violation, Violations};

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

    /// Notes that exactly one of two optional fields must be there. A fault stands at the object.
    pub fn exactly_one_of(&mut self, names: [&'static str; 2]) -> Option<()> {
        match &mut self.source {
            Source::Nothing(shape) => {
                shape.exactly_one_of(names);
                None
            }
            Source::Body { members, path, faults } => {
                let [first, second] = names;
                let message = match (members.has(first), members.has(second)) {
                    (true, false) | (false, true) => return Some(()),
                    (true, true) => format!("must have only one of {first} and {second}"),
                    (false, false) => format!("must have {first} or {second}"),
                };
                Place { path: *path, faults }.fault(message)
            }
        }
    }

    /// Notes that one of two optional fields must be there; the first is the one that is missed.
    pub fn at_least_one_of(&mut self, names: [&'static str; 2]) -> Option<()> {
        match &mut self.source {
            Source::Nothing(shape) => {
                shape.at_least_one_of(names);
                None
            }
            Source::Body { members, path, faults } => {
                if names.iter().any(|name| members.has(name)) {
                    return Some(());
                }
                Place { path: path.member(names[0]), faults }.fault("is required")
            }
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
    let mut faults = Violations::default();
    let value = T::from_fields(&mut Fields::of_body(body, Path::Root, &mut faults));
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
