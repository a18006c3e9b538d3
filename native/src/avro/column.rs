//! Growing columns of raw values.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array,
    ListArray, MapArray, NullArray, StringArray, StructArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use super::cursor::Cursor;
use super::schema::Schema;
use crate::scanner::{Scan, Unsure};

const MAP_ENTRIES_MAX: usize = 64;

/// Bytes behind one another, and where each value ends.
struct Bytes {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
}

enum Values {
    Null,
    Boolean(Vec<bool>),
    Int(Vec<i32>),
    Long(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Bytes),
    Row(Vec<Column>),
    List(Vec<i32>, Box<Column>),
    Map(Vec<i32>, Bytes, Box<Column>),
}

/// The values of one schema.
pub struct Column {
    valid: Vec<bool>,
    values: Values,
}

impl Bytes {
    fn new() -> Self {
        Self {
            offsets: vec![0],
            bytes: Vec::new(),
        }
    }

    #[inline]
    fn push(&mut self, value: &[u8]) -> Scan<()> {
        self.bytes.extend_from_slice(value);
        self.offsets
            .push(i32::try_from(self.bytes.len()).map_err(|_| Unsure)?);
        Ok(())
    }

    fn get(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.bytes.truncate(self.offsets[rows] as usize);
    }
}

impl Column {
    pub fn new(schema: &Schema) -> Self {
        let values = match schema {
            Schema::Null => Values::Null,
            Schema::Boolean => Values::Boolean(Vec::new()),
            Schema::Int => Values::Int(Vec::new()),
            Schema::Long => Values::Long(Vec::new()),
            Schema::Float => Values::Float(Vec::new()),
            Schema::Double => Values::Double(Vec::new()),
            Schema::Bytes | Schema::Enum(_) | Schema::Fixed(_) => Values::Bytes(Bytes::new()),
            Schema::Record(fields) => {
                Values::Row(fields.iter().map(|(_, field)| Column::new(field)).collect())
            }
            Schema::Array(items) => Values::List(vec![0], Box::new(Column::new(items))),
            Schema::Map(items) => Values::Map(vec![0], Bytes::new(), Box::new(Column::new(items))),
            Schema::Union(inner, ..) => return Self::new(inner),
        };
        let valid = Vec::new();
        Self { valid, values }
    }

    /// Append the value at the cursor; after a failure the column is truncated by the caller.
    pub fn read(&mut self, schema: &Schema, cursor: &mut Cursor<'_>) -> Scan<()> {
        match (&mut self.values, schema) {
            (_, Schema::Union(inner, there, count)) => {
                return if cursor.count(count - 1)? == *there {
                    self.read(inner, cursor)
                } else {
                    self.null();
                    Ok(())
                };
            }
            (Values::Null, Schema::Null) => {
                self.valid.push(false);
                return Ok(());
            }
            (Values::Boolean(values), Schema::Boolean) => values.push(cursor.boolean()?),
            (Values::Int(values), Schema::Int) => values.push(cursor.int()?),
            (Values::Long(values), Schema::Long) => values.push(cursor.long()?),
            (Values::Float(values), Schema::Float) => {
                let bytes = cursor.take(4)?.try_into().map_err(|_| Unsure)?;
                values.push(f32::from_le_bytes(bytes));
            }
            (Values::Double(values), Schema::Double) => {
                let bytes = cursor.take(8)?.try_into().map_err(|_| Unsure)?;
                values.push(f64::from_le_bytes(bytes));
            }
            (Values::Bytes(values), Schema::Bytes) => values.push(cursor.bytes()?)?,
            (Values::Bytes(values), Schema::Fixed(size)) => values.push(cursor.take(*size)?)?,
            (Values::Bytes(values), Schema::Enum(symbols)) => {
                let last = symbols.len().checked_sub(1).ok_or(Unsure)?;
                values.push(symbols[cursor.count(last)?].as_bytes())?;
            }
            (Values::Row(columns), Schema::Record(fields)) => {
                for (column, (_, field)) in columns.iter_mut().zip(fields) {
                    column.read(field, cursor)?;
                }
            }
            (Values::List(offsets, items), Schema::Array(inner)) => {
                read_blocks(cursor, |cursor| items.read(inner, cursor))?;
                offsets.push(i32::try_from(items.valid.len()).map_err(|_| Unsure)?);
            }
            (Values::Map(offsets, keys, items), Schema::Map(inner)) => {
                let start = items.valid.len();
                read_blocks(cursor, |cursor| {
                    read_key(cursor, keys, start)?;
                    items.read(inner, cursor)
                })?;
                offsets.push(i32::try_from(items.valid.len()).map_err(|_| Unsure)?);
            }
            _ => return Err(Unsure),
        }
        self.valid.push(true);
        Ok(())
    }

