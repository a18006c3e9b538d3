//! Any bytes as Debezium's events.
#![no_main]

use serde_json::value::RawValue;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for message in _native::fuzzing::debezium_json(data) {
        serde_json::from_slice::<Box<RawValue>>(message).expect("only JSON is decoded");
    }
});
