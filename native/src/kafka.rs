//! Reads Kafka through librdkafka's batch call and decodes on the way, without the GIL.
//!
//! The Python source decides what to read from where (start modes, bounds, errors); this reader only
//! carries. Positions are the caller's: it assigns partitions at offsets and learns the next ones.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char};
use std::ptr;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rdkafka_sys as rd;

use crate::capsule::ArrowBatch;
use crate::decoder::RowDecoder;

const ERROR_TEXT_BYTES: usize = 512;

struct Handle {
    client: *mut rd::rd_kafka_t,
    queue: *mut rd::rd_kafka_queue_t,
}

// librdkafka's handles may be used from any thread; the reader itself is used from one at a time.
unsafe impl Send for Handle {}
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        unsafe {
            rd::rd_kafka_queue_destroy(self.queue);
            rd::rd_kafka_destroy(self.client);
        }
    }
}

/// One message that needs the full rules: row in its slice, and its bytes.
type Unsure = (usize, Option<Vec<u8>>);

/// What one read took from one partition.
struct Slice {
    topic: String,
    partition: i32,
    decoder: RowDecoder,
    unsure: Vec<Unsure>,
    next_offset: i64,
    newest_ms: i64,
    offsets: Vec<i64>,
    timestamps_ms: Vec<i64>,
    bytes: usize,
}

/// A slice as Python sees it.
#[pyclass(frozen, get_all)]
pub struct NativeSlice {
    topic: String,
    partition: i32,
    batch: Py<ArrowBatch>,
    unsure: Vec<(usize, Option<Py<PyBytes>>)>,
    next_offset: i64,
    newest_ms: i64,
    offsets: Vec<i64>,
    timestamps_ms: Vec<i64>,
    bytes: usize,
}

/// `KafkaReader({"bootstrap.servers": ...}, [(name, type), ...], with_metadata)`.
#[pyclass]
pub struct KafkaReader {
    handle: Option<Handle>,
    fields: Vec<(String, String)>,
    with_metadata: bool,
}

#[pymethods]
impl KafkaReader {
    #[new]
    fn new(
        config: HashMap<String, String>,
        fields: Vec<(String, String)>,
        with_metadata: bool,
    ) -> PyResult<Self> {
        RowDecoder::new(&fields)?;
        Ok(Self { handle: Some(connect(&config)?), fields, with_metadata })
    }

    /// Read exactly these partitions, each from its offset: `[(topic, partition, offset), ...]`.
    fn assign(&self, partitions: Vec<(String, i32, i64)>) -> PyResult<()> {
        let handle = self.open()?;
        unsafe {
            let list = rd::rd_kafka_topic_partition_list_new(partitions.len() as i32);
            for (topic, partition, offset) in &partitions {
                let name = CString::new(topic.as_str())?;
                let entry = rd::rd_kafka_topic_partition_list_add(list, name.as_ptr(), *partition);
                (*entry).offset = *offset;
            }
            let code = rd::rd_kafka_assign(handle.client, list);
            rd::rd_kafka_topic_partition_list_destroy(list);
            if code as i32 != 0 {
                return Err(PyRuntimeError::new_err(error_text(code)));
            }
        }
        Ok(())
    }

    /// Read what is there, at most `rows_max`; wait at most `timeout_ms` for the first message.
    ///
    /// Returns the slices and `(topic, partition, code, text)` of errors, in their order.
    fn read(
        &self,
        py: Python<'_>,
        rows_max: usize,
        timeout_ms: i32,
    ) -> PyResult<(Vec<NativeSlice>, Vec<(String, i32, i32, String)>)> {
        let handle = self.open()?;
        let (slices, errors) =
            py.detach(|| collect(handle, &self.fields, self.with_metadata, rows_max, timeout_ms))?;
        let slices = slices.into_iter().map(|s| to_python(py, s)).collect::<PyResult<_>>()?;
        Ok((slices, errors))
    }

    /// Give everything back; further calls fail.
    fn close(&mut self, py: Python<'_>) {
        let handle = self.handle.take();
        py.detach(|| drop(handle));
    }
}

impl KafkaReader {
    fn open(&self) -> PyResult<&Handle> {
        self.handle.as_ref().ok_or_else(|| PyRuntimeError::new_err("the reader is closed"))
    }
}

fn connect(config: &HashMap<String, String>) -> PyResult<Handle> {
    unsafe {
        let conf = rd::rd_kafka_conf_new();
        let mut text = [0 as c_char; ERROR_TEXT_BYTES];
        for (key, value) in config {
            let (name, setting) = (CString::new(key.as_str())?, CString::new(value.as_str())?);
            let code = rd::rd_kafka_conf_set(
                conf,
                name.as_ptr(),
                setting.as_ptr(),
                text.as_mut_ptr(),
                text.len(),
            );
            if code != rd::rd_kafka_conf_res_t::RD_KAFKA_CONF_OK {
                rd::rd_kafka_conf_destroy(conf);
                return Err(PyValueError::new_err(c_text(text.as_ptr())));
            }
        }
        let client = rd::rd_kafka_new(
            rd::rd_kafka_type_t::RD_KAFKA_CONSUMER,
            conf,
            text.as_mut_ptr(),
            text.len(),
        );
        if client.is_null() {
            rd::rd_kafka_conf_destroy(conf);
            return Err(PyRuntimeError::new_err(c_text(text.as_ptr())));
        }
        rd::rd_kafka_poll_set_consumer(client);
        let queue = rd::rd_kafka_queue_get_consumer(client);
        Ok(Handle { client, queue })
    }
}

