//! Values as JSON text, byte for byte as `formats/json/texts.py` writes them, which is as Flink does.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const DAYS_FROM_0000_03_01: i64 = 719_468;
const DAYS_OF_400_YEARS: i64 = 146_097;
const SECONDS_OF_A_DAY: i64 = 86_400;
/// The smallest exponent of ten of the first digit that `BigDecimal.toString` writes plainly.
const PLAIN_EXPONENT_MIN: i64 = -6;

/// The bytes as a JSON string, escaped as Jackson does by default.
pub fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut copied = 0;
    for (at, &byte) in text.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text[copied..at]);
        copied = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                let low = HEX[usize::from(byte & 0xf)];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), low]);
            }
        }
    }
    out.extend_from_slice(&text[copied..]);
    out.push(b'"');
}

/// Base64 with padding, quoted.
pub fn binary(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

pub fn integer(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// `Double.toString`; what is not finite is quoted.
pub fn double(value: f64, out: &mut Vec<u8>) {
    approximate(value, value, out);
}

/// `Float.toString`; what is not finite is quoted.
pub fn float(value: f32, out: &mut Vec<u8>) {
    approximate(value, f64::from(value), out);
}

/// `wide` is the same value, for looking at its size.
fn approximate<T>(value: T, wide: f64, out: &mut Vec<u8>)
where
    T: ryu::Float + std::fmt::LowerExp + std::str::FromStr + PartialEq,
{
    if !wide.is_finite() {
        return not_finite(wide, out);
    }
    let mut buffer = ryu::Buffer::new();
    let shortest = buffer.format_finite(value);
    if wide == 0.0 || (1e-3..1e7).contains(&wide.abs()) {
        out.extend_from_slice(shortest.as_bytes());
    } else if !has_one_digit(shortest) || !two_digits(value, out) {
        scientific(shortest, out);
    }
}

fn has_one_digit(text: &str) -> bool {
    let figures = text.split('e').next().unwrap_or_default();
    figures.bytes().filter(|byte| (b'1'..=b'9').contains(byte)).count() == 1
}

/// Where one digit would do, Java takes the nearest of two; false where that is another number.
fn two_digits<T: std::fmt::LowerExp + std::str::FromStr + PartialEq>(
    value: T,
    out: &mut Vec<u8>,
) -> bool {
    let text = format!("{value:.1e}");
    let same = text.parse::<T>().is_ok_and(|read| read == value);
    if same {
        scientific(&text, out);
    }
    same
}

fn not_finite(value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(match value {
        v if v.is_nan() => b"\"NaN\"",
        v if v > 0.0 => b"\"Infinity\"",
        _ => b"\"-Infinity\"",
    });
}

/// Any text of a number that is not 0 as Java's: `1.25e7` and `12500000.0` as `1.25E7`.
///
/// The digits are those of `ryu`: of two equally near it takes the even one, as Java does and as
/// Rust's own `{:e}` does not.
fn scientific(text: &str, out: &mut Vec<u8>) {
    let (figures, power) = text.split_once('e').unwrap_or((text, "0"));
    let figures = match figures.strip_prefix('-') {
        Some(rest) => {
            out.push(b'-');
            rest
        }
        None => figures,
    };
    let (whole, part) = figures.split_once('.').unwrap_or((figures, ""));
    let digits = [whole, part].concat();
    let significant = digits.trim_start_matches('0');
    let leading = digits.len() - significant.len();
    let power = power.parse::<i64>().unwrap_or_default() + whole.len() as i64 - 1 - leading as i64;
    let (first, rest) = significant.trim_end_matches('0').split_at(1);
    out.extend_from_slice(first.as_bytes());
    out.push(b'.');
    out.extend_from_slice(if rest.is_empty() { b"0" } else { rest.as_bytes() });
    out.push(b'E');
    integer(power, out);
}

/// `BigDecimal.toString` without trailing zeros, or with `plain` never in powers of ten.
pub fn decimal(unscaled: i128, scale: i8, plain: bool, out: &mut Vec<u8>) {
    if unscaled == 0 {
        return out.push(b'0');
    }
    if unscaled < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let all = buffer.format(unscaled.unsigned_abs());
    let digits = all.trim_end_matches('0').as_bytes();
    let length = digits.len() as i64;
    let exponent = all.len() as i64 - length - i64::from(scale);
    let adjusted = length - 1 + exponent;
    if !plain && (exponent > 0 || adjusted < PLAIN_EXPONENT_MIN) {
        out.push(digits[0]);
        if length > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        let _ = write!(out, "E{adjusted:+}"); // a Vec takes everything
    } else if exponent >= 0 {
        out.extend_from_slice(digits);
        zeros(exponent, out);
    } else if adjusted >= 0 {
        let (whole, fraction) = digits.split_at((length + exponent) as usize);
        out.extend_from_slice(whole);
        out.push(b'.');
        out.extend_from_slice(fraction);
    } else {
        out.extend_from_slice(b"0.");
        zeros(-adjusted - 1, out);
        out.extend_from_slice(digits);
    }
}

fn zeros(count: i64, out: &mut Vec<u8>) {
    out.resize(out.len() + count as usize, b'0');
}

/// The ISO date of days since 1970, without quotes; years beyond 9999 with a plus sign.
pub fn date(days: i64, out: &mut Vec<u8>) {
    let days = days + DAYS_FROM_0000_03_01;
    let era = days.div_euclid(DAYS_OF_400_YEARS);
    let day_of_era = days.rem_euclid(DAYS_OF_400_YEARS);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if year < 0 {
        out.push(b'-');
    } else if year > 9999 {
        out.push(b'+');
    }
    let year = year.abs();
    if year > 9999 {
        integer(year, out);
    } else {
        two(year / 100, out);
        two(year % 100, out);
    }
    out.push(b'-');
    two(month, out);
    out.push(b'-');
    two(day, out);
}

/// `HH:mm:ss` and the digits of the second that are not zero; `fraction` counts parts of a second.
pub fn time(seconds: i64, fraction: i64, parts: i64, out: &mut Vec<u8>) {
    two(seconds / 3600, out);
    out.push(b':');
    two(seconds / 60 % 60, out);
    out.push(b':');
    two(seconds % 60, out);
    if fraction > 0 {
        out.push(b'.');
        let (mut rest, mut part) = (fraction, parts / 10);
        while rest > 0 {
            out.push(b'0' + (rest / part) as u8);
            rest %= part;
            part /= 10;
        }
    }
}

/// A timestamp in parts of a second since 1970, without quotes.
pub fn timestamp(value: i64, parts: i64, separator: u8, out: &mut Vec<u8>) {
    let (seconds, fraction) = (value.div_euclid(parts), value.rem_euclid(parts));
    date(seconds.div_euclid(SECONDS_OF_A_DAY), out);
    out.push(separator);
    time(seconds.rem_euclid(SECONDS_OF_A_DAY), fraction, parts, out);
}

#[inline]
fn two(value: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers() {
        assert_eq!(said(|o| double(2e-323, o)), "2.0E-323");
        assert_eq!(said(|o| double(1e7, o)), "1.0E7");
        assert_eq!(
            said(|o| double(8.000_015_258_789_062_5, o)),
            "8.000015258789062"
        );
        assert_eq!(said(|o| float(1e-3, o)), "0.001");
        assert_eq!(said(|o| decimal(300, 0, false, o)), "3E+2");
        assert_eq!(said(|o| decimal(27, 9, false, o)), "2.7E-8");
        assert_eq!(said(|o| decimal(-27, 9, true, o)), "-0.000000027");
        assert_eq!(said(|o| decimal(1250, 3, false, o)), "1.25");
    }

    #[test]
    fn times() {
        assert_eq!(
            said(|o| timestamp(-1, 1_000_000, b' ', o)),
            "1969-12-31 23:59:59.999999"
        );
        assert_eq!(said(|o| date(-719_529, o)), "-0001-12-31");
        assert_eq!(said(|o| date(2_932_897, o)), "+10000-01-01");
    }
}
