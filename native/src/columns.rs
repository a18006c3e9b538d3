//! Growing Arrow columns that rows are written into one after the other.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, ListArray, MapArray, StringArray, StructArray,
    TimestampMicrosecondArray, TimestampNanosecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, TimeUnit};

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

const MAP_ENTRIES_MAX: usize = 64;

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
            Values::Row(fields) => fields.open_row(),
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
                bytes.truncate(offsets[rows] as usize);
            }
            Values::Row(fields) => fields.truncate(rows),
            Values::List { offsets, items } => {
                offsets.truncate(rows + 1);
                items.truncate(offsets[rows] as usize);
            }
            Values::Map {
                offsets,
                keys,
                items,
            } => {
                offsets.truncate(rows + 1);
                keys.truncate(offsets[rows] as usize);
                items.truncate(offsets[rows] as usize);
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
                let (text, whole) = scanner.number()?;
                let value = if whole {
                    parse_int(text)?
                } else {
                    return Err(Unsure);
                };
                if value < self.low || value > self.high {
                    return Err(Unsure);
                }
                *values.last_mut().ok_or(Unsure)? = value;
            }
            Values::Float(values) => {
                let (text, _) = scanner.number()?;
                let value: f64 = fast_float2::parse(text).map_err(|_| Unsure)?;
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
                    scanner.number()?.0
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

    /// The finished array; the column is empty again.
    pub fn finish(&mut self) -> ArrayRef {
        let valid = std::mem::take(&mut self.valid);
        let nulls = if valid.iter().all(|&v| v) {
            None
        } else {
            Some(NullBuffer::new(BooleanBuffer::from(valid)))
        };
        match &mut self.values {
            Values::Bool(values) => Arc::new(BooleanArray::new(
                BooleanBuffer::from(std::mem::take(values)),
                nulls,
            )),
            Values::Float(values) => {
                let values = std::mem::take(values);
                if self.data_type == DataType::Float32 {
                    let narrow: Vec<f32> = values.iter().map(|&v| v as f32).collect();
                    Arc::new(Float32Array::new(ScalarBuffer::from(narrow), nulls))
                } else {
                    Arc::new(Float64Array::new(ScalarBuffer::from(values), nulls))
                }
            }
            Values::Date(values) => {
                let days: Vec<i32> = std::mem::take(values).iter().map(|&v| v as i32).collect();
                Arc::new(Date32Array::new(ScalarBuffer::from(days), nulls))
            }
            Values::Timestamp(values, form) => {
                let values = ScalarBuffer::from(std::mem::take(values));
                let zone = form.utc.then(|| Arc::from("UTC"));
                if form.nanos {
                    let array = TimestampNanosecondArray::new(values, nulls);
                    Arc::new(array.with_timezone_opt::<Arc<str>>(zone))
                } else {
                    let array = TimestampMicrosecondArray::new(values, nulls);
                    Arc::new(array.with_timezone_opt::<Arc<str>>(zone))
                }
            }
            Values::Decimal(values, precision, scale) => {
                let values = ScalarBuffer::from(std::mem::take(values));
                let array = Decimal128Array::new(values, nulls);
                // Every value was checked against the precision when it was read.
                Arc::new(
                    array
                        .with_precision_and_scale(*precision, *scale as i8)
                        .expect("a declared precision"),
                )
            }
            Values::Text { offsets, bytes } => {
                let text = Buffer::from_vec(std::mem::take(bytes));
                // The scanner validated each string as UTF-8 before it was appended.
                Arc::new(unsafe { StringArray::new_unchecked(ends(offsets), text, nulls) })
            }
            Values::Row(fields) => {
                let rows = nulls.as_ref().map_or(0, NullBuffer::len);
                let arrays: Vec<ArrayRef> = fields.columns.iter_mut().map(Column::finish).collect();
                let rows = arrays.first().map_or(rows, |array| array.len());
                let kinds = fields.columns.iter().map(Column::field).collect();
                Arc::new(
                    StructArray::try_new_with_length(kinds, arrays, nulls, rows)
                        .expect("all parts have one value a row"),
                )
            }
            Values::List { offsets, items } => {
                let field = Arc::new(items.field());
                Arc::new(ListArray::new(field, ends(offsets), items.finish(), nulls))
            }
            Values::Map {
                offsets,
                keys,
                items,
            } => {
                let kinds = vec![keys.field(), items.field()];
                let entries =
                    StructArray::new(kinds.into(), vec![keys.finish(), items.finish()], None);
                let DataType::Map(field, _) = &self.data_type else {
                    unreachable!("a map column has a map's type")
                };
                Arc::new(MapArray::new(
                    field.clone(),
                    ends(offsets),
                    entries,
                    nulls,
                    false,
                ))
            }
            Values::Int(values) => int_array(&self.data_type, std::mem::take(values), nulls),
        }
    }
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

fn read_list(scanner: &mut Scanner<'_>, items: &mut Column) -> Scan<()> {
    scanner.expect(b'[')?;
    scanner.skip_space();
    if scanner.accept(b"]") {
        return Ok(());
    }
    loop {
        scanner.skip_space();
        items.open_row();
        items.read(scanner)?;
        if !items.complete() {
            return Err(Unsure);
        }
        scanner.skip_space();
        if scanner.accept(b"]") {
            return Ok(());
        }
        scanner.expect(b',')?;
    }
}

/// An object as a map; a key that comes twice, and many keys, are left to the full rules.
fn read_map(
    scanner: &mut Scanner<'_>,
    keys: &mut Column,
    items: &mut Column,
    start: usize,
) -> Scan<()> {
    scanner.expect(b'{')?;
    scanner.skip_space();
    if scanner.accept(b"}") {
        return Ok(());
    }
    loop {
        scanner.skip_space();
        keys.open_row();
        keys.read(scanner)?;
        if !keys.complete() || keys.repeats(start) {
            return Err(Unsure);
        }
        scanner.skip_space();
        scanner.expect(b':')?;
        scanner.skip_space();
        items.open_row();
        items.read(scanner)?;
        if !items.complete() {
            return Err(Unsure);
        }
        scanner.skip_space();
        if scanner.accept(b"}") {
            return Ok(());
        }
        scanner.expect(b',')?;
    }
}

impl Column {
    /// Whether the last text stands among those from `start` on already, or there are too many.
    fn repeats(&self, start: usize) -> bool {
        let Values::Text { offsets, bytes } = &self.values else {
            return true;
        };
        let text = |row: usize| &bytes[offsets[row] as usize..offsets[row + 1] as usize];
        let last = self.valid.len() - 1;
        last - start > MAP_ENTRIES_MAX || (start..last).any(|row| text(row) == text(last))
    }
}

fn length(items: &Column) -> Scan<i32> {
    i32::try_from(items.valid.len()).map_err(|_| Unsure)
}

fn ends(offsets: &mut Vec<i32>) -> OffsetBuffer<i32> {
    OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(offsets, vec![0])))
}

fn int_array(data_type: &DataType, values: Vec<i64>, nulls: Option<NullBuffer>) -> ArrayRef {
    // Every value was checked against the type's range when it was read.
    macro_rules! narrow {
        ($array:ty, $native:ty) => {{
            let narrow: Vec<$native> = values.iter().map(|&v| v as $native).collect();
            Arc::new(<$array>::new(ScalarBuffer::from(narrow), nulls))
        }};
    }
    match data_type {
        DataType::Int8 => narrow!(Int8Array, i8),
        DataType::Int16 => narrow!(Int16Array, i16),
        DataType::Int32 => narrow!(Int32Array, i32),
        _ => Arc::new(Int64Array::new(ScalarBuffer::from(values), nulls)),
    }
}

/// A whole number of JSON's grammar, within i64.
#[inline]
fn parse_int(text: &[u8]) -> Scan<i64> {
    let (negative, digits) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        _ => (false, text),
    };
    if digits.len() > 18 {
        return std::str::from_utf8(text)
            .ok()
            .and_then(|t| t.parse().ok())
            .ok_or(Unsure);
    }
    let value = digits
        .iter()
        .fold(0i64, |sum, &digit| sum * 10 + i64::from(digit - b'0'));
    Ok(if negative { -value } else { value })
}
