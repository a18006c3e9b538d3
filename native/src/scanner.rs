//! A strict JSON scanner over one message, which reads what is asked for and validates the rest.
//!
//! `Unsure` is its only failure: malformed input and everything that needs a lenient rule end there,
//! and the caller hands the message to the Python path.

use memchr::memchr2;

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

    /// The bytes of a number that follows JSON's grammar, and whether it is a whole number.
    #[inline]
    pub fn number(&mut self) -> Scan<(&'a [u8], bool)> {
        let start = self.at;
        if self.peek()? == b'-' {
            self.at += 1;
        }
        match self.peek()? {
            b'0' => self.at += 1,
            b'1'..=b'9' => self.digits()?,
            _ => return Err(Unsure),
        }
        let mut whole = true;
        if self.text.get(self.at) == Some(&b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            whole = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        match self.text.get(self.at) {
            None | Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\t' | b'\r') => {
                Ok((&self.text[start..self.at], whole))
            }
            _ => Err(Unsure),
        }
    }

    #[inline]
    fn digits(&mut self) -> Scan<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.text.get(self.at) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(Unsure) }
    }

    /// Step over any value, validating it.
    pub fn skip(&mut self, depth: usize) -> Scan<()> {
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b'-' | b'0'..=b'9' => self.number().map(|_| ()),
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
