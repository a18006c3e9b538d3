//! Where an event stands in the database's log, as `formats/common/change_order.py` tells it.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};

use crate::scanner::{RawString, Scan, Scanner, Unsure, unescape_into};

/// The place of one event.
pub struct Place {
    history: String,
    commit: i64,
    change: i64,
    timestamp_ms: i64,
    operation: u8,
    snapshot: bool,
}

/// The members of `source` that tell the place, as far as they are there.
#[derive(Default)]
struct Source {
    name: Option<String>,
    database: Option<String>,
    connector: Option<String>,
    lsn: Option<i64>,
    sequence: Option<String>,
    snapshot: Option<String>,
    timestamp_ms: Option<i64>,
}

impl Place {
    /// Read `source`; None where it tells no place.
    pub fn read(scanner: &mut Scanner<'_>) -> Scan<Option<Self>> {
        if scanner.peek()? == b'n' {
            scanner.literal(b"null")?;
            return Ok(None);
        }
        let source = Source::read(scanner)?;
        let Some(lsn) = source.lsn else {
            return Ok(None);
        };
        if source.connector.as_deref() != Some("postgresql") {
            return Ok(None);
        }
        let snapshot = match source.snapshot.as_deref() {
            None | Some("false") => false,
            Some("incremental") => return Ok(None),
            Some(_) => true,
        };
        let Some(sequence) = source.sequence else {
            return Ok(None);
        };
        let (commit, change) = sequence
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .and_then(|text| text.split_once(','))
            .ok_or(Unsure)?;
        Ok(Some(Self {
            history: format!(
                "{}/{}",
                source.name.ok_or(Unsure)?,
                source.database.ok_or(Unsure)?
            ),
            commit: number(commit, 0)?,
            change: number(change, lsn)?,
            timestamp_ms: source.timestamp_ms.unwrap_or(0),
            operation: 0,
            snapshot,
        }))
    }

    /// The place with the event's operation.
    pub fn of(mut self, operation: u8) -> Self {
        self.operation = operation;
        self
    }
}

/// `"123"`, or what stands for `null`.
fn number(text: &str, null: i64) -> Scan<i64> {
    if text == "null" {
        return Ok(null);
    }
    let digits = text
        .strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .ok_or(Unsure)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unsure);
    }
    digits.parse().map_err(|_| Unsure)
}

impl Source {
    fn read(scanner: &mut Scanner<'_>) -> Scan<Self> {
        let mut source = Self::default();
        let mut seen = 0_u8;
        scanner.expect(b'{')?;
        let mut count = 0;
        while let Some(key) = scanner.member(count)? {
            count += 1;
            let bit = match key {
                b"name" => 1,
                b"db" => 2,
                b"connector" => 4,
                b"lsn" => 8,
                b"sequence" => 16,
                b"snapshot" => 32,
                b"ts_ms" => 64,
                _ => {
                    scanner.skip(0)?;
                    continue;
                }
            };
            if seen & bit != 0 {
                return Err(Unsure);
            }
            seen |= bit;
            match bit {
                1 => source.name = text(scanner)?,
                2 => source.database = text(scanner)?,
                4 => source.connector = text(scanner)?,
                8 => source.lsn = whole(scanner)?,
                16 => source.sequence = text(scanner)?,
                32 if matches!(scanner.peek()?, b't' | b'f') => {
                    let value = scanner.peek()? == b't';
                    scanner.literal(if value { b"true" } else { b"false" })?;
                    source.snapshot = Some(value.to_string());
                }
                32 => source.snapshot = text(scanner)?,
                _ => source.timestamp_ms = whole(scanner)?,
            }
        }
        Ok(source)
    }
}

fn text(scanner: &mut Scanner<'_>) -> Scan<Option<String>> {
    if scanner.peek()? == b'n' {
        return scanner.literal(b"null").map(|()| None);
    }
    let raw: RawString<'_> = scanner.string()?;
    let mut bytes = Vec::with_capacity(raw.bytes.len());
    unescape_into(&raw, &mut bytes);
    String::from_utf8(bytes).map(Some).map_err(|_| Unsure)
}

fn whole(scanner: &mut Scanner<'_>) -> Scan<Option<i64>> {
    if scanner.peek()? == b'n' {
        return scanner.literal(b"null").map(|()| None);
    }
    scanner.number()?.int().map(Some)
}

/// The places of a run of messages; NULL where there is none.
#[derive(Default)]
pub struct Places {
    history: StringBuilder,
    commit: Int64Builder,
    change: Int64Builder,
    timestamp_ms: Int64Builder,
    operation: StringBuilder,
    snapshot: BooleanBuilder,
}

impl Places {
    pub fn push(&mut self, place: Option<Place>) {
        let place = place.as_ref();
        self.history
            .append_option(place.map(|p| p.history.as_str()));
        self.commit.append_option(place.map(|p| p.commit));
        self.change.append_option(place.map(|p| p.change));
        self.timestamp_ms
            .append_option(place.map(|p| p.timestamp_ms));
        let operation = place.map(|p| char::from(p.operation).to_string());
        self.operation.append_option(operation);
        self.snapshot.append_option(place.map(|p| p.snapshot));
    }

    pub fn finish(&mut self) -> RecordBatch {
        let columns: [(&str, ArrayRef); 6] = [
            ("history", Arc::new(self.history.finish())),
            ("commit", Arc::new(self.commit.finish())),
            ("change", Arc::new(self.change.finish())),
            ("timestamp_ms", Arc::new(self.timestamp_ms.finish())),
            ("operation", Arc::new(self.operation.finish())),
            ("snapshot", Arc::new(self.snapshot.finish())),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
            .expect("all columns have one value a message")
    }
}
