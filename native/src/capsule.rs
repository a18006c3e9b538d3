//! Arrow data that crosses to and from Python by the PyCapsule interface, without a copy.

use std::ptr::NonNull;

use arrow_array::cast::AsArray;
use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::types::Int8Type;
use arrow_array::{Array, ArrayRef, BinaryArray, Int8Array, RecordBatch, StructArray, make_array};
use arrow_schema::DataType;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

type Capsules<'py> = (Bound<'py, PyCapsule>, Bound<'py, PyCapsule>);

/// A record batch for `pyarrow.record_batch(...)`.
#[pyclass(frozen)]
pub struct ArrowBatch {
    batch: RecordBatch,
}

impl ArrowBatch {
    pub fn new(batch: RecordBatch) -> Self {
        Self { batch }
    }
}

#[pymethods]
impl ArrowBatch {
    /// The schema and array capsules, as the Arrow C data interface names them.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Capsules<'py>> {
        let _ = requested_schema;
        export(py, &StructArray::from(self.batch.clone()))
    }

    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }
}

/// One column for `pyarrow.array(...)`.
#[pyclass(frozen)]
pub struct ArrowColumn {
    array: ArrayRef,
}

impl ArrowColumn {
    pub fn new(array: ArrayRef) -> Self {
        Self { array }
    }
}

#[pymethods]
impl ArrowColumn {
    /// The schema and array capsules, as the Arrow C data interface names them.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Capsules<'py>> {
        let _ = requested_schema;
        export(py, &self.array)
    }

    fn __len__(&self) -> usize {
        self.array.len()
    }
}

fn export<'py>(py: Python<'py>, array: &dyn Array) -> PyResult<Capsules<'py>> {
    let (array, schema) =
        to_ffi(&array.to_data()).map_err(|e| PyRuntimeError::new_err(e.to_string()))?;
    let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
    let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
    Ok((schema, array))
}

/// The array, or record batch as a struct, behind a Python object; its buffers are shared.
pub fn import(value: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    let pair: (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) =
        value.call_method0("__arrow_c_array__")?.extract()?;
    let schema: NonNull<FFI_ArrowSchema> = pair.0.pointer_checked(Some(c"arrow_schema"))?.cast();
    let array: NonNull<FFI_ArrowArray> = pair.1.pointer_checked(Some(c"arrow_array"))?.cast();
    // The names of the capsules say what they hold; the array is moved out, as the interface asks.
    let data = unsafe { from_ffi(FFI_ArrowArray::from_raw(array.as_ptr()), schema.as_ref()) };
    let data = data.map_err(|error| PyTypeError::new_err(error.to_string()))?;
    Ok(make_array(data))
}

/// A column of messages.
pub fn import_messages(value: &Bound<'_, PyAny>) -> PyResult<BinaryArray> {
    let array = import(value)?;
    match array.data_type() {
        DataType::Binary => Ok(array.as_binary().clone()),
        other => Err(PyTypeError::new_err(format!(
            "messages are binary, not {other}"
        ))),
    }
}

/// A column of row kinds.
pub fn import_kinds(value: &Bound<'_, PyAny>) -> PyResult<Int8Array> {
    let array = import(value)?;
    match array.data_type() {
        DataType::Int8 => Ok(array.as_primitive::<Int8Type>().clone()),
        other => Err(PyTypeError::new_err(format!("kinds are int8, not {other}"))),
    }
}
