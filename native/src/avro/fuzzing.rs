//! The laws of reading and writing Avro, for `crate::fuzzing`.

use arrow_array::{Array, RecordBatch, StructArray};

use super::cursor::Cursor;
use super::encoder::{WriteSpec, encode};
use super::schema::{AvroSpec, Schema};
use super::{AvroReader, Rows};
use crate::encode::frame::Frame;

/// Read the messages: what could be read is stepped over as well, and is the same when it was
/// written and read again.
pub fn laws(
    fields: Vec<(String, AvroSpec, bool)>,
    messages: &[&[u8]],
    valid: impl Fn(&RecordBatch),
) {
    let skipping = fields.iter().cloned();
    let skipping = skipping
        .map(|(name, spec, _)| (name, spec, false))
        .collect();
    let Ok(skipping) = AvroReader::new(skipping) else {
        return;
    };
    let reader = AvroReader::new(fields).expect("the same schema");
    let mut rows = Rows::new(&reader);
    for message in messages {
        rows.push_or_leave(Some(message));
        let (mut one, mut other) = (Cursor::new(message), Cursor::new(message));
        let mut columns = Rows::new(&reader).columns;
        if reader.record(&mut one, &mut columns).is_ok() {
            assert!(skipping.record(&mut other, &mut []).is_ok());
            assert_eq!(one.rest(), other.rest());
        }
    }
    let (batch, unsure) = rows.finish();
    valid(&batch);
    assert_eq!(batch.num_rows() + unsure.len(), messages.len());
    let specs: Option<Vec<WriteSpec>> = reader
        .fields
        .iter()
        .map(|(_, schema, wanted)| wanted.then(|| write_spec(schema)).flatten())
        .collect();
    if let Some(specs) = specs {
        written_and_read(&reader, &batch, &specs);
    }
}

fn written_and_read(reader: &AvroReader, batch: &RecordBatch, specs: &[WriteSpec]) {
    let whole = StructArray::from(batch.clone());
    let Ok(written) = encode(&whole, specs, &Frame::default()) else {
        panic!("what was read can be written");
    };
    let mut rows = Rows::new(reader);
    for row in 0..written.len() {
        rows.push_or_leave(Some(written.value(row)));
    }
    let (again, unsure) = rows.finish();
    assert!(unsure.is_empty());
    assert_eq!(&again, batch);
}

/// How the schema is written, where it is one of those that a table has.
fn write_spec(schema: &Schema) -> Option<WriteSpec> {
    let parts = match schema {
        Schema::Union(inner, 1, 2) => {
            let WriteSpec(kind, nullable, parts) = write_spec(inner)?;
            return (!nullable).then_some(WriteSpec(kind, true, parts));
        }
        Schema::Null | Schema::Enum(_) | Schema::Fixed(_) | Schema::Union(..) => return None,
        Schema::Array(inner) | Schema::Map(inner) => vec![write_spec(inner)?],
        // No table has a row without columns; many of them in an array would have no bytes.
        Schema::Record(fields) if fields.is_empty() => return None,
        Schema::Record(fields) => {
            let parts = fields.iter().map(|(_, field)| write_spec(field));
            parts.collect::<Option<_>>()?
        }
        _ => vec![],
    };
    Some(WriteSpec("plain".into(), false, parts))
}
