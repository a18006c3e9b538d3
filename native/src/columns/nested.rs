//! Arrays and maps, read item by item.

use super::{Column, Values};
use crate::scanner::{Scan, Scanner, Unsure};

const MAP_ENTRIES_MAX: usize = 64;

pub fn read_list(scanner: &mut Scanner<'_>, items: &mut Column) -> Scan<()> {
    scanner.expect(b'[')?;
    scanner.skip_space();
    if scanner.accept(b"]") {
        return Ok(());
    }
    loop {
        scanner.skip_space();
        items.open_row();
        items.read(scanner)?;
        if !items.complete() {
            return Err(Unsure);
        }
        scanner.skip_space();
        if scanner.accept(b"]") {
            return Ok(());
        }
        scanner.expect(b',')?;
    }
}

/// An object as a map; a key that comes twice, and many keys, are left to the full rules.
pub fn read_map(
    scanner: &mut Scanner<'_>,
    keys: &mut Column,
    items: &mut Column,
    start: usize,
) -> Scan<()> {
    scanner.expect(b'{')?;
    scanner.skip_space();
    if scanner.accept(b"}") {
        return Ok(());
    }
    loop {
        scanner.skip_space();
        keys.open_row();
        keys.read(scanner)?;
        if !keys.complete() || keys.repeats(start) {
            return Err(Unsure);
        }
        scanner.skip_space();
        scanner.expect(b':')?;
        scanner.skip_space();
        items.open_row();
        items.read(scanner)?;
        if !items.complete() {
            return Err(Unsure);
        }
        scanner.skip_space();
        if scanner.accept(b"}") {
            return Ok(());
        }
        scanner.expect(b',')?;
    }
}

impl Column {
    /// Whether the last text stands among those from `start` on already, or there are too many.
    fn repeats(&self, start: usize) -> bool {
        let Values::Text { offsets, bytes } = &self.values else {
            return true;
        };
        let text = |row: usize| &bytes[offsets[row] as usize..offsets[row + 1] as usize];
        let last = self.valid.len() - 1;
        last - start > MAP_ENTRIES_MAX || (start..last).any(|row| text(row) == text(last))
    }
}
