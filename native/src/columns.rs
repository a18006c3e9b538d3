//! Growing Arrow columns that rows are written into by index.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array, StringArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use crate::scanner::{Scan, Scanner, Unsure, unescape_into};

enum Values {
    Bool(Vec<bool>),
    Int(Vec<i64>),
    Float(Vec<f64>),
    Text { offsets: Vec<i32>, bytes: Vec<u8> },
}

/// One column of the asked-for schema.
pub struct Column {
    pub name: Vec<u8>,
    pub data_type: DataType,
    values: Values,
    valid: Vec<bool>,
    /// NULL is not allowed: a row without a value is left to the full rules.
    required: bool,
    low: i64,
    high: i64,
}

/// The Arrow type of a type name, where the scanner reads it.
pub fn data_type(name: &str) -> Option<DataType> {
    Some(match name {
        "bool" => DataType::Boolean,
        "int8" => DataType::Int8,
        "int16" => DataType::Int16,
        "int32" => DataType::Int32,
        "int64" => DataType::Int64,
        "float" => DataType::Float32,
        "double" => DataType::Float64,
        "string" => DataType::Utf8,
        _ => return None,
    })
}

impl Column {
    pub fn new(name: Vec<u8>, data_type: DataType, required: bool) -> Self {
        let (low, high) = match data_type {
            DataType::Int8 => (i8::MIN as i64, i8::MAX as i64),
            DataType::Int16 => (i16::MIN as i64, i16::MAX as i64),
            DataType::Int32 => (i32::MIN as i64, i32::MAX as i64),
            _ => (i64::MIN, i64::MAX),
        };
        let values = match data_type {
            DataType::Boolean => Values::Bool(Vec::new()),
            DataType::Float32 | DataType::Float64 => Values::Float(Vec::new()),
            DataType::Utf8 => Values::Text {
                offsets: vec![0],
                bytes: Vec::new(),
            },
            _ => Values::Int(Vec::new()),
        };
        Self {
            name,
            data_type,
            values,
            valid: Vec::new(),
            required,
            low,
            high,
        }
    }

    /// Open a row, NULL until it is written.
    #[inline]
    pub fn open_row(&mut self) {
        self.valid.push(false);
        match &mut self.values {
            Values::Bool(values) => values.push(false),
            Values::Int(values) => values.push(0),
            Values::Float(values) => values.push(0.0),
            Values::Text { offsets, bytes } => offsets.push(bytes.len() as i32),
        }
    }

    /// Make the open row NULL again.
    pub fn reset_row(&mut self) {
        if let Some(last) = self.valid.last_mut() {
            *last = false;
        }
        if let Values::Text { offsets, bytes } = &mut self.values {
            let start = offsets[offsets.len() - 2];
            bytes.truncate(start as usize);
            *offsets.last_mut().expect("a row is open") = start;
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
                *values.last_mut().ok_or(Unsure)? = value;
            }
            Values::Bool(values) => {
                let value = first == b't';
                scanner.literal(if value { b"true" } else { b"false" })?;
                *values.last_mut().ok_or(Unsure)? = value;
            }
            Values::Text { offsets, bytes } => {
                let raw = scanner.string()?;
                if bytes.len() + raw.bytes.len() > i32::MAX as usize {
                    return Err(Unsure);
                }
                unescape_into(&raw, bytes);
                *offsets.last_mut().ok_or(Unsure)? = bytes.len() as i32;
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
            Values::Text { offsets, bytes } => {
                let ends =
                    OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(offsets, vec![0])));
                let text = Buffer::from_vec(std::mem::take(bytes));
                // The scanner validated each string as UTF-8 before it was appended.
                Arc::new(unsafe { StringArray::new_unchecked(ends, text, nulls) })
            }
            Values::Int(values) => int_array(&self.data_type, std::mem::take(values), nulls),
        }
    }
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
