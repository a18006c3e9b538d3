//! One column's values as JSON text, by row.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimestampMicrosecondType, TimestampNanosecondType,
};
use arrow_array::{Array, BinaryArray, BooleanArray, MapArray, StringArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

use super::texts;

const MILLIS_OF_A_DAY: i32 = 86_400_000;
/// Up to here a repeated key is looked for one by one.
const FEW_KEYS: usize = 8;

/// The writer will not decide; the Python encoder must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// What decides how a field is written, of `formats/json/options.py`'s `EncodeRules`.
pub struct Rules {
    pub iso: bool,
    pub plain_decimals: bool,
    pub ignore_nulls: bool,
}

enum Values<'a> {
    Null,
    Bool(&'a BooleanArray),
    Int8(&'a [i8]),
    Int16(&'a [i16]),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    Float(&'a [f32]),
    Double(&'a [f64]),
    Text(&'a StringArray),
    Binary(&'a BinaryArray),
    Date(&'a [i32]),
    Time(&'a [i32]),
    Timestamp {
        values: &'a [i64],
        parts: i64,
        utc: bool,
    },
    Decimal(&'a [i128], i8),
    Row(Members<'a>),
    List(&'a [i32], Box<Writer<'a>>),
    Map(&'a MapArray, Box<Writer<'a>>),
}

/// Writes the values of one array.
pub struct Writer<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

/// The members of an object: their names, quoted and with a colon, and their values.
pub struct Members<'a> {
    names: Vec<Vec<u8>>,
    writers: Vec<Writer<'a>>,
}

impl<'a> Writer<'a> {
    pub fn new(array: &'a dyn Array) -> Result<Self, Refused> {
        let values = match array.data_type() {
            DataType::Null => Values::Null,
            DataType::Boolean => Values::Bool(array.as_boolean()),
            DataType::Int8 => Values::Int8(array.as_primitive::<Int8Type>().values()),
            DataType::Int16 => Values::Int16(array.as_primitive::<Int16Type>().values()),
            DataType::Int32 => Values::Int32(array.as_primitive::<Int32Type>().values()),
            DataType::Int64 => Values::Int64(array.as_primitive::<Int64Type>().values()),
            DataType::Float32 => Values::Float(array.as_primitive::<Float32Type>().values()),
            DataType::Float64 => Values::Double(array.as_primitive::<Float64Type>().values()),
            DataType::Utf8 => Values::Text(array.as_string()),
            DataType::Binary => Values::Binary(array.as_binary()),
            DataType::Date32 => Values::Date(array.as_primitive::<Date32Type>().values()),
            DataType::Time32(TimeUnit::Millisecond) => {
                Values::Time(array.as_primitive::<Time32MillisecondType>().values())
            }
            DataType::Timestamp(TimeUnit::Microsecond, zone) => Values::Timestamp {
                values: array.as_primitive::<TimestampMicrosecondType>().values(),
                parts: 1_000_000,
                utc: zone.is_some(),
            },
            DataType::Timestamp(TimeUnit::Nanosecond, zone) => Values::Timestamp {
                values: array.as_primitive::<TimestampNanosecondType>().values(),
                parts: 1_000_000_000,
                utc: zone.is_some(),
            },
            DataType::Decimal128(_, scale) if *scale >= 0 => {
                Values::Decimal(array.as_primitive::<Decimal128Type>().values(), *scale)
            }
            DataType::Struct(fields) => {
                let names = fields.iter().map(|field| field.name().as_bytes());
                let columns = array.as_struct().columns();
                Values::Row(Members::new(names, columns.iter().map(AsRef::as_ref))?)
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Values::List(list.offsets(), Box::new(Writer::new(list.values())?))
            }
            DataType::Map(_, _) => {
                let map = array.as_map();
                if map.keys().data_type() != &DataType::Utf8 {
                    return Err(Refused);
                }
                Values::Map(map, Box::new(Writer::new(map.values())?))
            }
            _ => return Err(Refused),
        };
        let nulls = array.nulls();
        Ok(Self { nulls, values })
    }

    #[inline]
    fn is_null(&self, row: usize) -> bool {
        matches!(self.values, Values::Null) || self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    #[inline]
    fn or_null(&self, row: usize, rules: &Rules, out: &mut Vec<u8>) -> Result<(), Refused> {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        self.write(row, rules, out)
    }

    /// The text of a value that is not NULL.
    fn write(&self, row: usize, rules: &Rules, out: &mut Vec<u8>) -> Result<(), Refused> {
        match &self.values {
            Values::Null => out.extend_from_slice(b"null"),
            Values::Bool(values) => {
                let text: &[u8] = if values.value(row) { b"true" } else { b"false" };
                out.extend_from_slice(text);
            }
            Values::Int8(values) => texts::integer(i64::from(values[row]), out),
            Values::Int16(values) => texts::integer(i64::from(values[row]), out),
            Values::Int32(values) => texts::integer(i64::from(values[row]), out),
            Values::Int64(values) => texts::integer(values[row], out),
            Values::Float(values) => texts::float(values[row], out),
            Values::Double(values) => texts::double(values[row], out),
            Values::Text(values) => texts::string(values.value(row).as_bytes(), out),
            Values::Binary(values) => texts::binary(values.value(row), out),
            Values::Decimal(values, scale) => {
                texts::decimal(values[row], *scale, rules.plain_decimals, out);
            }
            Values::Date(values) => {
                out.push(b'"');
                texts::date(i64::from(values[row]), out);
                out.push(b'"');
            }
            Values::Time(values) => {
                let millis = values[row];
                if !(0..MILLIS_OF_A_DAY).contains(&millis) {
                    return Err(Refused);
                }
                let (seconds, fraction) = (i64::from(millis) / 1000, i64::from(millis) % 1000);
                out.push(b'"');
                texts::time(seconds, fraction, 1000, out);
                out.push(b'"');
            }
            Values::Timestamp { values, parts, utc } => {
                out.push(b'"');
                let separator = if rules.iso { b'T' } else { b' ' };
                texts::timestamp(values[row], *parts, separator, out);
                out.extend_from_slice(if *utc { b"Z\"" } else { b"\"" });
            }
            Values::Row(members) => members.write(row, rules, out)?,
            Values::List(offsets, items) => {
                out.push(b'[');
                for item in offsets[row]..offsets[row + 1] {
                    if item > offsets[row] {
                        out.push(b',');
                    }
                    items.or_null(item as usize, rules, out)?;
                }
                out.push(b']');
            }
            Values::Map(map, items) => write_map(map, items, row, rules, out)?,
        }
        Ok(())
    }
}

impl<'a> Members<'a> {
    pub fn new<'n>(
        names: impl Iterator<Item = &'n [u8]>,
        columns: impl Iterator<Item = &'a dyn Array>,
    ) -> Result<Self, Refused> {
        let names = names
            .map(|name| {
                let mut quoted = Vec::with_capacity(name.len() + 3);
                texts::string(name, &mut quoted);
                quoted.push(b':');
                quoted
            })
            .collect();
        let writers = columns.map(Writer::new).collect::<Result<_, _>>()?;
        Ok(Self { names, writers })
    }

    /// The object of one row.
    pub fn write(&self, row: usize, rules: &Rules, out: &mut Vec<u8>) -> Result<(), Refused> {
        out.push(b'{');
        let mut first = true;
        for (name, writer) in self.names.iter().zip(&self.writers) {
            if rules.ignore_nulls && writer.is_null(row) {
                continue;
            }
            if !first {
                out.push(b',');
            }
            first = false;
            out.extend_from_slice(name);
            writer.or_null(row, rules, out)?;
        }
        out.push(b'}');
        Ok(())
    }
}

/// A map as an object; of a repeated key the first place and the last value count.
fn write_map(
    map: &MapArray,
    items: &Writer<'_>,
    row: usize,
    rules: &Rules,
    out: &mut Vec<u8>,
) -> Result<(), Refused> {
    let keys = map.keys().as_string::<i32>();
    let span = map.value_offsets()[row] as usize..map.value_offsets()[row + 1] as usize;
    let mut members: Vec<(&[u8], usize)> = Vec::with_capacity(span.len());
    let mut places: HashMap<&[u8], usize> = HashMap::new();
    for entry in span {
        if keys.is_null(entry) {
            return Err(Refused); // what becomes of it is an option of the Python encoder
        }
        let key = keys.value(entry).as_bytes();
        let place = if members.len() < FEW_KEYS {
            members.iter().position(|(known, _)| *known == key)
        } else {
            if places.is_empty() {
                places = members
                    .iter()
                    .enumerate()
                    .map(|(at, m)| (m.0, at))
                    .collect();
            }
            places.get(key).copied()
        };
        if let Some(place) = place {
            members[place].1 = entry;
            continue;
        }
        if members.len() >= FEW_KEYS {
            places.insert(key, members.len());
        }
        members.push((key, entry));
    }
    out.push(b'{');
    for (number, (key, entry)) in members.into_iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        texts::string(key, out);
        out.push(b':');
        items.or_null(entry, rules, out)?;
    }
    out.push(b'}');
    Ok(())
}
