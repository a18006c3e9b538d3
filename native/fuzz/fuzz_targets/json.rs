//! Any bytes as JSON messages: decoded, encoded and decoded again.
#![no_main]

use serde_json::value::RawValue;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for message in _native::fuzzing::json(data) {
        serde_json::from_slice::<Box<RawValue>>(message).expect("only JSON is decoded");
    }
});
