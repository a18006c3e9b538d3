//! Kafka batches to Arrow and back, for Tidemill. No SQL.
//!
//! Four jobs: read Kafka batches without the GIL, decode JSON into Arrow columns, encode Arrow as
//! JSON, produce. What the scanner is not sure about is never guessed: such a message is handed back
//! to the Python path, which decodes it by the full rules. So both paths give the same rows.

mod avro;
mod capsule;
mod columns;
mod debezium;
mod decoder;
mod encode;
mod fields;
mod kafka;
mod scanner;
mod texts;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<avro::AvroReader>()?;
    module.add_class::<decoder::JsonDecoder>()?;
    module.add_class::<debezium::DebeziumJsonDecoder>()?;
    module.add_class::<capsule::ArrowBatch>()?;
    module.add_class::<capsule::ArrowColumn>()?;
    module.add_class::<encode::JsonEncoder>()?;
    module.add_class::<kafka::reader::KafkaReader>()?;
    module.add_class::<kafka::slices::NativeSlice>()?;
    module.add_class::<kafka::producer::KafkaProducer>()?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    Ok(())
}
