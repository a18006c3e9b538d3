//! Reads Kafka through librdkafka's batch call and decodes on the way, without the GIL.
//!
//! The Python source decides what to read from where (start modes, bounds, errors); this reader only
//! carries. Positions are the caller's: it assigns partitions at offsets and learns the next ones.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rdkafka_sys as rd;

use crate::capsule::ArrowBatch;
use crate::decoder::RowDecoder;
use crate::fields::FieldSpec;

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
        // In this order, as librdkafka's other clients do it: the queue serves the closing.
        unsafe {
            rd::rd_kafka_consumer_close(self.client);
            rd::rd_kafka_queue_destroy(self.queue);
            rd::rd_kafka_destroy(self.client);
        }
    }
}

/// One message that needs the full rules, whole.
struct Unsure {
    row: usize,
    value: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
    offset: i64,
    timestamp_ms: i64,
}

/// Row in its slice, value, key, offset, timestamp.
type PyUnsure = (usize, Option<Py<PyBytes>>, Option<Py<PyBytes>>, i64, i64);

/// Topic, partition, code, text, offset of an error, or of the end of a partition.
type Failed = (String, i32, i32, String, i64);

/// Topic, partition, first offset, and the offset to end before (-1: none).
type Assignment = (String, i32, i64, i64);

/// What one read took from one partition.
struct Slice {
    topic: String,
    partition: i32,
    decoder: RowDecoder,
    unsure: Vec<Unsure>,
    next_offset: i64,
    newest_ms: i64,
}

/// A slice as Python sees it.
#[pyclass(frozen, get_all)]
pub struct NativeSlice {
    topic: String,
    partition: i32,
    batch: Py<ArrowBatch>,
    unsure: Vec<PyUnsure>,
    next_offset: i64,
    newest_ms: i64,
}

/// `KafkaReader({"bootstrap.servers": ...}, [(name, type, required, parts), ...])`.
#[pyclass]
pub struct KafkaReader {
    handle: Option<Handle>,
    fields: Vec<FieldSpec>,
    ends: HashMap<(String, i32), i64>,
}

#[pymethods]
impl KafkaReader {
    #[new]
    fn new(config: HashMap<String, String>, fields: Vec<FieldSpec>) -> PyResult<Self> {
        RowDecoder::new(&fields)?;
        Ok(Self {
            handle: Some(connect(&config)?),
            fields,
            ends: HashMap::new(),
        })
    }

    /// Read these partitions too: `[(topic, partition, first offset, end or -1), ...]`.
    ///
    /// Never the whole assignment anew: librdkafka aborts the process where a partition is removed,
    /// added and removed again before its first removal is through (its issue 5573), such as by an
    /// assignment without another partition, and then the closing.
    fn assign(&mut self, partitions: Vec<Assignment>) -> PyResult<()> {
        let places = partitions
            .iter()
            .map(|(t, p, first, _)| (t.as_str(), *p, *first));
        change(self.open()?, places, rd::rd_kafka_incremental_assign)?;
        for (topic, partition, _, end) in partitions {
            if end >= 0 {
                self.ends.insert((topic, partition), end);
            }
        }
        Ok(())
    }

    /// Read these partitions no more: `[(topic, partition), ...]`; each was assigned.
    fn unassign(&mut self, partitions: Vec<(String, i32)>) -> PyResult<()> {
        let places = partitions.iter().map(|(t, p)| (t.as_str(), *p, 0));
        change(self.open()?, places, rd::rd_kafka_incremental_unassign)
    }

    /// Read what is there, at most `rows_max`; wait at most `timeout_ms` for the first message.
    ///
    /// Returns the slices, and `(topic, partition, code, text, offset)` of errors, in their order.
    fn read(
        &self,
        py: Python<'_>,
        rows_max: usize,
        timeout_ms: i32,
    ) -> PyResult<(Vec<NativeSlice>, Vec<Failed>)> {
        let handle = self.open()?;
        let (slices, errors) =
            py.detach(|| collect(handle, &self.fields, &self.ends, rows_max, timeout_ms))?;
        let slices = slices
            .into_iter()
            .map(|s| to_python(py, s))
            .collect::<PyResult<_>>()?;
        Ok((slices, errors))
    }

    /// The newest end of a partition that the broker told, or -1.
    fn end_offset(&self, topic: &str, partition: i32) -> PyResult<i64> {
        let handle = self.open()?;
        let name = CString::new(topic)?;
        let (mut low, mut high) = (-1i64, -1i64);
        let code = unsafe {
            rd::rd_kafka_get_watermark_offsets(
                handle.client,
                name.as_ptr(),
                partition,
                &mut low,
                &mut high,
            )
        };
        Ok(if code as i32 == 0 { high } else { -1 })
    }

