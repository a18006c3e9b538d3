//! What one read takes from the partitions: messages into rows, and the unsure ones whole; or all
//! messages as they came, in columns.

use std::collections::HashMap;
use std::ffi::{CStr, c_void};
use std::ptr;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::client::{c_text, error_text};
use super::columns::Columns;
use super::reader::Handle;
use super::sys as rd;
use crate::capsule::ArrowBatch;
use crate::decoder::RowDecoder;
use crate::fields::FieldSpec;

/// So many messages are given back together: each takes the lock of the allocator's arena that
/// librdkafka's thread allocates from, and one by one the two threads wait for each other.
const GIVEN_BACK: usize = 1_000;

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
pub type Failed = (String, i32, i32, String, i64);

/// Messages decoded as JSON on the way, or as they came.
enum Taken {
    Rows(RowDecoder, Vec<Unsure>),
    Messages(Columns),
}

/// What one read took from one partition.
pub struct Slice {
    topic: String,
    partition: i32,
    taken: Taken,
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

pub type Collected = (Vec<Slice>, Vec<Failed>);

pub fn collect(
    handle: &Handle,
    fields: Option<&[FieldSpec]>,
    ends: &HashMap<(String, i32), i64>,
    rows_max: usize,
    timeout_ms: i32,
) -> PyResult<Collected> {
    let mut messages: Vec<*mut rd::rd_kafka_message_t> = vec![ptr::null_mut(); rows_max.max(1)];
    let count = unsafe { fill(handle, &mut messages, timeout_ms) };
    let mut slices: Vec<Slice> = Vec::new();
    let mut errors = Vec::new();
    let mut failed: Option<PyErr> = None;
    for (index, &message) in messages[..count].iter().enumerate() {
        unsafe {
            let next = messages[index + 1..count].first();
            let last_of_run = next.is_none_or(|&next| {
                (*next).partition != (*message).partition || (*next).rkt != (*message).rkt
            });
            let partition = (*message).partition;
            if (*message).err != 0 {
                let code = (*message).err;
                let text = message_text(message);
                let offset = (*message).offset;
                errors.push((topic_of(message), partition, code, text, offset));
            } else if failed.is_none() {
                match slice_for(&mut slices, message, fields) {
                    Ok(slice) => take(slice, message, ends, last_of_run),
                    Err(error) => failed = Some(error),
                }
            }
            if (index + 1) % GIVEN_BACK == 0 || index + 1 == count {
                for &message in &messages[index - index % GIVEN_BACK..=index] {
                    rd::rd_kafka_message_destroy(message);
                }
            }
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
    fields: Option<&[FieldSpec]>,
) -> PyResult<&'a mut Slice> {
    unsafe {
        let partition = (*message).partition;
        let name = CStr::from_ptr(rd::rd_kafka_topic_name((*message).rkt));
        let found = slices
            .iter()
            .rposition(|s| s.partition == partition && s.topic.as_bytes() == name.to_bytes())
            .filter(|&index| slices[index].fits(message));
        let index = match found {
            Some(index) => index,
            None => {
                slices.push(Slice {
                    topic: name.to_string_lossy().into_owned(),
                    partition,
                    taken: Taken::new(fields)?,
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
    last_of_run: bool,
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
        let key = bytes_of((*message).key, (*message).key_len);
        slice.next_offset = offset + 1;
        if last_of_run || slice.newest_ms < 0 {
            slice.newest_ms = timestamp_of(message); // of the last one that is ours, or nearly
        }
        match &mut slice.taken {
            Taken::Messages(columns) => columns.push(value, key, offset, timestamp_of(message)),
            Taken::Rows(decoder, unsure) => {
                let row = decoder.rows();
                if !decoder.push(value) {
                    unsure.push(Unsure {
                        row,
                        value: value.map(<[u8]>::to_vec),
                        key: key.map(<[u8]>::to_vec),
                        offset,
                        timestamp_ms: timestamp_of(message),
                    });
                }
            }
        }
    }
}

impl Taken {
    fn new(fields: Option<&[FieldSpec]>) -> PyResult<Self> {
        Ok(match fields {
            Some(fields) => Self::Rows(RowDecoder::new(fields)?, Vec::new()),
            None => Self::Messages(Columns::new()),
        })
    }
}

impl Slice {
    /// Whether the message has room in it.
    unsafe fn fits(&self, message: *mut rd::rd_kafka_message_t) -> bool {
        match &self.taken {
            Taken::Rows(..) => true, // a text that has no room is unsure
            Taken::Messages(columns) => unsafe {
                columns.fits(
                    bytes_of((*message).payload, (*message).len),
                    bytes_of((*message).key, (*message).key_len),
                )
            },
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
    let mut kind = rd::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    unsafe { rd::rd_kafka_message_timestamp(message, &mut kind) }
}

pub fn to_python(py: Python<'_>, slice: Slice) -> PyResult<NativeSlice> {
    let python = |bytes: Option<Vec<u8>>| bytes.map(|b| PyBytes::new(py, &b).unbind());
    let (batch, unsure) = match slice.taken {
        Taken::Rows(mut decoder, unsure) => (decoder.finish().0, unsure),
        Taken::Messages(columns) => (columns.finish(), Vec::new()),
    };
    let unsure = unsure
        .into_iter()
        .map(|u| {
            let (value, key) = (python(u.value), python(u.key));
            (u.row, value, key, u.offset, u.timestamp_ms)
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
