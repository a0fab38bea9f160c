//! Reads what a collector is sent by the numbers of OTLP's own definitions, so that not the same
//! library writes and reads.

use serde_json::{Map, Value, json};

#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) span: String,
    /// Empty if it has none.
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) kind: u64,
    pub(crate) started: u64,
    pub(crate) ended: u64,
    pub(crate) attributes: Value,
    pub(crate) status: u64,
    /// Of the program that tells of it.
    pub(crate) service: Value,
}

/// A message of protocol buffers: its fields, by their numbers.
struct Message<'a>(Vec<(u64, Field<'a>)>);

#[derive(Clone, Copy)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            break;
        }
    }
    value
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

impl<'a> Message<'a> {
    fn read(mut bytes: &'a [u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let field = match key & 7 {
                0 => Field::Number(varint(&mut bytes)),
                1 => {
                    let number = take(&mut bytes, 8).try_into().unwrap();
                    Field::Number(u64::from_le_bytes(number))
                }
                2 => {
                    let length = varint(&mut bytes);
                    Field::Bytes(take(&mut bytes, length.try_into().unwrap()))
                }
                5 => {
                    let number = take(&mut bytes, 4).try_into().unwrap();
                    Field::Number(u32::from_le_bytes(number).into())
                }
                other => panic!("there is no wire type {other}"),
            };
            fields.push((key >> 3, field));
        }
        Self(fields)
    }

    fn all(&self, number: u64) -> impl Iterator<Item = Field<'a>> {
        self.0.iter().filter(move |(of, _)| *of == number).map(|(_, field)| *field)
    }

    fn bytes(&self, number: u64) -> impl Iterator<Item = &'a [u8]> {
        self.all(number).filter_map(|field| match field {
            Field::Bytes(bytes) => Some(bytes),
            Field::Number(_) => None,
        })
    }

    fn messages(&self, number: u64) -> impl Iterator<Item = Self> {
        self.bytes(number).map(Self::read)
    }

    fn number(&self, number: u64) -> Option<u64> {
        self.all(number).find_map(|field| match field {
            Field::Number(number) => Some(number),
            Field::Bytes(_) => None,
        })
    }

    fn text(&self, number: u64) -> Option<String> {
        self.bytes(number).next().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    fn hex(&self, number: u64) -> String {
        hex::encode(self.bytes(number).next().unwrap_or_default())
    }

    /// Repeated `KeyValue`s, of texts and numbers.
    fn attributes(&self, number: u64) -> Value {
        let pairs = self.messages(number).map(|pair| {
            let value = pair.messages(2).next().unwrap();
            let value = value.text(1).map_or_else(|| json!(value.number(3)), Value::from);
            (pair.text(1).unwrap(), value)
        });
        Value::Object(pairs.collect::<Map<_, _>>())
    }
}

/// The spans of an `ExportTraceServiceRequest`.
pub(crate) fn spans_of(body: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    for of_service in Message::read(body).messages(1) {
        let service = of_service.messages(1).next().unwrap().attributes(1);
        for span in of_service.messages(2).flat_map(|scope| scope.messages(2).collect::<Vec<_>>()) {
            let status = span.messages(15).next().and_then(|status| status.number(3));
            spans.push(Span {
                trace: span.hex(1),
                span: span.hex(2),
                parent: span.hex(4),
                name: span.text(5).unwrap(),
                kind: span.number(6).unwrap(),
                started: span.number(7).unwrap(),
                ended: span.number(8).unwrap(),
                attributes: span.attributes(9),
                status: status.unwrap_or_default(),
                service: service.clone(),
            });
        }
    }
    spans
}