    /// Give everything back; further calls fail.
    fn close(&mut self, py: Python<'_>) {
        let handle = self.handle.take();
        py.detach(|| drop(handle));
    }
}

impl KafkaReader {
    fn open(&self) -> PyResult<&Handle> {
        self.handle
            .as_ref()
            .ok_or_else(|| PyRuntimeError::new_err("the reader is closed"))
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

type Change = unsafe extern "C" fn(
    *mut rd::rd_kafka_t,
    *const rd::rd_kafka_topic_partition_list_t,
) -> *mut rd::rd_kafka_error_t;

/// Change the assignment by topics, partitions and offsets.
fn change<'a>(
    handle: &Handle,
    places: impl Iterator<Item = (&'a str, i32, i64)>,
    call: Change,
) -> PyResult<()> {
    let places = places
        .map(|(topic, partition, offset)| Ok((CString::new(topic)?, partition, offset)))
        .collect::<PyResult<Vec<_>>>()?;
    unsafe {
        let list = rd::rd_kafka_topic_partition_list_new(places.len() as i32);
        for (topic, partition, offset) in &places {
            let entry = rd::rd_kafka_topic_partition_list_add(list, topic.as_ptr(), *partition);
            (*entry).offset = *offset;
        }
        let error = call(handle.client, list);
        rd::rd_kafka_topic_partition_list_destroy(list);
        if error.is_null() {
            return Ok(());
        }
        let text = c_text(rd::rd_kafka_error_string(error));
        rd::rd_kafka_error_destroy(error);
        Err(PyRuntimeError::new_err(text))
    }
}

type Collected = (Vec<Slice>, Vec<Failed>);

fn collect(
    handle: &Handle,
    fields: &[FieldSpec],
    ends: &HashMap<(String, i32), i64>,
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
                let text = message_text(message);
                let offset = (*message).offset;
                errors.push((topic_of(message), partition, code as i32, text, offset));
            } else if failed.is_none() {
                match slice_for(&mut slices, message, fields) {
                    Ok(slice) => take(slice, message, ends),
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
        let more = rd::rd_kafka_consume_batch_queue(handle.queue, 0, rest.as_mut_ptr(), rest.len());
        1 + more.max(0) as usize
    }
}

unsafe fn slice_for<'a>(
    slices: &'a mut Vec<Slice>,
    message: *mut rd::rd_kafka_message_t,
    fields: &[FieldSpec],
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
                });
                slices.len() - 1
            }
        };
        Ok(&mut slices[index])
    }
}

unsafe fn take(
    slice: &mut Slice,
    message: *mut rd::rd_kafka_message_t,
    ends: &HashMap<(String, i32), i64>,
) {
    unsafe {
        let offset = (*message).offset;
        if !ends.is_empty() {
            // Messages behind the end of a bounded read are not ours.
            let end = ends.get(&(slice.topic.clone(), slice.partition));
            if end.is_some_and(|&end| offset >= end) {
                return;
            }
        }
        let value = bytes_of((*message).payload, (*message).len);
        let row = slice.decoder.rows();
        slice.next_offset = offset + 1;
        if slice.newest_ms < 0 {
            slice.newest_ms = timestamp_of(message);
        }
        if !slice.decoder.push(value) {
            slice.unsure.push(Unsure {
                row,
                value: value.map(<[u8]>::to_vec),
                key: bytes_of((*message).key, (*message).key_len).map(<[u8]>::to_vec),
                offset,
                timestamp_ms: timestamp_of(message),
            });
        }
    }
}

unsafe fn bytes_of<'a>(start: *mut c_void, length: usize) -> Option<&'a [u8]> {
    if start.is_null() {
        return None;
    }
    Some(unsafe { std::slice::from_raw_parts(start as *const u8, length) })
}

unsafe fn timestamp_of(message: *mut rd::rd_kafka_message_t) -> i64 {
    let mut kind = rd::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    unsafe { rd::rd_kafka_message_timestamp(message, &mut kind) }
}

fn to_python(py: Python<'_>, mut slice: Slice) -> PyResult<NativeSlice> {
    let (batch, _) = slice.decoder.finish();
    let python = |bytes: Option<Vec<u8>>| bytes.map(|b| PyBytes::new(py, &b).unbind());
    let unsure = slice
        .unsure
        .into_iter()
        .map(|u| {
            (
                u.row,
                python(u.value),
                python(u.key),
                u.offset,
                u.timestamp_ms,
            )
        })
        .collect();
    Ok(NativeSlice {
        topic: slice.topic,
        partition: slice.partition,
        batch: Py::new(py, ArrowBatch::new(batch))?,
        unsure,
        next_offset: slice.next_offset,
        newest_ms: slice.newest_ms,
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
