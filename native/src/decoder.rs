//! JSON objects to a record batch, only the asked-for columns.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::capsule::ArrowBatch;
use crate::columns::{Column, data_type};
use crate::scanner::{Scan, Scanner, Unsure};

/// What the object's next key was in the row before, and what to do with its value.
struct Expected {
    /// The key with its quotes and colon, as it stood: `"name":`.
    text: Vec<u8>,
    column: Option<usize>,
}

/// A column to decode: its name, its type's name, and whether NULL is refused.
pub type FieldSpec = (String, String, bool);

/// Decodes rows into columns; remembers the order of keys from row to row.
pub struct RowDecoder {
    columns: Vec<Column>,
    expected: Vec<Expected>,
    rows: usize,
    unsure: Vec<usize>,
}

impl RowDecoder {
    pub fn new(fields: &[FieldSpec]) -> PyResult<Self> {
        let mut columns = Vec::with_capacity(fields.len());
        for (name, type_name, required) in fields {
            let data_type = data_type(type_name).ok_or_else(|| {
                PyValueError::new_err(format!("the native decoder has no type {type_name}"))
            })?;
            columns.push(Column::new(name.as_bytes().to_vec(), data_type, *required));
        }
        Ok(Self {
            columns,
            expected: Vec::new(),
            rows: 0,
            unsure: Vec::new(),
        })
    }

    /// Append one message as one row; an unsure one (False) becomes a remembered row of NULLs.
    #[inline]
    pub fn push(&mut self, message: Option<&[u8]>) -> bool {
        for column in &mut self.columns {
            column.open_row();
        }
        let read = match message {
            Some(text) => self.object(text),
            None => Err(Unsure),
        };
        let sure = read.is_ok() && self.columns.iter().all(Column::complete);
        if !sure {
            for column in &mut self.columns {
                column.reset_row();
            }
            self.unsure.push(self.rows);
        }
        self.rows += 1;
        sure
    }

    fn object(&mut self, text: &[u8]) -> Scan<()> {
        let mut scanner = Scanner::new(text);
        scanner.skip_space();
        scanner.expect(b'{')?;
        scanner.skip_space();
        if scanner.accept(b"}") {
            return scanner.end();
        }
        let mut number = 0;
        loop {
            scanner.skip_space();
            let target = self.key(&mut scanner, number)?;
            scanner.skip_space();
            match target {
                Some(column) => self.columns[column].read(&mut scanner)?,
                None => scanner.skip(0)?,
            }
            scanner.skip_space();
            number += 1;
            if scanner.accept(b"}") {
                return scanner.end();
            }
            scanner.expect(b',')?;
        }
    }

    /// Step over a key and its colon; say which column it is, if any.
    #[inline]
    fn key(&mut self, scanner: &mut Scanner<'_>, number: usize) -> Scan<Option<usize>> {
        if let Some(expected) = self.expected.get(number)
            && scanner.accept(&expected.text)
        {
            return Ok(expected.column);
        }
        let raw = scanner.string()?;
        if raw.escaped {
            return Err(Unsure);
        }
        scanner.skip_space();
        scanner.expect(b':')?;
        let column = self
            .columns
            .iter()
            .position(|column| column.name == raw.bytes);
        let text = [b"\"", raw.bytes, b"\":"].concat();
        let entry = Expected { text, column };
        if number < self.expected.len() {
            self.expected[number] = entry;
        } else {
            self.expected.push(entry);
        }
        Ok(column)
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows so far, and the indexes of those the full rules must decide.
    pub fn finish(&mut self) -> (RecordBatch, Vec<usize>) {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|c| Field::new(String::from_utf8_lossy(&c.name), c.data_type.clone(), true))
            .collect();
        let arrays = self.columns.iter_mut().map(Column::finish).collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(self.rows));
        let batch =
            RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
                .expect("all columns have one value a row");
        self.rows = 0;
        (batch, std::mem::take(&mut self.unsure))
    }
}

/// `JsonDecoder([(name, type, required), ...])`: decodes lists of messages.
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
