//! A producer, transactional where its configuration says so, that takes Arrow columns of messages.
//!
//! It only carries: when to begin, commit or give up is the Python commit group's, which gets every
//! error as librdkafka says it. Its handle lives until the last call that uses it is back, so that a
//! call that hangs can be left behind.

use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::client::{Problem, Reports, TEXT_BYTES, ask, c_text, create, error_text, lock, problem};
use super::messages::{Headers, Message, Messages, Topic};
use super::sys as rd;

const FLUSH_LOOK_MS: c_int = 1;
/// How long a new client is given to connect before it is asked for transactions.
const CONNECTED_MS: c_int = 1_000;

pub struct Handle {
    pub client: *mut rd::rd_kafka_t,
    failures: *mut Reports, // deliveries that failed
}

// librdkafka's producer may be used from any thread; what failed is behind a lock.
unsafe impl Send for Handle {}
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        unsafe {
            rd::rd_kafka_destroy(self.client);
            drop(Box::from_raw(self.failures)); // no report comes any more
        }
    }
}

/// `KafkaProducer({"bootstrap.servers": ...})`.
#[pyclass(frozen)]
pub struct KafkaProducer {
    handle: Mutex<Option<Arc<Handle>>>,
}

/// A header of each message, numbered from the given number on: name, prefix, first number.
type Numbered = (String, Vec<u8>, u64);

#[pymethods]
impl KafkaProducer {
    #[new]
    fn new(config: HashMap<String, String>) -> PyResult<Self> {
        let failures = Box::into_raw(Box::<Reports>::default());
        let made = create(rd::RD_KAFKA_PRODUCER, &config, |conf| unsafe {
            rd::rd_kafka_conf_set_opaque(conf, failures.cast());
            rd::rd_kafka_conf_set_dr_msg_cb(conf, Some(reported));
        });
        match made {
            Ok(client) => Ok(Self {
                handle: Mutex::new(Some(Arc::new(Handle { client, failures }))),
            }),
            Err(error) => {
                drop(unsafe { Box::from_raw(failures) });
                Err(error)
            }
        }
    }

    /// Hand messages over in their order, from one on; how many were taken, and what was wrong.
    ///
    /// `values` and `keys` are binary columns. Where the producer is full fewer are taken, without
    /// an error.
    #[pyo3(signature = (topic, values, keys, first, partition, numbered, headers))]
    #[allow(clippy::too_many_arguments)] // it is one call of librdkafka, for many messages
    fn produce(
        &self,
        py: Python<'_>,
        topic: &str,
        values: &Bound<'_, PyAny>,
        keys: Option<&Bound<'_, PyAny>>,
        first: usize,
        partition: i32,
        numbered: Option<Numbered>,
        headers: Vec<(String, Option<Vec<u8>>)>,
    ) -> PyResult<(usize, Option<Problem>)> {
        let handle = self.open()?;
        let messages = Messages::new(values, keys)?;
        let headers = Headers::new(headers, numbered)?;
        let name = CString::new(topic)?;
        py.detach(|| {
            let topic = Topic::new(&handle, &name)?;
            Ok(topic.produce(&messages, first, partition, headers))
        })
    }

    /// Hand one message over; what was wrong.
    #[allow(clippy::too_many_arguments)]
    fn produce_one(
        &self,
        topic: &str,
        value: Option<&[u8]>,
        key: Option<&[u8]>,
        partition: i32,
        timestamp_ms: i64,
        headers: Vec<(String, Option<Vec<u8>>)>,
    ) -> PyResult<Option<Problem>> {
        let handle = self.open()?;
        let name = CString::new(topic)?;
        let headers = Headers::new(headers, None)?;
        let topic = Topic::new(&handle, &name)?;
        let message = Message {
            value,
            key,
            partition,
            timestamp_ms,
        };
        Ok(topic.produce_one(&message, headers))
    }

    /// Messages and reports that are on their way.
    fn waiting(&self) -> PyResult<i32> {
        Ok(unsafe { rd::rd_kafka_outq_len(self.open()?.client) })
    }

    /// Let the producer report, for at most so long; returns what the producer is at its end with.
    fn poll(&self, py: Python<'_>, timeout_ms: i32) -> PyResult<Option<Problem>> {
        let handle = self.open()?;
        Ok(py.detach(|| {
            unsafe { rd::rd_kafka_poll(handle.client, timeout_ms) };
            fatal(&handle)
        }))
    }

    /// Wait until nothing is on its way, for at most so long; as `poll`.
    ///
    /// In short calls: one call looks every ten milliseconds whether it is done, as nothing wakes
    /// it where only failed deliveries are reported.
    fn flush(&self, py: Python<'_>, timeout_ms: i32) -> PyResult<Option<Problem>> {
        let handle = self.open()?;
        let timeout = Duration::from_millis(timeout_ms.max(0) as u64);
        Ok(py.detach(|| {
            let begun = Instant::now();
            loop {
                let code = unsafe { rd::rd_kafka_flush(handle.client, FLUSH_LOOK_MS) };
                if code == 0 || begun.elapsed() >= timeout {
                    return fatal(&handle);
                }
            }
        }))
    }

