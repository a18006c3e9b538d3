//! What reader and producer share: making a client, and librdkafka's texts and errors.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use super::sys as rd;

pub const TEXT_BYTES: usize = 512;

/// Code, text, and whether it is fatal, can be tried again, asks for the transaction's abortion.
pub type Problem = (i32, String, bool, bool, bool);

/// What librdkafka's callbacks told, code and text, until Python asks for it. A client is given it
/// as a pointer, and whoever made it frees it after the client.
pub type Reports = Mutex<Vec<(i32, String)>>;

/// A client of a configuration; `finish` adds what is not text.
pub fn create(
    kind: rd::rd_kafka_type_t,
    config: &HashMap<String, String>,
    finish: impl FnOnce(*mut rd::rd_kafka_conf_t),
) -> PyResult<*mut rd::rd_kafka_t> {
    if !rd::are_found() {
        return Err(PyRuntimeError::new_err("load_kafka was not called"));
    }
    let settings = config
        .iter()
        .map(|(key, value)| Ok((CString::new(key.as_str())?, CString::new(value.as_str())?)))
        .collect::<PyResult<Vec<_>>>()?;
    let mut text = [0 as c_char; TEXT_BYTES];
    unsafe {
        let conf = rd::rd_kafka_conf_new();
        for (name, setting) in &settings {
            let (name, setting) = (name.as_ptr(), setting.as_ptr());
            let code = rd::rd_kafka_conf_set(conf, name, setting, text.as_mut_ptr(), text.len());
            if code != rd::RD_KAFKA_CONF_OK {
                rd::rd_kafka_conf_destroy(conf);
                return Err(PyValueError::new_err(c_text(text.as_ptr())));
            }
        }
        finish(conf);
        rd::rd_kafka_conf_set_log_cb(conf, Some(silent));
        let client = rd::rd_kafka_new(kind, conf, text.as_mut_ptr(), text.len());
        if client.is_null() {
            rd::rd_kafka_conf_destroy(conf);
            return Err(PyRuntimeError::new_err(c_text(text.as_ptr())));
        }
        Ok(client)
    }
}

/// Wait, at most so many milliseconds, until the cluster has answered a question: for the partitions
/// and leaders of a topic, or of those that the client knows (null). Says whether it has.
///
/// # Safety
/// The client lives, and the topic is null or one of its own.
pub unsafe fn ask(
    client: *mut rd::rd_kafka_t,
    topic: *mut rd::rd_kafka_topic_t,
    timeout_ms: c_int,
) -> bool {
    let mut found = ptr::null();
    unsafe {
        let answered = rd::rd_kafka_metadata(client, 0, topic, &mut found, timeout_ms) == 0;
        if answered {
            rd::rd_kafka_metadata_destroy(found);
        }
        answered
    }
}

/// Nothing of the client's log reaches standard error: what matters comes as errors.
unsafe extern "C" fn silent(
    _client: *const rd::rd_kafka_t,
    _level: c_int,
    _facility: *const c_char,
    _text: *const c_char,
) {
}

/// What an error of librdkafka says, which is destroyed; None where there is none.
///
/// # Safety
/// `error` is null or an error that nobody else destroys.
pub unsafe fn problem(error: *mut rd::rd_kafka_error_t) -> Option<Problem> {
    if error.is_null() {
        return None;
    }
    unsafe {
        let found = (
            rd::rd_kafka_error_code(error),
            c_text(rd::rd_kafka_error_string(error)),
            rd::rd_kafka_error_is_fatal(error) != 0,
            rd::rd_kafka_error_is_retriable(error) != 0,
            rd::rd_kafka_error_txn_requires_abort(error) != 0,
        );
        rd::rd_kafka_error_destroy(error);
        Some(found)
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn error_text(code: rd::rd_kafka_resp_err_t) -> String {
    unsafe { c_text(rd::rd_kafka_err2str(code)) }
}

pub fn c_text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    unsafe { CStr::from_ptr(text).to_string_lossy().into_owned() }
}
