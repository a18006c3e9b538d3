//! A writer's schema, as Python tells of it, and the Arrow types of its raw values.

use std::sync::Arc;

use arrow_schema::{DataType, Field};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::cursor::Cursor;
use crate::scanner::{Scan, Unsure};

/// Kind, its parts with their names, an enum's symbols, and a number: the size of a fixed value, or
/// which branch of a union is not null (its parts are all branches).
#[derive(FromPyObject, Clone)]
pub struct AvroSpec(
    pub String,
    pub Vec<(String, AvroSpec)>,
    pub Vec<String>,
    pub usize,
);

pub enum Schema {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    Enum(Vec<String>),
    Fixed(usize),
    Array(Box<Schema>),
    Map(Box<Schema>),
    Record(Vec<(String, Schema)>),
    /// The branch that is not null, its place, and how many there are.
    Union(Box<Schema>, usize, usize),
}

impl Schema {
    pub fn new(spec: AvroSpec) -> PyResult<Self> {
        let AvroSpec(kind, parts, symbols, number) = spec;
        let count = parts.len();
        let mut parts = parts
            .into_iter()
            .map(|(name, part)| Ok((name, Self::new(part)?)))
            .collect::<PyResult<Vec<_>>>()?;
        let mut part = |at: usize| {
            if at < parts.len() {
                Ok(Box::new(parts.swap_remove(at).1))
            } else {
                Err(PyValueError::new_err("a part is missing"))
            }
        };
        Ok(match kind.as_str() {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "bytes" | "string" => Self::Bytes,
            "enum" => Self::Enum(symbols),
            "fixed" => Self::Fixed(number),
            "array" => Self::Array(part(0)?),
            "map" => Self::Map(part(0)?),
            "record" | "error" => Self::Record(parts),
            "union" => Self::Union(part(number)?, number, count),
            _ => return Err(PyValueError::new_err(format!("Avro has no type {kind}"))),
        })
    }

    pub fn field(&self, name: &str) -> Field {
        Field::new(name, self.data_type(), true)
    }

    fn data_type(&self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Bytes | Self::Fixed(_) => DataType::Binary,
            Self::Enum(_) => DataType::Utf8,
            Self::Array(items) => DataType::List(Arc::new(items.field("item"))),
            Self::Map(items) => {
                let key = Field::new("key", DataType::Utf8, false);
                let kinds = vec![key, items.field("value")];
                let entries = Field::new("entries", DataType::Struct(kinds.into()), false);
                DataType::Map(Arc::new(entries), false)
            }
            Self::Record(fields) => {
                DataType::Struct(fields.iter().map(|(name, kind)| kind.field(name)).collect())
            }
            Self::Union(inner, ..) => inner.data_type(),
        }
    }

    /// Step over a value, looking at it as closely as reading it would.
    pub fn skip(&self, cursor: &mut Cursor<'_>) -> Scan<()> {
        match self {
            Self::Null => {}
            Self::Boolean => drop(cursor.boolean()?),
            Self::Int => drop(cursor.int()?),
            Self::Long => drop(cursor.long()?),
            Self::Float => drop(cursor.take(4)?),
            Self::Double => drop(cursor.take(8)?),
            Self::Bytes => drop(cursor.bytes()?),
            Self::Enum(symbols) => drop(cursor.count(symbols.len().checked_sub(1).ok_or(Unsure)?)?),
            Self::Fixed(size) => drop(cursor.take(*size)?),
            // What the full rules say of repeated keys and texts, they say of read ones only.
            Self::Array(items) => loop {
                let count = cursor.block()?;
                if count == 0 {
                    break;
                }
                for _ in 0..count {
                    items.skip(cursor)?;
                }
            },
            Self::Map(items) => loop {
                let count = cursor.block()?;
                if count == 0 {
                    break;
                }
                for _ in 0..count {
                    cursor.bytes()?;
                    items.skip(cursor)?;
                }
            },
            Self::Record(fields) => {
                for (_, field) in fields {
                    field.skip(cursor)?;
                }
            }
            Self::Union(inner, there, count) => {
                if cursor.count(count - 1)? == *there {
                    inner.skip(cursor)?;
                }
            }
        }
        Ok(())
    }
}
