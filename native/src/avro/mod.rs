//! Avro messages of one writer's schema to raw columns, as `formats/avro/vectors.py` describes them.

mod column;
mod cursor;
mod schema;

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::Schema as ArrowSchema;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use self::column::Column;
use self::cursor::Cursor;
use self::schema::{AvroSpec, Schema};
use crate::capsule::ArrowBatch;
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
        let wanted = self.fields.iter().filter(|(_, _, wanted)| *wanted);
        let mut columns: Vec<Column> = wanted.map(|(_, schema, _)| Column::new(schema)).collect();
        let mut unsure = Vec::new();
        let mut rows = 0;
        for (index, message) in messages.iter().enumerate() {
            let mut cursor = Cursor::new(message.cast::<PyBytes>()?.as_bytes());
            match self.record(&mut cursor, &mut columns) {
                Ok(()) => rows += 1,
                Err(_) => {
                    columns.iter_mut().for_each(|column| column.truncate(rows));
                    unsure.push(index);
                }
            }
        }
        Ok((ArrowBatch::new(self.batch(columns, rows)), unsure))
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