    fn null(&mut self) {
        self.valid.push(false);
        match &mut self.values {
            Values::Null => {}
            Values::Boolean(values) => values.push(false),
            Values::Int(values) => values.push(0),
            Values::Long(values) => values.push(0),
            Values::Float(values) => values.push(0.0),
            Values::Double(values) => values.push(0.0),
            Values::Bytes(Bytes { offsets, .. })
            | Values::List(offsets, _)
            | Values::Map(offsets, ..) => offsets.push(offsets[offsets.len() - 1]),
            Values::Row(columns) => columns.iter_mut().for_each(Column::null),
        }
    }

    /// Forget all rows from this one on, also one that was read in part.
    pub fn truncate(&mut self, rows: usize) {
        self.valid.truncate(rows);
        match &mut self.values {
            Values::Null => {}
            Values::Boolean(values) => values.truncate(rows),
            Values::Int(values) => values.truncate(rows),
            Values::Long(values) => values.truncate(rows),
            Values::Float(values) => values.truncate(rows),
            Values::Double(values) => values.truncate(rows),
            Values::Bytes(bytes) => bytes.truncate(rows),
            Values::Row(columns) => columns.iter_mut().for_each(|column| column.truncate(rows)),
            Values::List(offsets, items) => {
                offsets.truncate(rows + 1);
                items.truncate(offsets[rows] as usize);
            }
            Values::Map(offsets, keys, items) => {
                offsets.truncate(rows + 1);
                keys.truncate(offsets[rows] as usize);
                items.truncate(offsets[rows] as usize);
            }
        }
    }

    pub fn finish(self, kind: &DataType) -> ArrayRef {
        let rows = self.valid.len();
        let nulls = (!self.valid.iter().all(|&valid| valid))
            .then(|| NullBuffer::new(BooleanBuffer::from(self.valid)));
        match (self.values, kind) {
            (Values::Null, _) => Arc::new(NullArray::new(rows)),
            (Values::Boolean(values), _) => {
                Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls))
            }
            (Values::Int(values), _) => Arc::new(Int32Array::new(values.into(), nulls)),
            (Values::Long(values), _) => Arc::new(Int64Array::new(values.into(), nulls)),
            (Values::Float(values), _) => Arc::new(Float32Array::new(values.into(), nulls)),
            (Values::Double(values), _) => Arc::new(Float64Array::new(values.into(), nulls)),
            (Values::Bytes(Bytes { offsets, bytes }), DataType::Utf8) => {
                // The symbols of an enum, which were text to begin with.
                let bytes = Buffer::from_vec(bytes);
                Arc::new(unsafe { StringArray::new_unchecked(ends(offsets), bytes, nulls) })
            }
            (Values::Bytes(Bytes { offsets, bytes }), _) => Arc::new(BinaryArray::new(
                ends(offsets),
                Buffer::from_vec(bytes),
                nulls,
            )),
            (Values::Row(columns), DataType::Struct(fields)) => {
                let arrays = columns
                    .into_iter()
                    .zip(fields)
                    .map(|(column, field)| column.finish(field.data_type()))
                    .collect();
                Arc::new(
                    StructArray::try_new_with_length(fields.clone(), arrays, nulls, rows)
                        .expect("all parts have one value a row"),
                )
            }
            (Values::List(offsets, items), DataType::List(field)) => {
                let items = items.finish(field.data_type());
                Arc::new(ListArray::new(field.clone(), ends(offsets), items, nulls))
            }
            (Values::Map(offsets, keys, items), DataType::Map(field, _)) => {
                let DataType::Struct(kinds) = field.data_type() else {
                    unreachable!("a map's entries are rows")
                };
                let bytes = Buffer::from_vec(keys.bytes);
                // Each key was checked when it was read.
                let keys = unsafe { StringArray::new_unchecked(ends(keys.offsets), bytes, None) };
                let items = items.finish(kinds[1].data_type());
                let entries = StructArray::new(kinds.clone(), vec![Arc::new(keys), items], None);
                let offsets = ends(offsets);
                Arc::new(MapArray::new(field.clone(), offsets, entries, nulls, false))
            }
            _ => unreachable!("the type is that of the schema the column was made of"),
        }
    }
}

fn read_blocks<'a>(
    cursor: &mut Cursor<'a>,
    mut item: impl FnMut(&mut Cursor<'a>) -> Scan<()>,
) -> Scan<()> {
    loop {
        let count = cursor.block()?;
        if count == 0 {
            return Ok(());
        }
        for _ in 0..count {
            item(cursor)?;
        }
    }
}

/// A key of a map; one that comes twice, and many keys, are left to the full rules.
fn read_key(cursor: &mut Cursor<'_>, keys: &mut Bytes, start: usize) -> Scan<()> {
    let key = cursor.bytes()?;
    let last = keys.offsets.len() - 1;
    let known = (start..last).any(|row| keys.get(row) == key);
    if known || last - start > MAP_ENTRIES_MAX || std::str::from_utf8(key).is_err() {
        return Err(Unsure);
    }
    keys.push(key)
}

fn ends(offsets: Vec<i32>) -> OffsetBuffer<i32> {
    OffsetBuffer::new(ScalarBuffer::from(offsets))
}
