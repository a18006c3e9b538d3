//! Kafka batches to Arrow and back, for Tidemill. No SQL.
//!
//! Four jobs: read Kafka batches without the GIL; decode JSON, Debezium's events and Avro into Arrow
//! columns; encode Arrow as the same; produce. What a decoder is not sure about is never guessed:
//! such a message is handed back to the Python path, which decodes it by the full rules. So both
//! paths give the same rows.

mod avro;
mod capsule;
mod columns;
mod debezium;
mod decoder;
mod encode;
mod fields;
#[cfg(fuzzing)]
pub mod fuzzing;
mod kafka;
mod number;
mod scanner;
mod texts;
mod words;

use pyo3::prelude::*;

/// Raised with every change of what Python calls: `interfaces/native.py` takes only its own.
const INTERFACE: u32 = 3;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<avro::AvroReader>()?;
    module.add_class::<avro::encoder::AvroEncoder>()?;
    module.add_class::<decoder::JsonDecoder>()?;
    module.add_class::<debezium::DebeziumJsonDecoder>()?;
    module.add_class::<capsule::ArrowBatch>()?;
    module.add_class::<capsule::ArrowColumn>()?;
    module.add_class::<encode::JsonEncoder>()?;
    kafka::add(module)?;
    module.add("INTERFACE", INTERFACE)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    Ok(())
}
