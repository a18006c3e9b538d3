//! Arrow rows as Avro records, byte for byte those of `formats/avro/encode.py`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, BinaryArray};
use pyo3::prelude::*;

pub use super::writer::WriteSpec;
use super::writer::Writer;
use crate::capsule::{ArrowColumn, import};
use crate::encode::frame::{Around, Frame};
use crate::encode::writer::Refused;

/// `AvroEncoder([(kind, nullable, parts), ...])`: writes records of these fields.
#[pyclass(frozen)]
pub struct AvroEncoder {
    fields: Vec<WriteSpec>,
}

#[pymethods]
impl AvroEncoder {
    #[new]
    fn new(fields: Vec<WriteSpec>) -> Self {
        Self { fields }
    }

    /// One record a row as a binary column; None where the Python encoder must decide.
    ///
    /// Each stands between the bytes of `added`, or, where its kind is -U or -D, of `withdrawn`.
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
        let made = py.detach(|| encode(&rows, &self.fields, &frame));
        Ok(made.ok().map(|bytes| ArrowColumn::new(Arc::new(bytes))))
    }
}

/// One record a row of a struct, whose columns are the fields.
pub fn encode(
    rows: &dyn Array,
    fields: &[WriteSpec],
    frame: &Frame,
) -> Result<BinaryArray, Refused> {
    let columns = rows.as_struct_opt().ok_or(Refused)?.columns();
    let writers = Writer::of(columns, fields)?;
    frame.messages(rows.len(), |row, out| {
        writers.iter().try_for_each(|writer| writer.write(row, out))
    })
}
