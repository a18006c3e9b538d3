//! Types and numbers of `rdkafka.h`, as far as they are used; equal in 2.0.0 and 2.15.0.

use std::ffi::{c_char, c_int, c_void};

/// An enum of C: numbers of newer versions are nothing to be afraid of.
pub type rd_kafka_resp_err_t = c_int;
pub const RD_KAFKA_RESP_ERR__QUEUE_FULL: rd_kafka_resp_err_t = -184;
pub const RD_KAFKA_RESP_ERR__FATAL: rd_kafka_resp_err_t = -150;

pub type rd_kafka_type_t = c_int;
pub const RD_KAFKA_PRODUCER: rd_kafka_type_t = 0;
pub const RD_KAFKA_CONSUMER: rd_kafka_type_t = 1;

pub type rd_kafka_conf_res_t = c_int;
pub const RD_KAFKA_CONF_OK: rd_kafka_conf_res_t = 0;

pub const RD_KAFKA_MSG_F_COPY: c_int = 0x2;
pub const RD_KAFKA_PURGE_F_QUEUE: c_int = 0x1;
pub const RD_KAFKA_PURGE_F_INFLIGHT: c_int = 0x2;
pub const RD_KAFKA_PURGE_F_NON_BLOCKING: c_int = 0x4;

pub type rd_kafka_timestamp_type_t = c_int;
pub const RD_KAFKA_TIMESTAMP_NOT_AVAILABLE: rd_kafka_timestamp_type_t = 0;

pub type rd_kafka_vtype_t = c_int;
pub const RD_KAFKA_VTYPE_RKT: rd_kafka_vtype_t = 2;
pub const RD_KAFKA_VTYPE_PARTITION: rd_kafka_vtype_t = 3;
pub const RD_KAFKA_VTYPE_VALUE: rd_kafka_vtype_t = 4;
pub const RD_KAFKA_VTYPE_KEY: rd_kafka_vtype_t = 5;
pub const RD_KAFKA_VTYPE_MSGFLAGS: rd_kafka_vtype_t = 7;
pub const RD_KAFKA_VTYPE_TIMESTAMP: rd_kafka_vtype_t = 8;
pub const RD_KAFKA_VTYPE_HEADER: rd_kafka_vtype_t = 9;

macro_rules! opaque {
    ($($name:ident)*) => { $(
        #[repr(C)]
        pub struct $name {
            _never_made_here: [u8; 0],
        }
    )* };
}

opaque! {
    rd_kafka_t
    rd_kafka_conf_t
    rd_kafka_topic_t
    rd_kafka_topic_conf_t
    rd_kafka_metadata_t
    rd_kafka_queue_t
    rd_kafka_error_t
    rd_kafka_headers_t
    rd_kafka_topic_partition_list_t
    rd_kafka_consumer_group_metadata_t
}

#[repr(C)]
pub struct rd_kafka_message_t {
    pub err: rd_kafka_resp_err_t,
    pub rkt: *mut rd_kafka_topic_t,
    pub partition: i32,
    pub payload: *mut c_void,
    pub len: usize,
    pub key: *mut c_void,
    pub key_len: usize,
    pub offset: i64,
    pub _private: *mut c_void,
}

#[repr(C)]
pub struct rd_kafka_topic_partition_t {
    pub topic: *mut c_char,
    pub partition: i32,
    pub offset: i64,
    pub metadata: *mut c_void,
    pub metadata_size: usize,
    pub opaque: *mut c_void,
    pub err: rd_kafka_resp_err_t,
    pub _private: *mut c_void,
}

#[repr(C)]
pub struct rd_kafka_vu_t {
    pub vtype: rd_kafka_vtype_t,
    pub u: rd_kafka_vu_value,
}

/// The union in `rd_kafka_vu_t`, whose members have no names of their own in C.
#[repr(C)]
pub union rd_kafka_vu_value {
    pub rkt: *mut rd_kafka_topic_t,
    pub i: c_int,
    pub i32_: i32,
    pub i64_: i64,
    pub mem: rd_kafka_vu_mem,
    pub header: rd_kafka_vu_header,
    pub headers: *mut rd_kafka_headers_t,
    pub _pad: [c_char; 64],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct rd_kafka_vu_mem {
    pub ptr: *mut c_void,
    pub size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct rd_kafka_vu_header {
    pub name: *const c_char,
    pub val: *const c_void,
    pub size: isize,
}

// As a C compiler lays them out where pointers have 64 bits.
#[cfg(target_pointer_width = "64")]
const _: () = {
    use std::mem::{offset_of, size_of};
    assert!(size_of::<rd_kafka_message_t>() == 72);
    assert!(offset_of!(rd_kafka_message_t, payload) == 24);
    assert!(offset_of!(rd_kafka_message_t, offset) == 56);
    assert!(size_of::<rd_kafka_topic_partition_t>() == 64);
    assert!(offset_of!(rd_kafka_topic_partition_t, offset) == 16);
    assert!(offset_of!(rd_kafka_topic_partition_t, err) == 48);
    assert!(size_of::<rd_kafka_vu_t>() == 72);
    assert!(offset_of!(rd_kafka_vu_t, u) == 8);
};

pub type LogCallback = unsafe extern "C" fn(*const rd_kafka_t, c_int, *const c_char, *const c_char);
pub type ErrorCallback = unsafe extern "C" fn(*mut rd_kafka_t, c_int, *const c_char, *mut c_void);
pub type DeliveryCallback =
    unsafe extern "C" fn(*mut rd_kafka_t, *const rd_kafka_message_t, *mut c_void);