    /// The code and text of each delivery that failed since the last call.
    fn failures(&self) -> PyResult<Vec<(i32, String)>> {
        let handle = self.open()?;
        let mut failures = lock(unsafe { &*handle.failures });
        Ok(std::mem::take(&mut *failures))
    }

    /// Forget all messages, also those on their way.
    fn purge(&self, py: Python<'_>, blocking: bool) -> PyResult<()> {
        let handle = self.open()?;
        let mut flags = rd::RD_KAFKA_PURGE_F_QUEUE | rd::RD_KAFKA_PURGE_F_INFLIGHT;
        if !blocking {
            flags |= rd::RD_KAFKA_PURGE_F_NON_BLOCKING;
        }
        py.detach(|| unsafe { rd::rd_kafka_purge(handle.client, flags) });
        Ok(())
    }

    fn init_transactions(&self, py: Python<'_>, timeout_ms: i32) -> PyResult<Option<Problem>> {
        self.call(py, |client| unsafe {
            // A client that is just connecting else looks for a coordinator too early, and again
            // by a timer of half a second.
            ask(client, ptr::null_mut(), timeout_ms.min(CONNECTED_MS));
            rd::rd_kafka_init_transactions(client, timeout_ms)
        })
    }

    fn begin_transaction(&self, py: Python<'_>) -> PyResult<Option<Problem>> {
        self.call(py, |client| unsafe {
            rd::rd_kafka_begin_transaction(client)
        })
    }

    fn commit_transaction(&self, py: Python<'_>, timeout_ms: i32) -> PyResult<Option<Problem>> {
        self.call(py, |client| unsafe {
            rd::rd_kafka_commit_transaction(client, timeout_ms)
        })
    }

    fn abort_transaction(&self, py: Python<'_>, timeout_ms: i32) -> PyResult<Option<Problem>> {
        self.call(py, |client| unsafe {
            rd::rd_kafka_abort_transaction(client, timeout_ms)
        })
    }

    /// Commit offsets, each with its metadata, of a group without members in the transaction.
    fn send_offsets_to_transaction(
        &self,
        py: Python<'_>,
        offsets: Vec<(String, i32, i64, String)>,
        group: &str,
        timeout_ms: i32,
    ) -> PyResult<Option<Problem>> {
        let group = CString::new(group)?;
        let offsets = offsets
            .iter()
            .map(|(topic, part, at, said)| {
                let topic = CString::new(topic.as_str())?;
                Ok((topic, *part, *at, CString::new(said.as_str())?))
            })
            .collect::<PyResult<Vec<_>>>()?;
        self.call(py, |client| unsafe {
            let list = rd::rd_kafka_topic_partition_list_new(offsets.len() as c_int);
            for (topic, partition, offset, metadata) in &offsets {
                let entry = rd::rd_kafka_topic_partition_list_add(list, topic.as_ptr(), *partition);
                (*entry).offset = *offset;
                // With the closing zero, as confluent-kafka writes it, and clients read it.
                let metadata = metadata.as_bytes_with_nul();
                (*entry).metadata = c_copy(metadata);
                (*entry).metadata_size = metadata.len();
            }
            let member = rd::rd_kafka_consumer_group_metadata_new(group.as_ptr());
            let error = rd::rd_kafka_send_offsets_to_transaction(client, list, member, timeout_ms);
            rd::rd_kafka_consumer_group_metadata_destroy(member);
            rd::rd_kafka_topic_partition_list_destroy(list);
            error
        })
    }

    /// Give everything back; further calls fail. A call under way keeps the client until it ends.
    fn close(&self, py: Python<'_>) {
        let handle = lock(&self.handle).take();
        py.detach(|| drop(handle));
    }
}

impl KafkaProducer {
    fn open(&self) -> PyResult<Arc<Handle>> {
        lock(&self.handle)
            .clone()
            .ok_or_else(|| PyRuntimeError::new_err("the producer is closed"))
    }

    fn call(
        &self,
        py: Python<'_>,
        call: impl FnOnce(*mut rd::rd_kafka_t) -> *mut rd::rd_kafka_error_t + Send,
    ) -> PyResult<Option<Problem>> {
        let handle = self.open()?;
        Ok(py.detach(|| {
            let handle = &*handle;
            unsafe { problem(call(handle.client)) }
        }))
    }
}

/// What the producer is at its end with, such as being fenced.
pub fn fatal(handle: &Handle) -> Option<Problem> {
    let mut text = [0 as c_char; TEXT_BYTES];
    let code = unsafe { rd::rd_kafka_fatal_error(handle.client, text.as_mut_ptr(), text.len()) };
    (code != 0).then(|| (code, c_text(text.as_ptr()), true, false, false))
}

/// Memory that librdkafka frees.
unsafe fn c_copy(bytes: &[u8]) -> *mut c_void {
    unsafe {
        let copy = rd::rd_kafka_mem_malloc(std::ptr::null_mut(), bytes.len());
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), copy.cast(), bytes.len());
        copy
    }
}

unsafe extern "C" fn reported(
    _client: *mut rd::rd_kafka_t,
    message: *const rd::rd_kafka_message_t,
    failures: *mut c_void,
) {
    unsafe {
        let code = (*message).err;
        if code != 0 {
            let failures = &*failures.cast::<Reports>();
            lock(failures).push((code, error_text(code)));
        }
    }
}
