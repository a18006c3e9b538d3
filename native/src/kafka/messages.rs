//! Columns of messages, and how librdkafka is handed them one by one without a copy in between.

use std::ffi::{CString, c_void};
use std::time::{SystemTime, UNIX_EPOCH};

use arrow_array::{Array, BinaryArray};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;

use super::client::{Problem, problem};
use super::producer::{Handle, fatal};
use super::sys as rd;
use crate::capsule::import_messages;

const QUEUE_FULL: i32 = rd::RD_KAFKA_RESP_ERR__QUEUE_FULL;
const FATAL: i32 = rd::RD_KAFKA_RESP_ERR__FATAL;

/// Values and keys, of the same length.
pub struct Messages {
    values: BinaryArray,
    keys: Option<BinaryArray>,
}

/// One message; `timestamp_ms` 0 is now.
pub struct Message<'a> {
    pub value: Option<&'a [u8]>,
    pub key: Option<&'a [u8]>,
    pub partition: i32,
    pub timestamp_ms: i64,
}

impl Messages {
    pub fn new(values: &Bound<'_, PyAny>, keys: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let keys = keys.map(import_messages).transpose()?;
        let values = import_messages(values)?;
        if keys.as_ref().is_some_and(|keys| keys.len() != values.len()) {
            return Err(PyTypeError::new_err("as many keys as values are needed"));
        }
        Ok(Self { values, keys })
    }

    fn get(&self, row: usize, partition: i32, timestamp_ms: i64) -> Message<'_> {
        let keys = self.keys.as_ref();
        Message {
            value: self.values.is_valid(row).then(|| self.values.value(row)),
            key: keys.and_then(|keys| keys.is_valid(row).then(|| keys.value(row))),
            partition,
            timestamp_ms,
        }
    }
}

/// Milliseconds since 1970; 0, which librdkafka takes for now, where the clock is set before.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}

/// The headers of the messages: the same for all, and one that counts.
pub struct Headers {
    same: Vec<(CString, Option<Vec<u8>>)>,
    counted: Option<(CString, Vec<u8>, u64)>,
    text: Vec<u8>,
}

impl Headers {
    pub fn new(
        same: Vec<(String, Option<Vec<u8>>)>,
        counted: Option<(String, Vec<u8>, u64)>,
    ) -> PyResult<Self> {
        let same = same
            .into_iter()
            .map(|(name, value)| Ok((CString::new(name)?, value)))
            .collect::<PyResult<_>>()?;
        let counted = match counted {
            Some((name, prefix, first)) => Some((CString::new(name)?, prefix, first)),
            None => None,
        };
        Ok(Self {
            same,
            counted,
            text: Vec::new(),
        })
    }

    /// Add the headers of the next message; librdkafka copies them.
    pub fn next(&mut self, parts: &mut Vec<rd::rd_kafka_vu_t>) {
        if let Some((name, prefix, number)) = &mut self.counted {
            self.text.clear();
            self.text.extend_from_slice(prefix);
            let mut digits = itoa::Buffer::new();
            self.text
                .extend_from_slice(digits.format(*number).as_bytes());
            *number += 1;
            parts.push(header(name, Some(&self.text)));
        }
        let same = self.same.iter();
        parts.extend(same.map(|(name, value)| header(name, value.as_deref())));
    }
}

fn header(name: &CString, value: Option<&[u8]>) -> rd::rd_kafka_vu_t {
    let header = rd::rd_kafka_vu_header {
        name: name.as_ptr(),
        val: value.map_or(std::ptr::null(), |v| v.as_ptr().cast()),
        size: value.map_or(0, |v| v.len() as isize),
    };
    let u = rd::rd_kafka_vu_value { header };
    rd::rd_kafka_vu_t {
        vtype: rd::RD_KAFKA_VTYPE_HEADER,
        u,
    }
}

/// A topic that messages go to.
pub struct Topic<'a> {
    handle: &'a Handle,
    topic: *mut rd::rd_kafka_topic_t,
}

impl Drop for Topic<'_> {
    fn drop(&mut self) {
        unsafe { rd::rd_kafka_topic_destroy(self.topic) };
    }
}

impl<'a> Topic<'a> {
    pub fn new(handle: &'a Handle, name: &CString) -> PyResult<Self> {
        let none = std::ptr::null_mut();
        let topic = unsafe { rd::rd_kafka_topic_new(handle.client, name.as_ptr(), none) };
        if topic.is_null() {
            return Err(PyRuntimeError::new_err(
                "the topic's name is not one of Kafka's",
            ));
        }
        Ok(Self { handle, topic })
    }

    /// Hand messages over until the producer is full or an error comes; how many it took.
    pub fn produce(
        &self,
        messages: &Messages,
        first: usize,
        partition: i32,
        mut headers: Headers,
    ) -> (usize, Option<Problem>) {
        let count = messages.values.len();
        let timestamp_ms = now_ms(); // asked once, not for each message
        let mut parts = Vec::new();
        for row in first..count {
            let message = messages.get(row, partition, timestamp_ms);
            match self.hand_over(&message, &mut headers, &mut parts) {
                None => {}
                Some((QUEUE_FULL, ..)) => return (row - first, None),
                Some(problem) => return (row - first, Some(problem)),
            }
        }
        (count.saturating_sub(first), None)
    }

    /// Hand one message over.
    pub fn produce_one(&self, message: &Message<'_>, mut headers: Headers) -> Option<Problem> {
        self.hand_over(message, &mut headers, &mut Vec::new())
    }

    /// `parts` is memory to use: what the call before needed is there already.
    fn hand_over(
        &self,
        message: &Message<'_>,
        headers: &mut Headers,
        parts: &mut Vec<rd::rd_kafka_vu_t>,
    ) -> Option<Problem> {
        type Value = rd::rd_kafka_vu_value;
        let rkt = self.topic;
        parts.clear();
        headers.next(parts);
        let mut add = |vtype, u| parts.push(rd::rd_kafka_vu_t { vtype, u });
        add(rd::RD_KAFKA_VTYPE_RKT, Value { rkt });
        let i32_ = message.partition;
        add(rd::RD_KAFKA_VTYPE_PARTITION, Value { i32_ });
        let i = rd::RD_KAFKA_MSG_F_COPY;
        add(rd::RD_KAFKA_VTYPE_MSGFLAGS, Value { i });
        let mem = memory(message.value);
        add(rd::RD_KAFKA_VTYPE_VALUE, Value { mem });
        let mem = memory(message.key);
        add(rd::RD_KAFKA_VTYPE_KEY, Value { mem });
        if message.timestamp_ms != 0 {
            let i64_ = message.timestamp_ms;
            add(rd::RD_KAFKA_VTYPE_TIMESTAMP, Value { i64_ });
        }
        let error = unsafe {
            problem(rd::rd_kafka_produceva(
                self.handle.client,
                parts.as_ptr(),
                parts.len(),
            ))
        };
        match error {
            Some((FATAL, ..)) => fatal(self.handle).or(error),
            error => error,
        }
    }
}

fn memory(bytes: Option<&[u8]>) -> rd::rd_kafka_vu_mem {
    // An empty slice's pointer is not null, so that empty and NULL stay apart.
    rd::rd_kafka_vu_mem {
        ptr: bytes.map_or(std::ptr::null_mut(), |b| {
            b.as_ptr().cast_mut().cast::<c_void>()
        }),
        size: bytes.map_or(0, <[u8]>::len),
    }
}
