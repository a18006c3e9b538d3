//! The members of a JSON object, read into columns; remembers the order of keys from row to row.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::columns::Column;
use crate::scanner::{Scan, Scanner, Unsure};

/// A column to decode: its name, its type's name, whether NULL is refused, and its parts.
#[derive(FromPyObject, Clone)]
pub struct FieldSpec(pub String, pub String, pub bool, pub Vec<FieldSpec>);

/// What the object's next key was in the row before, and what to do with its value.
struct Expected {
    /// The key with its quotes and colon, as it stood: `"name":`.
    text: Vec<u8>,
    column: Option<usize>,
}

/// The asked-for members of an object.
pub struct Fields {
    pub columns: Vec<Column>,
    expected: Vec<Expected>,
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
            scanner.skip_space();
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
            scanner.expect(b',')?;
        }
    }

    /// Step over a key and its colon; say which column it is, if any.
    #[inline]
    fn key(&mut self, scanner: &mut Scanner<'_>, number: usize) -> Scan<Option<usize>> {
        if let Some(expected) = self.expected.get(number)
            && scanner.accept(&expected.text)
        {
            return Ok(expected.column);
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
        let text = [b"\"", raw.bytes, b"\":"].concat();
        let entry = Expected { text, column };
        if number < self.expected.len() {
            self.expected[number] = entry;
        } else {
            self.expected.push(entry);
        }
        Ok(column)
    }
}
