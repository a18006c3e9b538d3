//! The functions of `rdkafka.h` that are called: a table of where they are, filled once.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use super::library::Library;
use super::types::*;

static FOUND: OnceLock<Functions> = OnceLock::new();

/// Find the functions in a library of a version that `types` agrees with.
pub fn find(library: &Library) -> Result<(), String> {
    let found = unsafe { Functions::find(library)? };
    let _ = FOUND.set(found); // another thread has found the same
    Ok(())
}

/// Whether there is something to call.
pub fn are_found() -> bool {
    FOUND.get().is_some()
}

/// Whoever has something of librdkafka's in hand has loaded it: `client::create` sees to it.
fn table() -> &'static Functions {
    FOUND.get().expect("librdkafka is loaded")
}

/// A name as C has it, made when this is compiled.
const fn c_name(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(name) => name,
        Err(_) => panic!("a name ends with its zero"),
    }
}

/// The table, and each function by its own name.
macro_rules! functions {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        struct Functions {
            $($name: unsafe extern "C" fn($($kind),*) -> $result,)*
        }

        impl Functions {
            /// # Safety
            /// The library has these functions with these arguments.
            unsafe fn find(library: &Library) -> Result<Self, String> {
                unsafe {
                    Ok(Self {
                        $($name: std::mem::transmute::<
                            *mut c_void,
                            unsafe extern "C" fn($($kind),*) -> $result,
                        >(library.symbol(const { c_name(concat!(stringify!($name), "\0")) })?),)*
                    })
                }
            }
        }

        $(
            /// # Safety
            /// As in `rdkafka.h`; the library is loaded.
            pub unsafe fn $name($($argument: $kind),*) -> $result {
                unsafe { (table().$name)($($argument),*) }
            }
        )*
    };
}

