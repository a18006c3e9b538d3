//! One column's values as Avro, by row.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};
use pyo3::prelude::*;

use crate::encode::writer::Refused;

const MICROS_OF_A_MILLI: i64 = 1_000;
const NANOS_OF_A_MILLI: i64 = 1_000_000;
/// Which branch of `["null", T]` comes.
const NULL: u8 = 0;
const THERE: u8 = 2;
/// What ends the blocks of an array or a map.
const NO_MORE: u8 = 0;

/// How a column is written: `plain` or `millis` (a timestamp cut to them), whether as
/// `["null", T]`, and the same of its parts.
#[derive(FromPyObject, Clone)]
pub struct WriteSpec(pub String, pub bool, pub Vec<WriteSpec>);

enum Values<'a> {
    Bool(&'a BooleanArray),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    /// Whole numbers in so small a unit that they are divided.
    Parts(&'a [i64], i64),
    Float(&'a [f32]),
    Double(&'a [f64]),
    Text(&'a StringArray),
    Binary(&'a BinaryArray),
    Decimal(&'a [i128]),
    Row(Vec<Writer<'a>>),
    List(&'a [i32], Box<Writer<'a>>),
    Map(&'a [i32], &'a StringArray, Box<Writer<'a>>),
}

/// Writes the values of one array.
pub struct Writer<'a> {
    nulls: Option<&'a NullBuffer>,
    nullable: bool,
    values: Values<'a>,
}

impl<'a> Writer<'a> {
    /// A writer of each column.
    pub fn of(columns: &'a [ArrayRef], specs: &[WriteSpec]) -> Result<Vec<Self>, Refused> {
        if columns.len() != specs.len() {
            return Err(Refused);
        }
        let pairs = columns.iter().zip(specs);
        pairs
            .map(|(column, spec)| Self::new(column, spec))
            .collect()
    }

    fn new(array: &'a dyn Array, spec: &WriteSpec) -> Result<Self, Refused> {
        let WriteSpec(kind, nullable, parts) = spec;
        let part = |at: usize, array: &'a dyn Array| -> Result<Box<Self>, Refused> {
            Ok(Box::new(Self::new(array, parts.get(at).ok_or(Refused)?)?))
        };
        let values = match array.data_type() {
            DataType::Boolean => Values::Bool(array.as_boolean()),
            DataType::Int8 => Values::Int8(array.as_primitive::<Int8Type>().values()),
            DataType::Int16 => Values::Int16(array.as_primitive::<Int16Type>().values()),
            DataType::Int32 => Values::Int32(array.as_primitive::<Int32Type>().values()),
            DataType::Int64 => Values::Int64(array.as_primitive::<Int64Type>().values()),
            DataType::Date32 => Values::Int32(array.as_primitive::<Date32Type>().values()),
            DataType::Time32(TimeUnit::Millisecond) => {
                Values::Int32(array.as_primitive::<Time32MillisecondType>().values())
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let values = array.as_primitive::<TimestampMicrosecondType>().values();
                timestamps(kind, values, MICROS_OF_A_MILLI)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                let values = array.as_primitive::<TimestampNanosecondType>().values();
                timestamps(kind, values, NANOS_OF_A_MILLI)
            }
            DataType::Float32 => Values::Float(array.as_primitive::<Float32Type>().values()),
            DataType::Float64 => Values::Double(array.as_primitive::<Float64Type>().values()),
            DataType::Utf8 => Values::Text(array.as_string()),
            DataType::Binary => Values::Binary(array.as_binary()),
            DataType::Decimal128(..) => {
                Values::Decimal(array.as_primitive::<Decimal128Type>().values())
            }
            DataType::Struct(_) => Values::Row(Self::of(array.as_struct().columns(), parts)?),
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Values::List(list.offsets(), part(0, list.values())?)
            }
            DataType::Map(..) => {
                let map = array.as_map();
                let keys = map.keys().as_string_opt().ok_or(Refused)?;
                if keys.null_count() > 0 {
                    return Err(Refused);
                }
                Values::Map(map.offsets(), keys, part(0, map.values())?)
            }
            _ => return Err(Refused),
        };
        Ok(Self {
            nulls: array.nulls(),
            nullable: *nullable,
            values,
        })
    }

    /// The value of a row; a NULL that the schema has no branch for is refused.
    pub fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), Refused> {
        let null = self.nulls.is_some_and(|nulls| nulls.is_null(row));
        match (self.nullable, null) {
            (false, true) => return Err(Refused),
            (true, true) => {
                out.push(NULL);
                return Ok(());
            }
            (true, false) => out.push(THERE),
            (false, false) => {}
        }
        match &self.values {
            Values::Bool(values) => out.push(u8::from(values.value(row))),
            Values::Int8(values) => varint(i64::from(values[row]), out),
            Values::Int16(values) => varint(i64::from(values[row]), out),
            Values::Int32(values) => varint(i64::from(values[row]), out),
            Values::Int64(values) => varint(values[row], out),
            Values::Parts(values, unit) => varint(values[row].div_euclid(*unit), out),
            Values::Float(values) => out.extend_from_slice(&values[row].to_le_bytes()),
            Values::Double(values) => out.extend_from_slice(&values[row].to_le_bytes()),
            Values::Text(values) => sized(values.value(row).as_bytes(), out),
            Values::Binary(values) => sized(values.value(row), out),
            Values::Decimal(values) => decimal(values[row], out),
            Values::Row(writers) => {
                for writer in writers {
                    writer.write(row, out)?;
                }
            }
            Values::List(offsets, items) => {
                block(offsets, row, out, |item, out| items.write(item, out))?;
            }
            Values::Map(offsets, keys, items) => block(offsets, row, out, |entry, out| {
                sized(keys.value(entry).as_bytes(), out);
                items.write(entry, out)
            })?,
        }
        Ok(())
    }
}

fn timestamps<'a>(kind: &str, values: &'a [i64], unit: i64) -> Values<'a> {
    if kind == "millis" {
        Values::Parts(values, unit)
    } else {
        Values::Int64(values)
    }
}

/// The items of a row as one block: how many, the items, and the empty block that ends it.
fn block(
    offsets: &[i32],
    row: usize,
    out: &mut Vec<u8>,
    mut item: impl FnMut(usize, &mut Vec<u8>) -> Result<(), Refused>,
) -> Result<(), Refused> {
    let (first, end) = (offsets[row], offsets[row + 1]);
    if end > first {
        varint(i64::from(end - first), out);
        for at in first..end {
            item(at as usize, out)?;
        }
    }
    out.push(NO_MORE);
    Ok(())
}

/// A zigzag number.
#[inline]
fn varint(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest > 0x7f {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn sized(bytes: &[u8], out: &mut Vec<u8>) {
    varint(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}

/// Big-endian two's complement, as short as possible, after its length.
fn decimal(value: i128, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let sign = if value < 0 { 0xff } else { 0 };
    // A byte is spare if it is all sign, and the next one's first bit says the same.
    let spare = bytes
        .windows(2)
        .take_while(|pair| pair[0] == sign && (pair[1] >= 0x80) == (value < 0))
        .count();
    sized(&bytes[spare..], out);
}
