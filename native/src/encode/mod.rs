//! Arrow rows as JSON messages, byte for byte those of the Python encoder.

pub mod frame;
pub mod texts;
pub mod writer;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, BinaryArray};
use arrow_schema::DataType;
use pyo3::prelude::*;

use crate::capsule::{ArrowColumn, import};
use frame::{Around, Frame};
use writer::{Members, Refused, Rules};

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
    ///
    /// Each object stands between the texts of `added`, or, where its kind is -U or -D, of
    /// `withdrawn`.
    #[pyo3(signature = (rows, kinds=None, added=Around::default(), withdrawn=Around::default()))]
    fn encode(
        &self,
        py: Python<'_>,
        rows: &Bound<'_, PyAny>,
        kinds: Option<&Bound<'_, PyAny>>,
        added: Around,
        withdrawn: Around,
    ) -> PyResult<Option<ArrowColumn>> {
        let rows = import(rows)?;
        let frame = Frame::new(kinds, added, withdrawn)?;
        let made = py.detach(|| encode(&rows, &self.rules, &frame));
        Ok(made.ok().map(|texts| ArrowColumn::new(Arc::new(texts))))
    }
}

/// One message a row of a struct.
pub fn encode(rows: &dyn Array, rules: &Rules, frame: &Frame) -> Result<BinaryArray, Refused> {
    let DataType::Struct(fields) = rows.data_type() else {
        return Err(Refused);
    };
    let columns = rows.as_struct().columns().iter().map(AsRef::as_ref);
    let members = Members::new(fields.iter().map(|field| field.name().as_bytes()), columns)?;
    frame.messages(rows.len(), |row, text| members.write(row, rules, text))
}
