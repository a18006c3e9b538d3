//! Dates, timestamps and decimals as JSON carries them, only in the forms that leave no doubt.
//!
//! A day that does not exist, 24:00, signs and odd widths are left to the full rules.

use crate::scanner::{Scan, Unsure};

/// How a timestamp is written and what it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampForm {
    pub iso: bool,
    pub utc: bool,
    pub nanos: bool,
}

/// Days since 1970 of `YYYY-MM-DD`.
#[inline]
pub fn date(text: &[u8]) -> Scan<i64> {
    if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
        return Err(Unsure);
    }
    let (year, month, day) = (
        digits(&text[..4])?,
        digits(&text[5..7])?,
        digits(&text[8..])?,
    );
    if !(1..=12).contains(&month) || day < 1 || day > last_day(year, month) {
        return Err(Unsure);
    }
    Ok(civil_days(year, month, day))
}

/// Microseconds or nanoseconds since 1970 of `YYYY-MM-DD HH:MM:SS[.f...]`; more digits are cut off.
#[inline]
pub fn timestamp(text: &[u8], form: TimestampForm) -> Scan<i64> {
    let text = if form.utc {
        text.strip_suffix(b"Z").ok_or(Unsure)?
    } else {
        text
    };
    let separator = if form.iso { b'T' } else { b' ' };
    if text.len() < 19 || text[10] != separator || text[13] != b':' || text[16] != b':' {
        return Err(Unsure);
    }
    let days = date(&text[..10])?;
    let (hour, minute, second) = (
        digits(&text[11..13])?,
        digits(&text[14..16])?,
        digits(&text[17..19])?,
    );
    if hour > 23 || minute > 59 || second > 59 {
        return Err(Unsure);
    }
    let nanos = match text.get(19) {
        None => 0,
        Some(b'.') if text.len() <= 29 => {
            let fraction = &text[20..];
            digits(fraction)? * 10_i64.pow(9 - fraction.len() as u32)
        }
        Some(_) => return Err(Unsure),
    };
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    if form.nanos {
        let whole = seconds.checked_mul(1_000_000_000).ok_or(Unsure)?;
        whole.checked_add(nanos).ok_or(Unsure)
    } else {
        Ok(seconds * 1_000_000 + nanos / 1_000)
    }
}

/// The unscaled value of a plain number that fits DECIMAL(precision, scale) without rounding.
#[inline]
pub fn decimal(text: &[u8], precision: u8, scale: u8) -> Scan<i128> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let point = text.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = match point {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &text[text.len()..]),
    };
    let plain = whole == b"0" || matches!(whole.first(), Some(b'1'..=b'9'));
    let room = usize::from(precision - scale);
    let digits_of_whole = if whole == b"0" { 0 } else { whole.len() };
    if !plain || (point.is_some() && fraction.is_empty()) {
        return Err(Unsure);
    }
    if digits_of_whole > room || fraction.len() > usize::from(scale) {
        return Err(Unsure);
    }
    let mut value = 0_i128;
    for &byte in whole.iter().chain(fraction) {
        if !byte.is_ascii_digit() {
            return Err(Unsure);
        }
        value = value * 10 + i128::from(byte - b'0');
    }
    value *= 10_i128.pow(u32::from(scale) - fraction.len() as u32);
    Ok(if negative { -value } else { value })
}

#[inline]
fn digits(text: &[u8]) -> Scan<i64> {
    let mut value = 0;
    for &byte in text {
        if !byte.is_ascii_digit() {
            return Err(Unsure);
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Ok(value)
}

fn last_day(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970 in the proleptic Gregorian calendar, counted in years that begin in March.
fn civil_days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: TimestampForm = TimestampForm {
        iso: false,
        utc: false,
        nanos: false,
    };

    #[test]
    fn dates() {
        assert_eq!(date(b"1970-01-01"), Ok(0));
        assert_eq!(date(b"2000-02-29"), Ok(11_016));
        assert_eq!(date(b"1969-12-31"), Ok(-1));
        assert_eq!(date(b"2023-02-29"), Err(Unsure));
        assert_eq!(date(b"2023-2-28"), Err(Unsure));
    }

    #[test]
    fn timestamps() {
        assert_eq!(timestamp(b"1970-01-01 00:00:00.5", SQL), Ok(500_000));
        assert_eq!(timestamp(b"1969-12-31 23:59:59.9999999", SQL), Ok(-1));
        assert_eq!(timestamp(b"1970-01-01T00:00:00", SQL), Err(Unsure));
        assert_eq!(timestamp(b"1970-01-01 24:00:00", SQL), Err(Unsure));
        let utc = TimestampForm {
            iso: true,
            utc: true,
            nanos: true,
        };
        assert_eq!(
            timestamp(b"1970-01-01T00:00:01.000000001Z", utc),
            Ok(1_000_000_001)
        );
    }

    #[test]
    fn decimals() {
        assert_eq!(decimal(b"12.5", 10, 2), Ok(1250));
        assert_eq!(decimal(b"-0.01", 10, 2), Ok(-1));
        assert_eq!(decimal(b"0", 2, 2), Ok(0));
        assert_eq!(decimal(b"1.005", 10, 2), Err(Unsure));
        assert_eq!(decimal(b"100", 4, 2), Err(Unsure));
        assert_eq!(decimal(b"1e3", 10, 2), Err(Unsure));
        assert_eq!(decimal(b"01", 10, 2), Err(Unsure));
        assert_eq!(decimal(b"1.", 10, 2), Err(Unsure));
    }
}
