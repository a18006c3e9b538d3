//! Any values as texts of JSON, which must say the same values.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((quoted, text)) = _native::fuzzing::texts(data) {
        let back: String = serde_json::from_slice(&quoted).expect("a JSON string");
        assert_eq!(back, text);
    }
});
