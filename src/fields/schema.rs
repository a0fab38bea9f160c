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
        let [first, second] = choices.map(needs);
        self.rules.push(Schema::OneOf(OneOfBuilder::new().item(first).item(second).build()));
    }

    pub(super) fn at_least_one_of(&mut self, names: &[&str]) {
        let any = names.iter().fold(AnyOfBuilder::new(), |any, name| any.item(needs(&[name])));
        self.rules.push(Schema::AnyOf(any.build()));
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

/// All of these are there, and none is blank.
fn needs(names: &[&str]) -> Schema {
    let object = ObjectBuilder::new().schema_type(Type::Object);
    let need =
        |object: ObjectBuilder, name: &&str| object.property(*name, filled()).required(*name);
    Schema::Object(names.iter().fold(object, need).build())
}

/// Text or a list: nothing else stands where a field may be one of several.
fn filled() -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
    let any = Schema::Object(ObjectBuilder::new().schema_type(SchemaType::AnyValue).build());
    let list = ArrayBuilder::new().items(RefOr::T(any));
    Schema::AnyOf(AnyOfBuilder::new().item(text).item(list).build())
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
