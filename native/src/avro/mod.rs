//! Avro messages of one writer's schema to raw columns, as `formats/avro/vectors.py` describes them.

mod column;
mod cursor;
pub mod encoder;
#[cfg(fuzzing)]
pub mod fuzzing;
mod schema;
mod writer;

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema as ArrowSchema;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use self::column::Column;
use self::cursor::Cursor;
pub use self::schema::AvroSpec;
use self::schema::Schema;
use crate::capsule::{ArrowBatch, import_messages};
use crate::scanner::Scan;

/// `AvroReader([(name, spec, wanted), ...])`: reads records of these fields.
#[pyclass(frozen)]
pub struct AvroReader {
    fields: Vec<(String, Schema, bool)>,
}

#[pymethods]
impl AvroReader {
    #[new]
    fn new(fields: Vec<(String, AvroSpec, bool)>) -> PyResult<Self> {
        let fields = fields
            .into_iter()
            .map(|(name, spec, wanted)| Ok((name, Schema::new(spec)?, wanted)))
            .collect::<PyResult<_>>()?;
        Ok(Self { fields })
    }

    /// The wanted fields of the messages that leave no doubt, and the indexes of the others.
    fn read(&self, messages: &Bound<'_, PyList>) -> PyResult<(ArrowBatch, Vec<usize>)> {
        let mut rows = Rows::new(self);
        for message in messages.iter() {
            rows.push_or_leave(Some(message.cast::<PyBytes>()?.as_bytes()));
        }
        let (batch, unsure) = rows.finish();
        Ok((ArrowBatch::new(batch), unsure))
    }

    /// As `read`, of a column of messages without NULLs: after `skip` bytes each begins with
    /// `prefix`, and the record is behind it; a message that does not is left to the full rules.
    fn read_column(
        &self,
        py: Python<'_>,
        messages: &Bound<'_, PyAny>,
        skip: usize,
        prefix: &[u8],
    ) -> PyResult<(ArrowBatch, Vec<usize>)> {
        let messages = import_messages(messages)?;
        let (batch, unsure) = py.detach(|| {
            let mut rows = Rows::new(self);
            for message in &messages {
                let record = message
                    .and_then(|message| message.get(skip..))
                    .and_then(|rest| rest.strip_prefix(prefix));
                rows.push_or_leave(record);
            }
            rows.finish()
        });
        Ok((ArrowBatch::new(batch), unsure))
    }
}

/// The rows of messages, read one after the other.
struct Rows<'a> {
    reader: &'a AvroReader,
    columns: Vec<Column>,
    messages: usize,
    rows: usize,
    unsure: Vec<usize>,
}

impl<'a> Rows<'a> {
    fn new(reader: &'a AvroReader) -> Self {
        let wanted = reader.fields.iter().filter(|(_, _, wanted)| *wanted);
        Self {
            reader,
            columns: wanted.map(|(_, schema, _)| Column::new(schema)).collect(),
            messages: 0,
            rows: 0,
            unsure: Vec::new(),
        }
    }

    fn push_or_leave(&mut self, message: Option<&[u8]>) {
        let read = message.is_some_and(|message| {
            let mut cursor = Cursor::new(message);
            self.reader.record(&mut cursor, &mut self.columns).is_ok()
        });
        if read {
            self.rows += 1;
        } else {
            for column in &mut self.columns {
                column.truncate(self.rows);
            }
            self.unsure.push(self.messages);
        }
        self.messages += 1;
    }

    fn finish(self) -> (RecordBatch, Vec<usize>) {
        (self.reader.batch(self.columns, self.rows), self.unsure)
    }
}

impl AvroReader {
    fn record(&self, cursor: &mut Cursor<'_>, columns: &mut [Column]) -> Scan<()> {
        let mut columns = columns.iter_mut();
        for (_, schema, wanted) in &self.fields {
            let column = if *wanted { columns.next() } else { None };
            match column {
                Some(column) => column.read(schema, cursor)?,
                None => schema.skip(cursor)?,
            }
        }
        Ok(())
    }

    fn batch(&self, columns: Vec<Column>, rows: usize) -> RecordBatch {
        let wanted = self.fields.iter().filter(|(_, _, wanted)| *wanted);
        let fields: Vec<_> = wanted.map(|(name, schema, _)| schema.field(name)).collect();
        let arrays = fields
            .iter()
            .zip(columns)
            .map(|(field, column)| column.finish(field.data_type()))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), arrays, &options)
            .expect("all columns have one value a row")
    }
}
