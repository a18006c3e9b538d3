//! The members of a JSON object, read into columns; remembers the order of keys from row to row.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::columns::Column;
use crate::scanner::{Scan, Scanner, Unsure};
use crate::words::Expected;

/// A column to decode: its name, its type's name, whether NULL is refused, and its parts.
#[derive(FromPyObject, Clone)]
pub struct FieldSpec(pub String, pub String, pub bool, pub Vec<FieldSpec>);

/// What the object's next key was in the row before, and what to do with its value.
struct Member {
    /// The key as it stood, with quotes, colon, and the comma before it: `,"name":`.
    key: Expected,
    column: Option<usize>,
}

/// The asked-for members of an object.
pub struct Fields {
    pub columns: Vec<Column>,
    expected: Vec<Member>,
}

impl Fields {
    pub fn new(specs: &[FieldSpec]) -> PyResult<Self> {
        let columns = specs
            .iter()
            .map(|spec| {
                Column::new(spec).ok_or_else(|| {
                    PyValueError::new_err(format!("the native decoder has no type {}", spec.1))
                })
            })
            .collect::<PyResult<_>>()?;
        Ok(Self {
            columns,
            expected: Vec::new(),
        })
    }

    #[inline]
    pub fn open_row(&mut self) {
        for column in &mut self.columns {
            column.open_row();
        }
    }

    /// NULL in all rows up to this one that were not opened.
    pub fn pad(&mut self, rows: usize) {
        for column in &mut self.columns {
            column.pad(rows);
        }
    }

    pub fn truncate(&mut self, rows: usize) {
        for column in &mut self.columns {
            column.truncate(rows);
        }
    }

    /// Whether the open row may end as it is.
    #[inline]
    pub fn complete(&self) -> bool {
        self.columns.iter().all(Column::complete)
    }

    /// Read the object at the scanner into the open row.
    #[inline]
    pub fn object(&mut self, scanner: &mut Scanner<'_>) -> Scan<()> {
        scanner.expect(b'{')?;
        scanner.skip_space();
        if scanner.accept(b"}") {
            return Ok(());
        }
        let mut number = 0;
        loop {
            let target = self.key(scanner, number)?;
            scanner.skip_space();
            match target {
                Some(column) => self.columns[column].read(scanner)?,
                None => scanner.skip(0)?,
            }
            scanner.skip_space();
            number += 1;
            if scanner.accept(b"}") {
                return Ok(());
            }
        }
    }

    /// Step over a key and its colon, and the comma before it; say which column it is, if any.
    #[inline]
    fn key(&mut self, scanner: &mut Scanner<'_>, number: usize) -> Scan<Option<usize>> {
        match self.expected.get(number) {
            Some(expected) if scanner.meets(&expected.key) => Ok(expected.column),
            _ => self.other_key(scanner, number),
        }
    }

    /// The same for a key that was not expected; it is next time.
    fn other_key(&mut self, scanner: &mut Scanner<'_>, number: usize) -> Scan<Option<usize>> {
        if number > 0 {
            scanner.expect(b',')?;
            scanner.skip_space();
        }
        let raw = scanner.string()?;
        if raw.escaped {
            return Err(Unsure);
        }
        scanner.skip_space();
        scanner.expect(b':')?;
        let column = self
            .columns
            .iter()
            .position(|column| column.name == raw.bytes);
        let comma: &[u8] = if number > 0 { b"," } else { b"" };
        let key = Expected::new([comma, b"\"", raw.bytes, b"\":"].concat());
        let entry = Member { key, column };
        if number < self.expected.len() {
            self.expected[number] = entry;
        } else {
            self.expected.push(entry);
        }
        Ok(column)
    }
}
