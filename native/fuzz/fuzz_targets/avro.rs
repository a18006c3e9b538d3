//! Any schema of Avro and any bytes as its messages: read, stepped over, written and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| _native::fuzzing::avro(data));
