//! Growing Arrow columns that rows are written into one after the other.

mod finish;
mod nested;

use std::sync::Arc;

use arrow_schema::{DataType, Field, TimeUnit};

use self::nested::{read_list, read_map};
use crate::fields::{FieldSpec, Fields};
use crate::scanner::{Scan, Scanner, Unsure, unescape_into};
use crate::texts::{TimestampForm, date, decimal, timestamp};

enum Values {
    Bool(Vec<bool>),
    Int(Vec<i64>),
    Float(Vec<f64>),
    Date(Vec<i64>),
    Timestamp(Vec<i64>, TimestampForm),
    Decimal(Vec<i128>, u8, u8),
    Text {
        offsets: Vec<i32>,
        bytes: Vec<u8>,
    },
    Row(Fields),
    List {
        offsets: Vec<i32>,
        items: Box<Column>,
    },
    Map {
        offsets: Vec<i32>,
        keys: Box<Column>,
        items: Box<Column>,
    },
}

/// One column of the asked-for schema.
pub struct Column {
    pub name: Vec<u8>,
    data_type: DataType,
    values: Values,
    valid: Vec<bool>,
    /// NULL is not allowed: a row without a value is left to the full rules.
    required: bool,
    low: i64,
    high: i64,
}

impl Column {
    /// A column of a type by its name; None where the scanner does not read it.
    pub fn new(spec: &FieldSpec) -> Option<Self> {
        let FieldSpec(name, type_name, required, parts) = spec;
        let mut words = type_name.split(':');
        let (data_type, values) = match words.next()? {
            "bool" => (DataType::Boolean, Values::Bool(Vec::new())),
            "int8" => (DataType::Int8, Values::Int(Vec::new())),
            "int16" => (DataType::Int16, Values::Int(Vec::new())),
            "int32" => (DataType::Int32, Values::Int(Vec::new())),
            "int64" => (DataType::Int64, Values::Int(Vec::new())),
            "float" => (DataType::Float32, Values::Float(Vec::new())),
            "double" => (DataType::Float64, Values::Float(Vec::new())),
            "string" => (DataType::Utf8, text_values()),
            "date" => (DataType::Date32, Values::Date(Vec::new())),
            "timestamp" => timestamp_values(words)?,
            "decimal" => {
                let precision: u8 = words.next()?.parse().ok()?;
                let scale: u8 = words.next()?.parse().ok()?;
                let values = Values::Decimal(Vec::new(), precision, scale);
                (DataType::Decimal128(precision, scale as i8), values)
            }
            "row" => {
                let fields = Fields::new(parts).ok()?;
                let kinds = fields.columns.iter().map(Column::field).collect();
                (DataType::Struct(kinds), Values::Row(fields))
            }
            "list" => {
                let items = Box::new(Column::new(parts.first()?)?);
                let data_type = DataType::List(Arc::new(items.field()));
                let offsets = vec![0];
                (data_type, Values::List { offsets, items })
            }
            "map" => map_values(parts)?,
            _ => return None,
        };
        let (low, high) = match data_type {
            DataType::Int8 => (i8::MIN as i64, i8::MAX as i64),
            DataType::Int16 => (i16::MIN as i64, i16::MAX as i64),
            DataType::Int32 => (i32::MIN as i64, i32::MAX as i64),
            _ => (i64::MIN, i64::MAX),
        };
        Some(Self {
            name: name.as_bytes().to_vec(),
            data_type,
            values,
            valid: Vec::new(),
            required: *required,
            low,
            high,
        })
    }

    /// Its Arrow field.
    pub fn field(&self) -> Field {
        let name = String::from_utf8_lossy(&self.name);
        Field::new(name, self.data_type.clone(), !self.required)
    }

    /// Open a row, NULL until it is written.
    #[inline]
    pub fn open_row(&mut self) {
        self.valid.push(false);
        match &mut self.values {
            Values::Bool(values) => values.push(false),
            Values::Int(values) | Values::Date(values) | Values::Timestamp(values, _) => {
                values.push(0)
            }
            Values::Float(values) => values.push(0.0),
            Values::Decimal(values, _, _) => values.push(0),
            Values::Text { offsets, .. }
            | Values::List { offsets, .. }
            | Values::Map { offsets, .. } => offsets.push(offsets[offsets.len() - 1]),
            Values::Row(_) => (), // its fields follow when one is read
        }
    }

    /// NULL in all rows up to this one that were not opened.
    pub fn pad(&mut self, rows: usize) {
        self.valid.resize(rows, false);
        match &mut self.values {
            Values::Bool(values) => values.resize(rows, false),
            Values::Int(values) | Values::Date(values) | Values::Timestamp(values, _) => {
                values.resize(rows, 0)
            }
            Values::Float(values) => values.resize(rows, 0.0),
            Values::Decimal(values, _, _) => values.resize(rows, 0),
            Values::Text { offsets, .. }
            | Values::List { offsets, .. }
            | Values::Map { offsets, .. } => offsets.resize(rows + 1, offsets[offsets.len() - 1]),
            Values::Row(_) => (),
        }
    }

