//! Events one after the other: their images into columns, their operation into kinds.

use arrow_array::RecordBatch;
use memchr::memmem::Finder;
use pyo3::prelude::*;

use super::order::{Place, Places};
use crate::decoder::batch_of;
use crate::fields::{FieldSpec, Fields};
use crate::scanner::{Scan, Scanner, Unsure};

/// What Debezium writes for a large value that is not in the log: what it stands for, the full
/// rules know.
const UNAVAILABLE: &[u8] = b"__debezium_unavailable_value";

const INSERT: i8 = 0;
const UPDATE_BEFORE: i8 = 1;
const UPDATE_AFTER: i8 = 2;
const DELETE: i8 = 3;

/// Decodes events into columns of rows.
pub struct EventDecoder {
    image: Fields,
    schema_include: bool,
    /// Apart, since it is aligned to more than the 16 bytes that Python allocates objects at.
    unavailable: Box<Finder<'static>>,
    places: Option<Places>,
    messages: usize,
    kinds: Vec<i8>,
    origin: Vec<i32>,
    unsure: Vec<usize>,
    skipped: usize,
}

/// What a sequence of messages became.
pub struct Found {
    pub rows: RecordBatch,
    pub kinds: Vec<i8>,
    pub origin: Vec<i32>,
    pub unsure: Vec<usize>,
    pub skipped: usize,
    pub places: Option<RecordBatch>,
}

/// What an event says besides its images, which are read into rows: None where it is absent.
#[derive(Default)]
struct Event {
    before: Option<bool>,
    after: Option<bool>,
    operation: Option<u8>,
    place: Option<Option<Place>>,
}

impl EventDecoder {
    pub fn new(specs: &[FieldSpec], schema_include: bool, places: bool) -> PyResult<Self> {
        Ok(Self {
            image: Fields::new(specs)?,
            schema_include,
            unavailable: Box::new(Finder::new(UNAVAILABLE)),
            places: places.then(Places::default),
            messages: 0,
            kinds: Vec::new(),
            origin: Vec::new(),
            unsure: Vec::new(),
            skipped: 0,
        })
    }

    /// Append the rows of one message; a tombstone has none, an unsure one is remembered.
    pub fn push(&mut self, message: Option<&[u8]>) {
        let index = self.messages;
        self.messages += 1;
        let rows = self.kinds.len();
        let place = match message {
            None | Some([]) => {
                self.skipped += 1;
                None
            }
            Some(text) => self.event(text).unwrap_or_else(|Unsure| {
                self.image.truncate(rows);
                self.kinds.truncate(rows);
                self.unsure.push(index);
                None
            }),
        };
        self.origin.resize(self.kinds.len(), index as i32);
        if let Some(places) = &mut self.places {
            places.push(place);
        }
    }

    fn event(&mut self, text: &[u8]) -> Scan<Option<Place>> {
        if self.unavailable.find(text).is_some() {
            return Err(Unsure);
        }
        let mut scanner = Scanner::new(text);
        let mut event = Event::default();
        scanner.skip_space();
        if self.schema_include {
            let mut seen = false;
            scanner.expect(b'{')?;
            let mut number = 0;
            while let Some(key) = scanner.member(number)? {
                if key == b"payload" {
                    if std::mem::replace(&mut seen, true) {
                        return Err(Unsure);
                    }
                    self.members(&mut scanner, &mut event)?;
                } else {
                    scanner.skip(0)?;
                }
                number += 1;
            }
        } else {
            self.members(&mut scanner, &mut event)?;
        }
        scanner.end()?;
        match (event.operation, event.before, event.after) {
            (Some(b'c' | b'r'), None | Some(false), Some(true)) => self.kinds.push(INSERT),
            (Some(b'd'), Some(true), None | Some(false)) => self.kinds.push(DELETE),
            (Some(b'u'), Some(true), Some(true)) => {
                self.kinds.extend([UPDATE_BEFORE, UPDATE_AFTER]);
            }
            _ => return Err(Unsure),
        }
        let operation = event.operation.unwrap_or_default();
        Ok(event.place.flatten().map(|place| place.of(operation)))
    }

    fn members(&mut self, scanner: &mut Scanner<'_>, event: &mut Event) -> Scan<()> {
        scanner.expect(b'{')?;
        let mut number = 0;
        while let Some(key) = scanner.member(number)? {
            match key {
                b"before" if event.before.is_none() && event.after.is_none() => {
                    event.before = Some(self.image(scanner)?);
                }
                b"after" if event.after.is_none() => event.after = Some(self.image(scanner)?),
                b"op" if event.operation.is_none() => match scanner.string()?.bytes {
                    [operation] => event.operation = Some(*operation),
                    _ => return Err(Unsure),
                },
                b"source" if event.place.is_none() && self.places.is_some() => {
                    event.place = Some(Place::read(scanner)?);
                }
                b"before" | b"after" | b"op" => return Err(Unsure),
                b"source" if self.places.is_some() => return Err(Unsure),
                _ => scanner.skip(0)?,
            }
            number += 1;
        }
        Ok(())
    }

    /// Read an image into a new row; whether there is one.
    fn image(&mut self, scanner: &mut Scanner<'_>) -> Scan<bool> {
        if scanner.peek()? == b'n' {
            scanner.literal(b"null")?;
            return Ok(false);
        }
        self.image.open_row();
        self.image.object(scanner)?;
        if self.image.complete() {
            Ok(true)
        } else {
            Err(Unsure)
        }
    }

    /// What there is so far; the decoder is empty again.
    pub fn finish(&mut self) -> Found {
        let kinds = std::mem::take(&mut self.kinds);
        self.messages = 0;
        Found {
            rows: batch_of(&mut self.image, kinds.len()),
            kinds,
            origin: std::mem::take(&mut self.origin),
            unsure: std::mem::take(&mut self.unsure),
            skipped: std::mem::take(&mut self.skipped),
            places: self.places.as_mut().map(Places::finish),
        }
    }
}
