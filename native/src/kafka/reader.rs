//! Reads Kafka through librdkafka's batch call and decodes on the way, without the GIL.
//!
//! The Python source decides what to read from where (start modes, bounds, errors); this reader only
//! carries. Positions are the caller's: it assigns partitions at offsets and learns the next ones.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::client::{Reports, ask, c_text, create, lock, problem};
use super::slices::{Failed, NativeSlice, collect, to_python};
use super::sys as rd;
use crate::decoder::RowDecoder;
use crate::fields::FieldSpec;

/// The leaders of so many topics are asked for, one after the other.
const ASKED_TOPICS_MAX: usize = 8;
const LEADERS_MS: c_int = 1_000;

pub struct Handle {
    client: *mut rd::rd_kafka_t,
    pub queue: *mut rd::rd_kafka_queue_t,
    reports: *mut Reports,
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
            drop(Box::from_raw(self.reports)); // none comes any more
        }
    }
}

/// Topic, partition, first offset, and the offset to end before (-1: none).
type Assignment = (String, i32, i64, i64);

/// Slices, errors of partitions, and what the client says of the cluster.
type Read = (Vec<NativeSlice>, Vec<Failed>, Vec<(i32, String)>);

/// `KafkaReader({"bootstrap.servers": ...}, [(name, type, required, parts), ...])`; without fields
/// its slices hold the messages themselves.
#[pyclass]
pub struct KafkaReader {
    handle: Option<Handle>,
    fields: Option<Vec<FieldSpec>>,
    ends: HashMap<(String, i32), i64>,
}

#[pymethods]
impl KafkaReader {
    #[new]
    #[pyo3(signature = (config, fields))]
    fn new(config: HashMap<String, String>, fields: Option<Vec<FieldSpec>>) -> PyResult<Self> {
        if let Some(fields) = &fields {
            RowDecoder::new(fields)?;
        }
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
    fn assign(&mut self, py: Python<'_>, partitions: Vec<Assignment>) -> PyResult<()> {
        let topics: BTreeSet<&str> = partitions.iter().map(|(t, ..)| t.as_str()).collect();
        let mut topics: Vec<CString> = topics
            .into_iter()
            .map(CString::new)
            .collect::<Result<_, _>>()?;
        topics.truncate(ASKED_TOPICS_MAX);
        let handle = self.open()?;
        let _known = py.detach(|| find_leaders(handle, &topics));
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
    /// Returns the slices; `(topic, partition, code, text, offset)` of errors, in their order; and
    /// `(code, text)` of what the client says of the cluster.
    fn read(&self, py: Python<'_>, rows_max: usize, timeout_ms: i32) -> PyResult<Read> {
        let handle = self.open()?;
        let fields = self.fields.as_deref();
        let (slices, errors) =
            py.detach(|| collect(handle, fields, &self.ends, rows_max, timeout_ms))?;
        let slices = slices
            .into_iter()
            .map(|s| to_python(py, s))
            .collect::<PyResult<_>>()?;
        let reports = std::mem::take(&mut *lock(unsafe { &*handle.reports }));
        Ok((slices, errors, reports))
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
        Ok(if code == 0 { high } else { -1 })
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
    let reports = Box::into_raw(Box::<Reports>::default());
    let made = create(rd::RD_KAFKA_CONSUMER, config, |conf| unsafe {
        rd::rd_kafka_conf_set_opaque(conf, reports.cast());
        rd::rd_kafka_conf_set_error_cb(conf, Some(reported));
    });
    match made {
        Ok(client) => unsafe {
            rd::rd_kafka_poll_set_consumer(client);
            let queue = rd::rd_kafka_queue_get_consumer(client);
            Ok(Handle {
                client,
                queue,
                reports,
            })
        },
        Err(error) => {
            drop(unsafe { Box::from_raw(reports) });
            Err(error)
        }
    }
}

/// What is wrong with the cluster, not with a partition: librdkafka tells it to a callback only.
unsafe extern "C" fn reported(
    _client: *mut rd::rd_kafka_t,
    code: c_int,
    text: *const c_char,
    reports: *mut c_void,
) {
    let reports = unsafe { &*reports.cast::<Reports>() };
    lock(reports).push((code, c_text(text)));
}

/// Topics that librdkafka knows the leaders of, as long as these are held.
struct Known(Vec<*mut rd::rd_kafka_topic_t>);

unsafe impl Send for Known {}

impl Drop for Known {
    fn drop(&mut self) {
        for &topic in &self.0 {
            unsafe { rd::rd_kafka_topic_destroy(topic) };
        }
    }
}

/// Ask for the leaders of the partitions of topics: an assignment alone waits for a timer of
/// librdkafka that looks for unknown ones once a second. Without an answer that timer finds them.
fn find_leaders(handle: &Handle, topics: &[CString]) -> Known {
    let mut known = Known(Vec::new());
    for name in topics {
        unsafe {
            let topic = rd::rd_kafka_topic_new(handle.client, name.as_ptr(), ptr::null_mut());
            if topic.is_null() {
                break;
            }
            known.0.push(topic);
            if !ask(handle.client, topic, LEADERS_MS) {
                break;
            }
        }
    }
    known
}

type Change = unsafe fn(
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
        match problem(error) {
            None => Ok(()),
            Some((_, text, ..)) => Err(PyRuntimeError::new_err(text)),
        }
    }
}