    /// Forget all rows from this one on.
    pub fn truncate(&mut self, rows: usize) {
        self.valid.truncate(rows);
        match &mut self.values {
            Values::Bool(values) => values.truncate(rows),
            Values::Int(values) | Values::Date(values) | Values::Timestamp(values, _) => {
                values.truncate(rows)
            }
            Values::Float(values) => values.truncate(rows),
            Values::Decimal(values, _, _) => values.truncate(rows),
            Values::Text { offsets, bytes } => {
                offsets.truncate(rows + 1);
                bytes.truncate(last(offsets));
            }
            Values::Row(fields) => fields.truncate(rows),
            Values::List { offsets, items } => {
                offsets.truncate(rows + 1);
                items.truncate(last(offsets));
            }
            Values::Map {
                offsets,
                keys,
                items,
            } => {
                offsets.truncate(rows + 1);
                keys.truncate(last(offsets));
                items.truncate(last(offsets));
            }
        }
    }

    /// Read the value at the scanner into the open row. A second value in one row is unsure.
    #[inline]
    pub fn read(&mut self, scanner: &mut Scanner<'_>) -> Scan<()> {
        if *self.valid.last().ok_or(Unsure)? {
            return Err(Unsure);
        }
        let first = scanner.peek()?;
        if first == b'n' {
            return scanner.literal(b"null");
        }
        match &mut self.values {
            Values::Int(values) => {
                let value = scanner.number()?.int()?;
                if value < self.low || value > self.high {
                    return Err(Unsure);
                }
                *values.last_mut().ok_or(Unsure)? = value;
            }
            Values::Float(values) => {
                let value = scanner.number()?.double()?;
                if value == 0.0 && first == b'-' {
                    return Err(Unsure); // what it becomes hangs on the other columns' types
                }
                *values.last_mut().ok_or(Unsure)? = value;
            }
            Values::Bool(values) => {
                let value = first == b't';
                scanner.literal(if value { b"true" } else { b"false" })?;
                *values.last_mut().ok_or(Unsure)? = value;
            }
            Values::Date(values) => *values.last_mut().ok_or(Unsure)? = date(plain(scanner)?)?,
            Values::Timestamp(values, form) => {
                *values.last_mut().ok_or(Unsure)? = timestamp(plain(scanner)?, *form)?;
            }
            Values::Decimal(values, precision, scale) => {
                let text = if first == b'"' {
                    plain(scanner)?
                } else {
                    scanner.number()?.text
                };
                *values.last_mut().ok_or(Unsure)? = decimal(text, *precision, *scale)?;
            }
            Values::Text { offsets, bytes } => {
                let raw = scanner.string()?;
                if bytes.len() + raw.bytes.len() > i32::MAX as usize {
                    return Err(Unsure);
                }
                unescape_into(&raw, bytes);
                *offsets.last_mut().ok_or(Unsure)? = bytes.len() as i32;
            }
            Values::Row(fields) => {
                fields.pad(self.valid.len() - 1);
                fields.open_row();
                fields.object(scanner)?;
                if !fields.complete() {
                    return Err(Unsure);
                }
            }
            Values::List { offsets, items } => {
                read_list(scanner, items)?;
                *offsets.last_mut().ok_or(Unsure)? = length(items)?;
            }
            Values::Map {
                offsets,
                keys,
                items,
            } => {
                let start = offsets[offsets.len() - 1] as usize;
                read_map(scanner, keys, items, start)?;
                *offsets.last_mut().ok_or(Unsure)? = length(items)?;
            }
        }
        *self.valid.last_mut().ok_or(Unsure)? = true;
        Ok(())
    }

    /// Whether the open row may end as it is.
    #[inline]
    pub fn complete(&self) -> bool {
        !self.required || self.valid.last() == Some(&true)
    }
}

/// Where the last item ends.
fn last(offsets: &[i32]) -> usize {
    offsets.last().map_or(0, |&end| end as usize)
}

fn text_values() -> Values {
    Values::Text {
        offsets: vec![0],
        bytes: Vec::new(),
    }
}

/// `timestamp:us|ns:sql|iso[:utc]`.
fn timestamp_values<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<(DataType, Values)> {
    let nanos = words.next()? == "ns";
    let iso = words.next()? == "iso";
    let utc = words.next() == Some("utc");
    let unit = if nanos {
        TimeUnit::Nanosecond
    } else {
        TimeUnit::Microsecond
    };
    let zone = utc.then(|| Arc::from("UTC"));
    let form = TimestampForm { iso, utc, nanos };
    Some((
        DataType::Timestamp(unit, zone),
        Values::Timestamp(Vec::new(), form),
    ))
}

/// A map from strings; `parts` are key and value.
fn map_values(parts: &[FieldSpec]) -> Option<(DataType, Values)> {
    let [key, value] = parts else { return None };
    let mut keys = Column::new(key)?;
    keys.required = true;
    if !matches!(keys.values, Values::Text { .. }) {
        return None;
    }
    let items = Column::new(value)?;
    let kinds = vec![keys.field(), items.field()];
    let entries = Field::new("entries", DataType::Struct(kinds.into()), false);
    let values = Values::Map {
        offsets: vec![0],
        keys: Box::new(keys),
        items: Box::new(items),
    };
    Some((DataType::Map(Arc::new(entries), false), values))
}

/// The bytes of a string without escapes.
#[inline]
fn plain<'a>(scanner: &mut Scanner<'a>) -> Scan<&'a [u8]> {
    let raw = scanner.string()?;
    if raw.escaped {
        return Err(Unsure);
    }
    Ok(raw.bytes)
}

fn length(items: &Column) -> Scan<i32> {
    i32::try_from(items.valid.len()).map_err(|_| Unsure)
}
