//! The JSON schema that falls out of describing an object's fields.

use utoipa::openapi::schema::{
    AllOfBuilder, AnyOfBuilder, ArrayBuilder, OneOfBuilder, Schema, SchemaType,
};
use utoipa::openapi::{ObjectBuilder, RefOr, Type};

/// The fields of an object, collected while [`super::FromFields`] runs over nothing.
#[derive(Default)]
pub struct ObjectShape {
    object: ObjectBuilder,
    rules: Vec<Schema>,
}

impl std::fmt::Debug for ObjectShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ObjectShape")
    }
}

impl ObjectShape {
    pub fn add(&mut self, name: &str, schema: Schema, required: bool) {
        let mut object = std::mem::take(&mut self.object).property(name, schema);
        if required {
            object = object.required(name);
        }
        self.object = object;
    }

    pub(super) fn exactly_one_of(&mut self, choices: [&[&str]; 2]) {
        let [first, second] = choices;
        let either = OneOfBuilder::new().item(needs(first, second)).item(needs(second, first));
        self.rules.push(Schema::OneOf(either.build()));
    }

    pub(super) fn at_least_one_of(&mut self, names: &[&str]) {
        let any = names.iter().fold(AnyOfBuilder::new(), |any, name| any.item(needs(&[name], &[])));
        self.rules.push(Schema::AnyOf(any.build()));
    }

    /// A rule about several fields.
    pub(super) fn rule(&mut self, rule: Schema) {
        self.rules.push(rule);
    }

    #[must_use]
    pub fn into_schema(self) -> Schema {
        let object = Schema::Object(self.object.schema_type(Type::Object).build());
        if self.rules.is_empty() {
            return object;
        }
        let all = AllOfBuilder::new().item(object);
        Schema::AllOf(self.rules.into_iter().fold(all, AllOfBuilder::item).build())
    }
}

/// All of these are there, and none is blank; of the others each is.
fn needs(names: &[&str], others: &[&str]) -> Schema {
    let object = ObjectBuilder::new().schema_type(Type::Object);
    let need =
        |object: ObjectBuilder, name: &&str| object.property(*name, filled()).required(*name);
    let object = names.iter().fold(object, need);
    let others = others.iter().fold(object, |object, name| object.property(*name, rule::blank()));
    Schema::Object(others.build())
}

/// Text or a list: nothing else stands where a field may be one of several.
fn filled() -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    let any = Schema::Object(ObjectBuilder::new().schema_type(SchemaType::AnyValue).build());
    let list = ArrayBuilder::new().items(RefOr::T(any));
    Schema::AnyOf(AnyOfBuilder::new().item(text).item(list).build())
}

/// Pieces of rules that readers know by themselves.
pub mod rule {
    use super::{AnyOfBuilder, ObjectBuilder, Schema, Type};

    /// An object with such members, whatever else it has; those with `true` must be there.
    #[must_use]
    pub fn members<const N: usize>(members: [(&str, Schema, bool); N]) -> Schema {
        let object = ObjectBuilder::new().schema_type(Type::Object);
        let object = members.into_iter().fold(object, |object, (name, schema, required)| {
            let object = object.property(name, schema);
            if required { object.required(name) } else { object }
        });
        Schema::Object(object.build())
    }

    #[must_use]
    pub fn any_of(schemas: impl IntoIterator<Item = Schema>) -> Schema {
        let any = schemas.into_iter().fold(AnyOfBuilder::new(), AnyOfBuilder::item);
        Schema::AnyOf(any.build())
    }

    /// Text that this expression matches.
    #[must_use]
    pub fn like(pattern: &str) -> Schema {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
        Schema::Object(text.build())
    }

    /// One of these words.
    #[must_use]
    pub fn words<const N: usize>(words: [&str; N]) -> Schema {
        let text = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words));
        Schema::Object(text.build())
    }

    /// Empty, or `null`: it counts as left out.
    #[must_use]
    pub fn blank() -> Schema {
        super::nullable(words([""]))
    }
}

pub(super) fn of_type(kind: Type) -> Schema {
    Schema::Object(ObjectBuilder::new().schema_type(kind).build())
}

/// The same schema, with `null` allowed.
#[must_use]
pub fn nullable(schema: Schema) -> Schema {
    let with_null = |schema_type: &SchemaType| match schema_type {
        SchemaType::Type(kind) => SchemaType::Array(vec![kind.clone(), Type::Null]),
        other => other.clone(),
    };
    match schema {
        Schema::Object(mut object) => {
            object.schema_type = with_null(&object.schema_type);
            if let Some(values) = &mut object.enum_values {
                values.push(serde_json::Value::Null);
            }
            Schema::Object(object)
        }
        Schema::Array(mut array) => {
            array.schema_type = with_null(&array.schema_type);
            Schema::Array(array)
        }
        other => {
            let null = Schema::Object(ObjectBuilder::new().schema_type(Type::Null).build());
            Schema::AnyOf(AnyOfBuilder::new().item(RefOr::T(other)).item(RefOr::T(null)).build())
        }
    }
}
