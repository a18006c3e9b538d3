//! JSON objects to a record batch, only the asked-for columns.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::capsule::ArrowBatch;
use crate::columns::Column;
use crate::fields::{FieldSpec, Fields};
use crate::scanner::{Scan, Scanner, Unsure};

/// Decodes rows into columns.
pub struct RowDecoder {
    fields: Fields,
    rows: usize,
    unsure: Vec<usize>,
}

impl RowDecoder {
    pub fn new(specs: &[FieldSpec]) -> PyResult<Self> {
        Ok(Self {
            fields: Fields::new(specs)?,
            rows: 0,
            unsure: Vec::new(),
        })
    }

    /// Append one message as one row; an unsure one (False) becomes a remembered row of NULLs.
    #[inline]
    pub fn push(&mut self, message: Option<&[u8]>) -> bool {
        self.fields.open_row();
        let read = match message {
            Some(text) => self.object(text),
            None => Err(Unsure),
        };
        let sure = read.is_ok() && self.fields.complete();
        if !sure {
            self.fields.truncate(self.rows);
            self.fields.open_row();
            self.unsure.push(self.rows);
        }
        self.rows += 1;
        sure
    }

    fn object(&mut self, text: &[u8]) -> Scan<()> {
        let mut scanner = Scanner::new(text);
        scanner.skip_space();
        self.fields.object(&mut scanner)?;
        scanner.end()
    }

    /// How many messages there are so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows so far, and the indexes of those the full rules must decide.
    pub fn finish(&mut self) -> (RecordBatch, Vec<usize>) {
        let batch = batch_of(&mut self.fields, self.rows);
        self.rows = 0;
        (batch, std::mem::take(&mut self.unsure))
    }
}

/// What the columns hold, as a batch of so many rows; they are empty again.
pub fn batch_of(fields: &mut Fields, rows: usize) -> RecordBatch {
    // An unsure row is NULL everywhere, whatever its columns allow.
    let kinds: Vec<Field> = fields
        .columns
        .iter()
        .map(|column| column.field().with_nullable(true))
        .collect();
    let arrays = fields.columns.iter_mut().map(Column::finish).collect();
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(kinds)), arrays, &options)
        .expect("all columns have one value a row")
}

/// `JsonDecoder([(name, type, required, parts), ...])`: decodes lists of messages.
#[pyclass]
pub struct JsonDecoder {
    inner: RowDecoder,
}

#[pymethods]
impl JsonDecoder {
    #[new]
    fn new(fields: Vec<FieldSpec>) -> PyResult<Self> {
        Ok(Self {
            inner: RowDecoder::new(&fields)?,
        })
    }

    /// A batch with one row a message, and the indexes of the rows to be decided by the full rules.
    fn decode(&mut self, messages: &Bound<'_, PyList>) -> PyResult<(ArrowBatch, Vec<usize>)> {
        for message in messages.iter() {
            if message.is_none() {
                self.inner.push(None);
            } else {
                self.inner.push(Some(message.cast::<PyBytes>()?.as_bytes()));
            }
        }
        let (batch, unsure) = self.inner.finish();
        Ok((ArrowBatch::new(batch), unsure))
    }
}
