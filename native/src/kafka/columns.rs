//! Messages as they came, in columns: value, key, offset and timestamp.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};

/// One column of bytes that grows.
struct Bytes {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
    valid: Vec<bool>,
}

/// The messages of one partition.
pub struct Columns {
    values: Bytes,
    keys: Bytes,
    offsets: Vec<i64>,
    timestamps_ms: Vec<i64>,
}

impl Bytes {
    fn new() -> Self {
        Self {
            offsets: vec![0],
            bytes: Vec::new(),
            valid: Vec::new(),
        }
    }

    fn fits(&self, value: Option<&[u8]>) -> bool {
        self.bytes.len() + value.map_or(0, <[u8]>::len) <= i32::MAX as usize
    }

    fn push(&mut self, value: Option<&[u8]>) {
        self.valid.push(value.is_some());
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.offsets.push(self.bytes.len() as i32);
    }

    fn finish(self) -> ArrayRef {
        let nulls = (!self.valid.iter().all(|&valid| valid))
            .then(|| NullBuffer::new(BooleanBuffer::from(self.valid)));
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        Arc::new(BinaryArray::new(
            offsets,
            Buffer::from_vec(self.bytes),
            nulls,
        ))
    }
}

impl Columns {
    pub fn new() -> Self {
        Self {
            values: Bytes::new(),
            keys: Bytes::new(),
            offsets: Vec::new(),
            timestamps_ms: Vec::new(),
        }
    }

    /// Whether there is room for another message.
    pub fn fits(&self, value: Option<&[u8]>, key: Option<&[u8]>) -> bool {
        self.values.fits(value) && self.keys.fits(key)
    }

    /// Append a message, for which there is room.
    pub fn push(
        &mut self,
        value: Option<&[u8]>,
        key: Option<&[u8]>,
        offset: i64,
        timestamp_ms: i64,
    ) {
        self.values.push(value);
        self.keys.push(key);
        self.offsets.push(offset);
        self.timestamps_ms.push(timestamp_ms);
    }

    pub fn finish(self) -> RecordBatch {
        let columns: [(&str, ArrayRef); 4] = [
            ("value", self.values.finish()),
            ("key", self.keys.finish()),
            ("offset", Arc::new(Int64Array::from(self.offsets))),
            (
                "timestamp_ms",
                Arc::new(Int64Array::from(self.timestamps_ms)),
            ),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
            .expect("all columns have one value a message")
    }
}