type Collected = (Vec<Slice>, Vec<(String, i32, i32, String)>);

fn collect(
    handle: &Handle,
    fields: &[(String, String)],
    with_metadata: bool,
    rows_max: usize,
    timeout_ms: i32,
) -> PyResult<Collected> {
    let mut messages: Vec<*mut rd::rd_kafka_message_t> = vec![ptr::null_mut(); rows_max.max(1)];
    let count = unsafe { fill(handle, &mut messages, timeout_ms) };
    let mut slices: Vec<Slice> = Vec::new();
    let mut errors = Vec::new();
    let mut failed: Option<PyErr> = None;
    for &message in &messages[..count] {
        unsafe {
            let partition = (*message).partition;
            if (*message).err as i32 != 0 {
                let code = (*message).err;
                errors.push((topic_of(message), partition, code as i32, message_text(message)));
            } else if failed.is_none() {
                match slice_for(&mut slices, message, fields) {
                    Ok(slice) => take(slice, message, with_metadata),
                    Err(error) => failed = Some(error),
                }
            }
            rd::rd_kafka_message_destroy(message);
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok((slices, errors)),
    }
}

/// Wait for one message, then take what else is there; returns how many.
unsafe fn fill(
    handle: &Handle,
    messages: &mut [*mut rd::rd_kafka_message_t],
    timeout_ms: i32,
) -> usize {
    unsafe {
        let first = rd::rd_kafka_consume_queue(handle.queue, timeout_ms);
        if first.is_null() {
            return 0;
        }
        messages[0] = first;
        let rest = &mut messages[1..];
        if rest.is_empty() {
            return 1;
        }
        let more =
            rd::rd_kafka_consume_batch_queue(handle.queue, 0, rest.as_mut_ptr(), rest.len());
        1 + more.max(0) as usize
    }
}

unsafe fn slice_for<'a>(
    slices: &'a mut Vec<Slice>,
    message: *mut rd::rd_kafka_message_t,
    fields: &[(String, String)],
) -> PyResult<&'a mut Slice> {
    unsafe {
        let partition = (*message).partition;
        let name = CStr::from_ptr(rd::rd_kafka_topic_name((*message).rkt));
        let found = slices
            .iter()
            .rposition(|s| s.partition == partition && s.topic.as_bytes() == name.to_bytes());
        let index = match found {
            Some(index) => index,
            None => {
                slices.push(Slice {
                    topic: name.to_string_lossy().into_owned(),
                    partition,
                    decoder: RowDecoder::new(fields)?,
                    unsure: Vec::new(),
                    next_offset: 0,
                    newest_ms: -1,
                    offsets: Vec::new(),
                    timestamps_ms: Vec::new(),
                    bytes: 0,
                });
                slices.len() - 1
            }
        };
        Ok(&mut slices[index])
    }
}

unsafe fn take(slice: &mut Slice, message: *mut rd::rd_kafka_message_t, with_metadata: bool) {
    unsafe {
        let payload = if (*message).payload.is_null() {
            None
        } else {
            Some(std::slice::from_raw_parts((*message).payload as *const u8, (*message).len))
        };
        let row = slice.decoder.rows();
        if !slice.decoder.push(payload) {
            slice.unsure.push((row, payload.map(<[u8]>::to_vec)));
        }
        slice.bytes += (*message).len;
        slice.next_offset = (*message).offset + 1;
        if with_metadata || slice.newest_ms < 0 {
            let mut kind = rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
            let stamp = rd::rd_kafka_message_timestamp(message, &mut kind);
            slice.newest_ms = slice.newest_ms.max(stamp);
            if with_metadata {
                slice.offsets.push((*message).offset);
                slice.timestamps_ms.push(stamp);
            }
        }
    }
}

fn to_python(py: Python<'_>, mut slice: Slice) -> PyResult<NativeSlice> {
    let (batch, _) = slice.decoder.finish();
    let unsure = slice
        .unsure
        .into_iter()
        .map(|(row, bytes)| (row, bytes.map(|b| PyBytes::new(py, &b).unbind())))
        .collect();
    Ok(NativeSlice {
        topic: slice.topic,
        partition: slice.partition,
        batch: Py::new(py, ArrowBatch::new(batch))?,
        unsure,
        next_offset: slice.next_offset,
        newest_ms: slice.newest_ms,
        offsets: slice.offsets,
        timestamps_ms: slice.timestamps_ms,
        bytes: slice.bytes,
    })
}

unsafe fn topic_of(message: *mut rd::rd_kafka_message_t) -> String {
    unsafe {
        if (*message).rkt.is_null() {
            return String::new();
        }
        c_text(rd::rd_kafka_topic_name((*message).rkt))
    }
}

unsafe fn message_text(message: *mut rd::rd_kafka_message_t) -> String {
    unsafe {
        if (*message).payload.is_null() {
            return error_text((*message).err);
        }
        let bytes = std::slice::from_raw_parts((*message).payload as *const u8, (*message).len);
        String::from_utf8_lossy(bytes).into_owned()
    }
}

fn error_text(code: rd::rd_kafka_resp_err_t) -> String {
    unsafe { c_text(rd::rd_kafka_err2str(code)) }
}

fn c_text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    unsafe { CStr::from_ptr(text).to_string_lossy().into_owned() }
}
