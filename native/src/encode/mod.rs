//! Arrow rows as JSON messages, byte for byte those of the Python encoder.

mod texts;
mod writer;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;
use pyo3::prelude::*;

use crate::capsule::{ArrowColumn, import};
use writer::{Members, Refused, Rules};

const BYTES_OF_A_ROW: usize = 96;

/// `JsonEncoder(iso, plain_decimals, ignore_nulls)`.
#[pyclass(frozen)]
pub struct JsonEncoder {
    rules: Rules,
}

#[pymethods]
impl JsonEncoder {
    #[new]
    fn new(iso: bool, plain_decimals: bool, ignore_nulls: bool) -> Self {
        Self {
            rules: Rules {
                iso,
                plain_decimals,
                ignore_nulls,
            },
        }
    }

    /// One message a row as a binary column; None where the Python encoder must decide.
    fn encode(&self, py: Python<'_>, rows: &Bound<'_, PyAny>) -> PyResult<Option<ArrowColumn>> {
        let rows = import(rows)?;
        let made = py.detach(|| encode(&rows, &self.rules));
        Ok(made.ok().map(ArrowColumn::new))
    }
}

fn encode(rows: &dyn Array, rules: &Rules) -> Result<ArrayRef, Refused> {
    let DataType::Struct(fields) = rows.data_type() else {
        return Err(Refused);
    };
    let columns = rows.as_struct().columns().iter().map(AsRef::as_ref);
    let members = Members::new(fields.iter().map(|field| field.name().as_bytes()), columns)?;
    let count = rows.len();
    let mut text = Vec::with_capacity(count * BYTES_OF_A_ROW);
    let mut ends: Vec<i32> = Vec::with_capacity(count + 1);
    ends.push(0);
    for row in 0..count {
        members.write(row, rules, &mut text)?;
        ends.push(i32::try_from(text.len()).map_err(|_| Refused)?);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
    Ok(Arc::new(BinaryArray::new(
        offsets,
        Buffer::from_vec(text),
        None,
    )))
}
