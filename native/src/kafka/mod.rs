//! Kafka through librdkafka, whole batches at a time and without the GIL.

mod client;
mod columns;
mod messages;
mod producer;
mod reader;
mod slices;
mod sys;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// Find librdkafka behind a file that the process has loaded; its version. RuntimeError says why not.
#[pyfunction]
fn load_kafka(file: &str) -> PyResult<String> {
    sys::load(file).map_err(PyRuntimeError::new_err)
}

/// Add the classes to the module.
pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(load_kafka, module)?)?;
    module.add_class::<reader::KafkaReader>()?;
    module.add_class::<slices::NativeSlice>()?;
    module.add_class::<producer::KafkaProducer>()
}
