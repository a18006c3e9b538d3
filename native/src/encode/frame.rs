//! Rows as messages, each between what stands before and behind it by the kind of its change.

use arrow_array::{Array, BinaryArray, Int8Array};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use pyo3::prelude::*;

use super::writer::Refused;
use crate::capsule::import_kinds;

const BYTES_OF_A_ROW: usize = 96;
const UPDATE_BEFORE: i8 = 1;
const DELETE: i8 = 3;

/// The bytes before and behind a row.
pub type Around = (Vec<u8>, Vec<u8>);

/// How rows are framed: those of `added` where there are no kinds, else by their kind.
#[derive(Default)]
pub struct Frame {
    added: Around,
    withdrawn: Around,
    kinds: Option<Int8Array>,
}

impl Frame {
    pub fn new(
        kinds: Option<&Bound<'_, PyAny>>,
        added: Around,
        withdrawn: Around,
    ) -> PyResult<Self> {
        Ok(Self {
            added,
            withdrawn,
            kinds: kinds.map(import_kinds).transpose()?,
        })
    }

    fn around(&self, row: usize) -> &Around {
        match &self.kinds {
            Some(kinds) if matches!(kinds.value(row), UPDATE_BEFORE | DELETE) => &self.withdrawn,
            _ => &self.added,
        }
    }

    /// One message a row, of which `write` writes the inner part.
    pub fn messages(
        &self,
        count: usize,
        mut write: impl FnMut(usize, &mut Vec<u8>) -> Result<(), Refused>,
    ) -> Result<BinaryArray, Refused> {
        if let Some(kinds) = &self.kinds
            && (kinds.len() != count || kinds.null_count() > 0)
        {
            return Err(Refused);
        }
        let mut text = Vec::with_capacity(count * BYTES_OF_A_ROW);
        let mut ends: Vec<i32> = Vec::with_capacity(count + 1);
        ends.push(0);
        for row in 0..count {
            let (before, behind) = self.around(row);
            text.extend_from_slice(before);
            write(row, &mut text)?;
            text.extend_from_slice(behind);
            ends.push(i32::try_from(text.len()).map_err(|_| Refused)?);
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
        Ok(BinaryArray::new(offsets, Buffer::from_vec(text), None))
    }
}
