//! Debezium's change events into rows with kinds, as `formats/debezium_json/decoder.py` reads them.

mod events;
mod order;

use std::sync::Arc;

use arrow_array::{Int8Array, Int32Array};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

pub use self::events::EventDecoder;
use crate::capsule::{ArrowBatch, ArrowColumn, import_messages};
use crate::fields::FieldSpec;

/// Rows, their kinds, their messages, unsure messages, skipped ones, and each message's place.
type Decoded = (
    ArrowBatch,
    ArrowColumn,
    ArrowColumn,
    Vec<usize>,
    usize,
    Option<ArrowBatch>,
);

/// `DebeziumJsonDecoder(fields, schema_include, places)`: decodes lists of messages.
#[pyclass]
pub struct DebeziumJsonDecoder {
    inner: EventDecoder,
}

#[pymethods]
impl DebeziumJsonDecoder {
    #[new]
    fn new(fields: Vec<FieldSpec>, schema_include: bool, places: bool) -> PyResult<Self> {
        Ok(Self {
            inner: EventDecoder::new(&fields, schema_include, places)?,
        })
    }

    /// The rows of the messages; those that the full rules must decide have none.
    fn decode(&mut self, messages: &Bound<'_, PyList>) -> PyResult<Decoded> {
        for message in messages.iter() {
            if message.is_none() {
                self.inner.push(None);
            } else {
                self.inner.push(Some(message.cast::<PyBytes>()?.as_bytes()));
            }
        }
        Ok(self.finish())
    }

    /// As `decode`, of a column of messages.
    fn decode_column(&mut self, py: Python<'_>, messages: &Bound<'_, PyAny>) -> PyResult<Decoded> {
        let messages = import_messages(messages)?;
        py.detach(|| messages.iter().for_each(|message| self.inner.push(message)));
        Ok(self.finish())
    }
}

impl DebeziumJsonDecoder {
    fn finish(&mut self) -> Decoded {
        let found = self.inner.finish();
        (
            ArrowBatch::new(found.rows),
            ArrowColumn::new(Arc::new(Int8Array::from(found.kinds))),
            ArrowColumn::new(Arc::new(Int32Array::from(found.origin))),
            found.unsure,
            found.skipped,
            found.places.map(ArrowBatch::new),
        )
    }
}
