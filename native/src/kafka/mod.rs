//! Kafka through librdkafka, whole batches at a time and without the GIL.

mod client;
mod columns;
mod messages;
mod producer;
mod reader;
mod slices;

use pyo3::prelude::*;

/// Add the classes to the module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<reader::KafkaReader>()?;
    module.add_class::<slices::NativeSlice>()?;
    module.add_class::<producer::KafkaProducer>()
}
