//! What the fuzz targets of `fuzz/` call: any bytes as messages, and laws that must hold of them.
//!
//! A law that does not hold is a panic. What is made of the bytes must be valid Arrow; what was
//! encoded must be decoded as it was; a value is stepped over where it could be read.

use arrow_array::{Array, RecordBatch, StructArray};

use crate::avro;
use crate::debezium::EventDecoder;
use crate::decoder::RowDecoder;
use crate::encode::frame::Frame;
use crate::encode::writer::Rules;
use crate::encode::{encode, texts};
use crate::fields::FieldSpec;
use crate::texts::{TimestampForm, date, timestamp};

/// Never in UTF-8, so that every text can be a message.
const MESSAGE_END: u8 = 0xfe;

/// Columns of every type, the timestamps in one of both forms.
fn fields(iso: bool) -> Vec<FieldSpec> {
    let form = if iso { "iso" } else { "sql" };
    let simple = |name: &str, kind: &str| FieldSpec(name.into(), kind.into(), false, vec![]);
    let nested = |name: &str, kind: &str, parts| FieldSpec(name.into(), kind.into(), false, parts);
    let row = vec![
        simple("x", "int32"),
        FieldSpec("z".into(), "string".into(), true, vec![]),
        nested("w", "list", vec![simple("item", "date")]),
    ];
    vec![
        FieldSpec("r".into(), "int32".into(), true, vec![]),
        simple("b", "bool"),
        simple("t", "int8"),
        simple("u", "int16"),
        simple("l", "int64"),
        simple("f", "float"),
        simple("d", "double"),
        simple("s", "string"),
        simple("day", "date"),
        simple("ts", &format!("timestamp:us:{form}")),
        simple("tn", &format!("timestamp:ns:{form}")),
        simple("tz", &format!("timestamp:us:{form}:utc")),
        simple("c", "decimal:6:2"),
        simple("e", "decimal:38:38"),
        nested("row", "row", row),
        nested("list", "list", vec![simple("item", "int32")]),
        nested(
            "map",
            "map",
            vec![simple("key", "string"), simple("value", "double")],
        ),
    ]
}

fn valid(batch: &RecordBatch) {
    let whole = StructArray::from(batch.clone());
    whole.to_data().validate_full().expect("valid Arrow");
}

fn rules(iso: bool, options: u8) -> Rules {
    Rules {
        iso,
        plain_decimals: options & 2 != 0,
        ignore_nulls: options & 4 != 0,
    }
}

/// JSON messages behind a byte of options; those that were decoded.
pub fn json(data: &[u8]) -> Vec<&[u8]> {
    let Some((&options, text)) = data.split_first() else {
        return vec![];
    };
    let iso = options & 1 != 0;
    let mut decoder = RowDecoder::new(&fields(iso)).expect("known types");
    let messages: Vec<&[u8]> = text.split(|&byte| byte == MESSAGE_END).collect();
    let sure = messages.iter().map(|m| decoder.push(Some(m)));
    let sure: Vec<bool> = sure.collect();
    let (batch, unsure) = decoder.finish();
    valid(&batch);
    assert_eq!(batch.num_rows(), messages.len());
    assert_eq!(sure.iter().filter(|sure| !**sure).count(), unsure.len());
    if !sure.contains(&true) {
        return vec![];
    }
    encoded_and_decoded(&batch, &sure, &mut decoder, &rules(iso, options));
    let decided = messages.iter().zip(&sure).filter(|(_, sure)| **sure);
    decided.map(|(message, _)| *message).collect()
}

/// Rows that the decoder is sure of are the same after another round.
fn encoded_and_decoded(
    batch: &RecordBatch,
    sure: &[bool],
    decoder: &mut RowDecoder,
    rules: &Rules,
) {
    let rows = StructArray::from(batch.clone());
    let Ok(texts) = encode(&rows, rules, &Frame::default()) else {
        panic!("all decoded types can be encoded");
    };
    let again: Vec<bool> = (0..texts.len())
        .map(|row| decoder.push(Some(texts.value(row))))
        .collect();
    let (second, _) = decoder.finish();
    for row in 0..sure.len() {
        if sure[row] && again[row] {
            let (before, after) = (batch.slice(row, 1), second.slice(row, 1));
            assert_eq!(
                before,
                after,
                "{}",
                String::from_utf8_lossy(texts.value(row))
            );
        }
    }
}

/// Debezium's events behind a byte of options; those that were decoded.
pub fn debezium_json(data: &[u8]) -> Vec<&[u8]> {
    let Some((&options, text)) = data.split_first() else {
        return vec![];
    };
    let fields = fields(options & 1 != 0);
    let places = options & 4 != 0;
    let mut decoder = EventDecoder::new(&fields, options & 2 != 0, places).expect("known types");
    let messages: Vec<&[u8]> = text.split(|&byte| byte == MESSAGE_END).collect();
    for message in &messages {
        decoder.push(Some(message));
    }
    let found = decoder.finish();
    valid(&found.rows);
    let rows = found.rows.num_rows();
    assert!(found.kinds.len() == rows && found.origin.len() == rows);
    assert!(found.origin.is_sorted() && found.unsure.is_sorted());
    let mut of: Vec<usize> = found.origin.iter().map(|&index| index as usize).collect();
    of.dedup();
    assert_eq!(
        of.len() + found.unsure.len() + found.skipped,
        messages.len()
    );
    assert!(of.iter().all(|index| !found.unsure.contains(index)));
    assert_eq!(found.places.is_some(), places);
    if let Some(places) = found.places {
        valid(&places);
        assert_eq!(places.num_rows(), messages.len());
    }
    of.iter().map(|&index| messages[index]).collect()
}