functions! {
    rd_kafka_version_str() -> *const c_char;
    rd_kafka_err2str(err: rd_kafka_resp_err_t) -> *const c_char;

    rd_kafka_conf_new() -> *mut rd_kafka_conf_t;
    rd_kafka_conf_set(conf: *mut rd_kafka_conf_t, name: *const c_char, value: *const c_char,
        errstr: *mut c_char, errstr_size: usize) -> rd_kafka_conf_res_t;
    rd_kafka_conf_set_opaque(conf: *mut rd_kafka_conf_t, opaque: *mut c_void) -> ();
    rd_kafka_conf_set_log_cb(conf: *mut rd_kafka_conf_t, log_cb: Option<LogCallback>) -> ();
    rd_kafka_conf_set_error_cb(conf: *mut rd_kafka_conf_t, error_cb: Option<ErrorCallback>) -> ();
    rd_kafka_conf_set_dr_msg_cb(conf: *mut rd_kafka_conf_t,
        dr_msg_cb: Option<DeliveryCallback>) -> ();
    rd_kafka_conf_destroy(conf: *mut rd_kafka_conf_t) -> ();
    rd_kafka_new(kind: rd_kafka_type_t, conf: *mut rd_kafka_conf_t, errstr: *mut c_char,
        errstr_size: usize) -> *mut rd_kafka_t;
    rd_kafka_destroy(rk: *mut rd_kafka_t) -> ();

    rd_kafka_error_code(error: *const rd_kafka_error_t) -> rd_kafka_resp_err_t;
    rd_kafka_error_string(error: *const rd_kafka_error_t) -> *const c_char;
    rd_kafka_error_is_fatal(error: *const rd_kafka_error_t) -> c_int;
    rd_kafka_error_is_retriable(error: *const rd_kafka_error_t) -> c_int;
    rd_kafka_error_txn_requires_abort(error: *const rd_kafka_error_t) -> c_int;
    rd_kafka_error_destroy(error: *mut rd_kafka_error_t) -> ();
    rd_kafka_fatal_error(rk: *mut rd_kafka_t, errstr: *mut c_char,
        errstr_size: usize) -> rd_kafka_resp_err_t;

    rd_kafka_topic_new(rk: *mut rd_kafka_t, topic: *const c_char,
        conf: *mut rd_kafka_topic_conf_t) -> *mut rd_kafka_topic_t;
    rd_kafka_topic_name(rkt: *const rd_kafka_topic_t) -> *const c_char;
    rd_kafka_topic_destroy(rkt: *mut rd_kafka_topic_t) -> ();
    rd_kafka_metadata(rk: *mut rd_kafka_t, all_topics: c_int, only_rkt: *mut rd_kafka_topic_t,
        metadata: *mut *const rd_kafka_metadata_t, timeout_ms: c_int) -> rd_kafka_resp_err_t;
    rd_kafka_metadata_destroy(metadata: *const rd_kafka_metadata_t) -> ();
    rd_kafka_topic_partition_list_new(size: c_int) -> *mut rd_kafka_topic_partition_list_t;
    rd_kafka_topic_partition_list_add(list: *mut rd_kafka_topic_partition_list_t,
        topic: *const c_char, partition: i32) -> *mut rd_kafka_topic_partition_t;
    rd_kafka_topic_partition_list_destroy(list: *mut rd_kafka_topic_partition_list_t) -> ();
    rd_kafka_mem_malloc(rk: *mut rd_kafka_t, size: usize) -> *mut c_void;

    rd_kafka_poll_set_consumer(rk: *mut rd_kafka_t) -> rd_kafka_resp_err_t;
    rd_kafka_queue_get_consumer(rk: *mut rd_kafka_t) -> *mut rd_kafka_queue_t;
    rd_kafka_queue_destroy(queue: *mut rd_kafka_queue_t) -> ();
    rd_kafka_incremental_assign(rk: *mut rd_kafka_t,
        partitions: *const rd_kafka_topic_partition_list_t) -> *mut rd_kafka_error_t;
    rd_kafka_incremental_unassign(rk: *mut rd_kafka_t,
        partitions: *const rd_kafka_topic_partition_list_t) -> *mut rd_kafka_error_t;
    rd_kafka_consume_queue(queue: *mut rd_kafka_queue_t,
        timeout_ms: c_int) -> *mut rd_kafka_message_t;
    rd_kafka_consume_batch_queue(queue: *mut rd_kafka_queue_t, timeout_ms: c_int,
        messages: *mut *mut rd_kafka_message_t, messages_size: usize) -> isize;
    rd_kafka_message_timestamp(message: *const rd_kafka_message_t,
        kind: *mut rd_kafka_timestamp_type_t) -> i64;
    rd_kafka_message_destroy(message: *mut rd_kafka_message_t) -> ();
    rd_kafka_get_watermark_offsets(rk: *mut rd_kafka_t, topic: *const c_char, partition: i32,
        low: *mut i64, high: *mut i64) -> rd_kafka_resp_err_t;
    rd_kafka_consumer_close(rk: *mut rd_kafka_t) -> rd_kafka_resp_err_t;
    rd_kafka_consumer_group_metadata_new(
        group_id: *const c_char) -> *mut rd_kafka_consumer_group_metadata_t;
    rd_kafka_consumer_group_metadata_destroy(
        metadata: *mut rd_kafka_consumer_group_metadata_t) -> ();

    rd_kafka_produceva(rk: *mut rd_kafka_t, vus: *const rd_kafka_vu_t,
        count: usize) -> *mut rd_kafka_error_t;
    rd_kafka_poll(rk: *mut rd_kafka_t, timeout_ms: c_int) -> c_int;
    rd_kafka_flush(rk: *mut rd_kafka_t, timeout_ms: c_int) -> rd_kafka_resp_err_t;
    rd_kafka_purge(rk: *mut rd_kafka_t, purge_flags: c_int) -> rd_kafka_resp_err_t;
    rd_kafka_outq_len(rk: *mut rd_kafka_t) -> c_int;
    rd_kafka_init_transactions(rk: *mut rd_kafka_t, timeout_ms: c_int) -> *mut rd_kafka_error_t;
    rd_kafka_begin_transaction(rk: *mut rd_kafka_t) -> *mut rd_kafka_error_t;
    rd_kafka_commit_transaction(rk: *mut rd_kafka_t, timeout_ms: c_int) -> *mut rd_kafka_error_t;
    rd_kafka_abort_transaction(rk: *mut rd_kafka_t, timeout_ms: c_int) -> *mut rd_kafka_error_t;
    rd_kafka_send_offsets_to_transaction(rk: *mut rd_kafka_t,
        offsets: *const rd_kafka_topic_partition_list_t,
        group: *const rd_kafka_consumer_group_metadata_t,
        timeout_ms: c_int) -> *mut rd_kafka_error_t;
}
