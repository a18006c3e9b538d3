//! A number of JSON's grammar, with the value of its digits as far as they were added up.

use crate::scanner::{Scan, Unsure};

/// Digits that a mantissa may have to be a double without rounding: it is below 2^53.
const EXACT_DIGITS: usize = 15;
/// Digits that a mantissa may have to be an i64.
const INT_DIGITS: usize = 18;
/// Powers of ten that are doubles without rounding.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// A number as it stands in the message.
pub struct Number<'a> {
    pub text: &'a [u8],
    /// Its digits as one number, without sign and point; meaningless beyond 19 of them.
    pub mantissa: u64,
    /// How many digits that are.
    pub digits: usize,
    /// How many of them stand behind the point.
    pub fraction: usize,
    /// Neither a point nor an exponent.
    pub whole: bool,
    pub exponent: bool,
}

impl Number<'_> {
    #[inline]
    fn negative(&self) -> bool {
        self.text.first() == Some(&b'-')
    }

    /// Its value, where it is written as a whole number and fits.
    #[inline]
    pub fn int(&self) -> Scan<i64> {
        if !self.whole {
            return Err(Unsure);
        }
        if self.digits > INT_DIGITS {
            let text = std::str::from_utf8(self.text).map_err(|_| Unsure)?;
            return text.parse().map_err(|_| Unsure);
        }
        let value = self.mantissa as i64;
        Ok(if self.negative() { -value } else { value })
    }

    /// The double that is nearest to it.
    #[inline]
    pub fn double(&self) -> Scan<f64> {
        if self.exponent || self.digits > EXACT_DIGITS || self.fraction >= POWERS.len() {
            return fast_float2::parse(self.text).map_err(|_| Unsure);
        }
        // Both are exact, so that the division rounds once (Clinger's fast path).
        let value = self.mantissa as f64 / POWERS[self.fraction];
        Ok(if self.negative() { -value } else { value })
    }
}

#[cfg(test)]
mod tests {
    use crate::scanner::Scanner;

    /// Numbers with every count of digits before and behind the point, from a fixed sequence.
    fn texts() -> impl Iterator<Item = String> {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut digits = move |count: usize| -> String {
            let next = |_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(b'0' + (seed >> 33) as u8 % 10)
            };
            (0..count).map(next).collect()
        };
        (0..24).flat_map(move |before| {
            let whole = if before == 0 {
                "0".into()
            } else {
                format!("7{}", digits(before - 1))
            };
            let mut found = vec![whole.clone(), format!("-{whole}"), format!("{whole}e-7")];
            for behind in 1..26 {
                found.push(format!("{whole}.{}", digits(behind)));
                found.push(format!("-{whole}.{}E+3", digits(behind)));
            }
            found
        })
    }

    #[test]
    fn numbers_are_what_rust_reads() {
        for text in texts() {
            for around in [
                text.clone(),
                format!("{text},"),
                format!("{text}}}}}          "),
            ] {
                let number = Scanner::new(around.as_bytes()).number().unwrap();
                assert_eq!(number.text, text.as_bytes());
                assert_eq!(number.double().ok(), text.parse::<f64>().ok(), "{text}");
                assert_eq!(number.int().ok(), text.parse::<i64>().ok(), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in [
            "", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1x", "--1", "0x1", "1.2.3",
        ] {
            assert!(Scanner::new(text.as_bytes()).number().is_err(), "{text}");
        }
    }
}
