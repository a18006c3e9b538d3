//! Columns that are full, as Arrow arrays.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, ListArray, MapArray, StringArray, StructArray,
    TimestampMicrosecondArray, TimestampNanosecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;

use super::{Column, Values};

impl Column {
    /// The finished array; the column is empty again.
    pub fn finish(&mut self) -> ArrayRef {
        let valid = std::mem::take(&mut self.valid);
        let rows = valid.len();
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
                fields.pad(rows);
                let arrays: Vec<ArrayRef> = fields.columns.iter_mut().map(Column::finish).collect();
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
