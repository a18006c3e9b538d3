//! A strict JSON scanner over one message, which reads what is asked for and validates the rest.
//!
//! `Unsure` is its only failure: malformed input and everything that needs a lenient rule end there,
//! and the caller hands the message to the Python path.

use memchr::memchr2;

use crate::number::Number;
use crate::words::{self, Expected};

/// The scanner will not decide; the full rules must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsure;

pub type Scan<T> = Result<T, Unsure>;

const DEPTH_MAX: usize = 64;

pub struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

/// A string as it stands in the message: its raw bytes, and whether they hold escapes.
pub struct RawString<'a> {
    pub bytes: &'a [u8],
    pub escaped: bool,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    #[inline]
    pub fn peek(&self) -> Scan<u8> {
        self.text.get(self.at).copied().ok_or(Unsure)
    }

    #[inline]
    pub fn skip_space(&mut self) {
        if self.text.get(self.at).is_some_and(|&byte| byte > b' ') {
            return;
        }
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    #[inline]
    pub fn expect(&mut self, byte: u8) -> Scan<()> {
        if self.peek()? == byte {
            self.at += 1;
            Ok(())
        } else {
            Err(Unsure)
        }
    }

    /// If the text goes on with what was expected, step over it.
    #[inline]
    pub fn meets(&mut self, expected: &Expected) -> bool {
        let length = expected.length_at(&self.text[self.at..]);
        self.at += length.unwrap_or(0);
        length.is_some()
    }

    /// If the text goes on with exactly `expected`, step over it.
    #[inline]
    pub fn accept(&mut self, expected: &[u8]) -> bool {
        let hit = self.text[self.at..].starts_with(expected);
        if hit {
            self.at += expected.len();
        }
        hit
    }

    /// Only white space may follow the value.
    pub fn end(&mut self) -> Scan<()> {
        self.skip_space();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(Unsure)
        }
    }

    /// A string, from its opening quote; steps behind the closing one.
    #[inline]
    pub fn string(&mut self) -> Scan<RawString<'a>> {
        self.expect(b'"')?;
        let start = self.at;
        let mut at = start;
        while let Some(word) = words::load(self.text, at) {
            if let Some(step) = words::first_special(word) {
                at += step;
                break;
            }
            at += 8;
        }
        while self.text.get(at).is_some_and(|&byte| words::is_plain(byte)) {
            at += 1; // the last bytes of the message
        }
        if self.text.get(at) != Some(&b'"') {
            return self.any_string();
        }
        self.at = at + 1;
        Ok(RawString {
            bytes: &self.text[start..at],
            escaped: false,
        })
    }

    /// A string behind its opening quote, with escapes or other letters than ASCII's.
    fn any_string(&mut self) -> Scan<RawString<'a>> {
        let start = self.at;
        let mut escaped = false;
        loop {
            let step = memchr2(b'"', b'\\', &self.text[self.at..]).ok_or(Unsure)?;
            self.at += step;
            if self.text[self.at] == b'"' {
                break;
            }
            escaped = true;
            self.at += 2;
            if self.at > self.text.len() {
                return Err(Unsure);
            }
        }
        let bytes = &self.text[start..self.at];
        self.at += 1;
        valid_string(bytes)?;
        if escaped {
            valid_escapes(bytes)?;
        }
        Ok(RawString { bytes, escaped })
    }

    /// A number that follows JSON's grammar.
    #[inline(always)]
    pub fn number(&mut self) -> Scan<Number<'a>> {
        self.number_of::<true>()
    }

    /// A number; without `VALUE` its mantissa is not added up.
    // In line always: as a call, the number would come back through memory.
    #[inline(always)]
    fn number_of<const VALUE: bool>(&mut self) -> Scan<Number<'a>> {
        let start = self.at;
        if self.peek()? == b'-' {
            self.at += 1;
        }
        let (mut mantissa, mut digits, mut fraction) = (0, 1, 0);
        match self.peek()? {
            b'0' => self.at += 1,
            b'1'..=b'9' => digits = self.digits::<VALUE>(&mut mantissa)?,
            _ => return Err(Unsure),
        }
        let point = self.text.get(self.at) == Some(&b'.');
        if point {
            self.at += 1;
            fraction = self.digits::<VALUE>(&mut mantissa)?;
        }
        let exponent = matches!(self.text.get(self.at), Some(b'e' | b'E'));
        if exponent {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            self.digits::<false>(&mut 0)?;
        }
        match self.text.get(self.at) {
            None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r') => Ok(Number {
                text: &self.text[start..self.at],
                mantissa,
                digits: digits + fraction,
                fraction,
                whole: !(point || exponent),
                exponent,
            }),
            _ => Err(Unsure),
        }
    }

    /// Step over at least one digit; returns how many, and puts them behind those of `value`.
    #[inline(always)]
    fn digits<const VALUE: bool>(&mut self, value: &mut u64) -> Scan<usize> {
        let start = self.at;
        while let Some(word) = words::load(self.text, self.at) {
            let count = words::digits(word);
            if VALUE {
                *value = words::append_digits(word, count, *value);
            }
            self.at += count;
            if count < 8 {
                return self.some_since(start);
            }
        }
        while let Some(&digit @ b'0'..=b'9') = self.text.get(self.at) {
            *value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        self.some_since(start)
    }

    #[inline]
    fn some_since(&self, start: usize) -> Scan<usize> {
        if self.at > start {
            Ok(self.at - start)
        } else {
            Err(Unsure)
        }
    }

    /// Step over any value, validating it.
    pub fn skip(&mut self, depth: usize) -> Scan<()> {
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b'-' | b'0'..=b'9' => self.number_of::<false>().map(|_| ()),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            b'{' if depth < DEPTH_MAX => self.skip_object(depth),
            b'[' if depth < DEPTH_MAX => self.skip_array(depth),
            _ => Err(Unsure),
        }
    }

    pub fn literal(&mut self, text: &[u8]) -> Scan<()> {
        if self.accept(text) {
            Ok(())
        } else {
            Err(Unsure)
        }
    }

    /// The next key of the object whose brace was stepped over, and its colon; None at its end.
    /// `number` counts the members. A key with escapes is unsure.
    #[inline]
    pub fn member(&mut self, number: usize) -> Scan<Option<&'a [u8]>> {
        self.skip_space();
        if self.accept(b"}") {
            return Ok(None);
        }
        if number > 0 {
            self.expect(b',')?;
            self.skip_space();
        }
        let key = self.string()?;
        if key.escaped {
            return Err(Unsure);
        }
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Ok(Some(key.bytes))
    }

    fn skip_object(&mut self, depth: usize) -> Scan<()> {
        self.expect(b'{')?;
        self.skip_space();
        if self.accept(b"}") {
            return Ok(());
        }
        loop {
            self.skip_space();
            self.string()?;
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            self.skip(depth + 1)?;
            self.skip_space();
            if self.accept(b"}") {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn skip_array(&mut self, depth: usize) -> Scan<()> {
        self.expect(b'[')?;
        self.skip_space();
        if self.accept(b"]") {
            return Ok(());
        }
        loop {
            self.skip_space();
            self.skip(depth + 1)?;
            self.skip_space();
            if self.accept(b"]") {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }
}

/// No raw control characters, and valid UTF-8.
#[inline]
fn valid_string(bytes: &[u8]) -> Scan<()> {
    let mut high = 0u8;
    let mut control = false;
    for &byte in bytes {
        high |= byte;
        control |= byte < 0x20;
    }
    if control || (high >= 0x80 && std::str::from_utf8(bytes).is_err()) {
        return Err(Unsure);
    }
    Ok(())
}

/// Only the short escapes; `\u` is left to the full rules (surrogates).
fn valid_escapes(bytes: &[u8]) -> Scan<()> {
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            match bytes.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                _ => return Err(Unsure),
            }
        } else {
            at += 1;
        }
    }
    Ok(())
}

/// Append the meaning of a validated raw string.
pub fn unescape_into(raw: &RawString<'_>, out: &mut Vec<u8>) {
    if !raw.escaped {
        out.extend_from_slice(raw.bytes);
        return;
    }
    let mut at = 0;
    while at < raw.bytes.len() {
        let byte = raw.bytes[at];
        if byte != b'\\' {
            out.push(byte);
            at += 1;
            continue;
        }
        out.push(match raw.bytes[at + 1] {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            other => other,
        });
        at += 2;
    }
}
