//! Where reading stands in one message.

use crate::scanner::{Scan, Unsure};

/// A number of ten bytes has one bit in its last; more is left to the full rules.
const VARINT_LAST_SHIFT: u32 = 63;

pub struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// What was not read yet.
    #[cfg(fuzzing)]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub fn byte(&mut self) -> Scan<u8> {
        let (&first, rest) = self.rest.split_first().ok_or(Unsure)?;
        self.rest = rest;
        Ok(first)
    }

    /// The next zigzag number.
    #[inline]
    pub fn long(&mut self) -> Scan<i64> {
        let mut value = 0_u64;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            if shift == VARINT_LAST_SHIFT && byte > 1 {
                return Err(Unsure);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
            shift += 7;
        }
    }

    #[inline]
    pub fn int(&mut self) -> Scan<i32> {
        i32::try_from(self.long()?).map_err(|_| Unsure)
    }

    /// A number that counts bytes, items or branches: not negative, and not more than `limit`.
    #[inline]
    pub fn count(&mut self, limit: usize) -> Scan<usize> {
        match usize::try_from(self.long()?) {
            Ok(count) if count <= limit => Ok(count),
            _ => Err(Unsure),
        }
    }

    #[inline]
    pub fn take(&mut self, count: usize) -> Scan<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Unsure)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Bytes after their length.
    #[inline]
    pub fn bytes(&mut self) -> Scan<&'a [u8]> {
        let count = self.count(self.rest.len())?;
        self.take(count)
    }

    pub fn boolean(&mut self) -> Scan<bool> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Unsure),
        }
    }

    /// The number of items in the next block, 0 at the end. Each item has a byte at least.
    pub fn block(&mut self) -> Scan<usize> {
        let mut count = self.long()?;
        if count < 0 {
            count = count.checked_neg().ok_or(Unsure)?;
            self.long()?; // the block's bytes, for who skips it
        }
        match usize::try_from(count) {
            Ok(count) if count <= self.rest.len() => Ok(count),
            _ => Err(Unsure),
        }
    }
}