/// A schema of Avro and messages, each behind its length.
pub fn avro(data: &[u8]) {
    let mut bytes = Bytes(data);
    let fields: Vec<_> = (0..1 + bytes.next() % 6)
        .map(|at| {
            (
                format!("f{at}"),
                avro_spec(&mut bytes, 3),
                bytes.next() % 4 != 0,
            )
        })
        .collect();
    let mut messages = Vec::new();
    while !bytes.0.is_empty() {
        let length = usize::from(bytes.next()).min(bytes.0.len());
        let (message, rest) = bytes.0.split_at(length);
        messages.push(message);
        bytes.0 = rest;
    }
    avro::fuzzing::laws(fields, &messages, valid);
}

fn avro_spec(bytes: &mut Bytes<'_>, depth: u8) -> avro::AvroSpec {
    let simple = [
        "null", "boolean", "int", "long", "float", "double", "bytes", "string",
    ];
    let choice = usize::from(bytes.next() % if depth == 0 { 10 } else { 15 });
    let part = |bytes: &mut Bytes<'_>| (String::new(), avro_spec(bytes, depth - 1));
    match choice {
        0..8 => avro::AvroSpec(simple[choice].into(), vec![], vec![], 0),
        8 => {
            let symbols = (0..bytes.next() % 4).map(|n| format!("S{n}")).collect();
            avro::AvroSpec("enum".into(), vec![], symbols, 0)
        }
        9 => avro::AvroSpec(
            "fixed".into(),
            vec![],
            vec![],
            usize::from(bytes.next() % 20),
        ),
        10 => avro::AvroSpec("array".into(), vec![part(bytes)], vec![], 0),
        11 => avro::AvroSpec("map".into(), vec![part(bytes)], vec![], 0),
        12 => {
            let parts = (0..bytes.next() % 4)
                .map(|at| (format!("p{at}"), avro_spec(bytes, depth - 1)))
                .collect();
            avro::AvroSpec("record".into(), parts, vec![], 0)
        }
        _ => {
            let null = (
                String::new(),
                avro::AvroSpec("null".into(), vec![], vec![], 0),
            );
            let there = part(bytes);
            let (parts, place) = match bytes.next() % 3 {
                0 => (vec![there, null], 0),
                1 => (vec![there], 0),
                _ => (vec![null, there], 1),
            };
            avro::AvroSpec("union".into(), parts, vec![], place)
        }
    }
}

/// The next byte, 0 at the end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }
}

/// Any values as texts of JSON, which say the same values; the text of `data` as a JSON string.
pub fn texts(data: &[u8]) -> Option<(Vec<u8>, &str)> {
    let mut number = [0; 16];
    let length = data.len().min(16);
    number[..length].copy_from_slice(&data[..length]);
    let wide = i128::from_le_bytes(number);
    let [low, high] = [wide as i64, (wide >> 64) as i64];
    floats(low);
    decimals(wide, number[15]);
    times(low, high);
    let text = std::str::from_utf8(data).ok()?;
    let mut quoted = Vec::new();
    texts::string(text.as_bytes(), &mut quoted);
    Some((quoted, text))
}

fn said(write: impl Fn(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("UTF-8")
}

fn floats(bits: i64) {
    let double = f64::from_bits(bits as u64);
    let text = said(|out| texts::double(double, out));
    let back: f64 = text.trim_matches('"').parse().expect("a number");
    assert!(
        back == double || (back.is_nan() && double.is_nan()),
        "{text}"
    );
    let float = f32::from_bits(bits as u32);
    let text = said(|out| texts::float(float, out));
    let back: f32 = text.trim_matches('"').parse().expect("a number");
    assert!(back == float || (back.is_nan() && float.is_nan()), "{text}");
    assert_eq!(said(|out| texts::integer(bits, out)), bits.to_string());
}

fn decimals(unscaled: i128, scale: u8) {
    let limit = 10_i128.pow(38);
    let (unscaled, scale) = (unscaled % limit, scale % 39);
    let plain = said(|out| texts::decimal(unscaled, scale as i8, true, out));
    assert_eq!(
        crate::texts::decimal(plain.as_bytes(), 38, scale).ok(),
        fits(unscaled, scale)
    );
    let short = said(|out| texts::decimal(unscaled, scale as i8, false, out));
    let (one, other): (f64, f64) = (
        plain.parse().expect("a number"),
        short.parse().expect("one"),
    );
    assert_eq!(one, other, "{plain} {short}");
}

/// The value, if its whole digits have room in DECIMAL(38, scale) as the decoder counts them.
fn fits(unscaled: i128, scale: u8) -> Option<i128> {
    let whole = unscaled.unsigned_abs() / 10_u128.pow(u32::from(scale));
    let digits = if whole == 0 {
        0
    } else {
        whole.to_string().len()
    };
    (digits <= usize::from(38 - scale)).then_some(unscaled)
}

fn times(value: i64, other: i64) {
    let days = value % 3_000_000;
    let text = said(|out| texts::date(days, out));
    if text.len() == 10 {
        assert_eq!(date(text.as_bytes()), Ok(days));
    } else {
        assert!(text.starts_with('+') || text.starts_with('-'));
    }
    said(|out| texts::date(other % (1 << 31), out));
    said(|out| texts::time(value.rem_euclid(86_400), other.rem_euclid(1000), 1000, out));
    for (parts, nanos) in [(1_000_000, false), (1_000_000_000, true)] {
        let form = TimestampForm {
            iso: true,
            utc: false,
            nanos,
        };
        let text = said(|out| texts::timestamp(value, parts, b'T', out));
        if !text.starts_with(['+', '-']) {
            let read = timestamp(text.as_bytes(), form);
            // So near the ends of nanoseconds the decoder is unsure.
            assert!(read == Ok(value) || (nanos && read.is_err()), "{text}");
        }
    }
}
