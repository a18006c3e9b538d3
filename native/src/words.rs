//! Eight bytes of a message at a time, in one 64-bit word; the first byte is the lowest.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
const TENS: [u64; 9] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
];

/// The eight bytes from `at` on; None where there are not so many.
#[inline]
pub fn load(text: &[u8], at: usize) -> Option<u64> {
    let bytes = text.get(at..at + 8)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// How many digits the word begins with.
#[inline]
pub fn digits(word: u64) -> usize {
    let low = word ^ (0x30 * ONES); // a digit is 0 to 9 now
    let others = (low.wrapping_add(0x76 * ONES) | low) & HIGHS;
    others.trailing_zeros() as usize / 8
}

/// `value` with the first `count` digits of the word behind its own.
#[inline]
pub fn append_digits(word: u64, count: usize, value: u64) -> u64 {
    if count == 0 {
        return value;
    }
    let low = word ^ (0x30 * ONES);
    let digits = eight(low << (64 - 8 * count)); // zeros before them
    value.wrapping_mul(TENS[count]).wrapping_add(digits)
}

/// The number of eight digits, each a byte of 0 to 9: pairs, fours, all.
#[inline]
fn eight(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(2_561) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(6_553_601) >> 16 & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(42_949_672_960_001) >> 32
}

/// Where the word has the first byte that is not plain text of a string: a quote, a backslash, a
/// control character, or one that is not ASCII.
#[inline]
pub fn first_special(word: u64) -> Option<usize> {
    let zero = |bytes: u64| bytes.wrapping_sub(ONES) & !bytes;
    let quote = zero(word ^ (u64::from(b'"') * ONES));
    let backslash = zero(word ^ (u64::from(b'\\') * ONES));
    let control = word.wrapping_sub(0x20 * ONES) & !word;
    // What is borrowed from a byte spoils only those behind the first hit.
    let found = (quote | backslash | control | word) & HIGHS;
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

/// Whether a byte is plain text of a string; see `first_special`.
#[inline]
pub fn is_plain(byte: u8) -> bool {
    (0x20..0x80).contains(&byte) && byte != b'"' && byte != b'\\'
}

/// A text that is often expected, to compare in words.
pub struct Expected {
    text: Vec<u8>,
    words: Vec<u64>,
    /// Which bytes of the last word count.
    last: u64,
}

impl Expected {
    pub fn new(text: Vec<u8>) -> Self {
        let words = text
            .chunks(8)
            .map(|part| {
                let mut bytes = [0; 8];
                bytes[..part.len()].copy_from_slice(part);
                u64::from_le_bytes(bytes)
            })
            .collect();
        let over = (8 - text.len() % 8) % 8;
        Self {
            text,
            words,
            last: u64::MAX >> (8 * over),
        }
    }

    /// How long it is, if the text goes on with it.
    #[inline]
    pub fn length_at(&self, text: &[u8]) -> Option<usize> {
        let Some((last, words)) = self.words.split_last() else {
            return Some(0);
        };
        let same = match load(text, 8 * words.len()) {
            Some(word) => {
                word & self.last == *last
                    && words
                        .iter()
                        .zip(text.chunks_exact(8))
                        .all(|(word, part)| load(part, 0) == Some(*word))
            }
            None => text.starts_with(&self.text),
        };
        same.then_some(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_a_word() {
        for (text, count, value) in [
            (b"12345678", 8, 12_345_678),
            (b"99999999", 8, 99_999_999),
            (b"1,345678", 1, 1),
            (b"0012.678", 4, 12),
            (b"-2345678", 0, 0),
            (b"12345:78", 5, 12_345),
            (b"1\xff345678", 1, 1),
            (b"123/5678", 3, 123),
        ] {
            let word = load(text, 0).unwrap();
            assert_eq!(
                (digits(word), append_digits(word, count, 0)),
                (count, value)
            );
        }
        assert_eq!(append_digits(load(b"7,......", 0).unwrap(), 1, 12), 127);
    }

    #[test]
    fn specials_of_a_word() {
        for place in 0..8 {
            for byte in 0..=255_u8 {
                for rest in [b' ', b'a', b'!', b'#', b'[', b']', 0x7f] {
                    let mut text = [rest; 8];
                    text[place] = byte;
                    let found = text.iter().position(|&byte| !is_plain(byte));
                    assert_eq!(first_special(u64::from_le_bytes(text)), found, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn expected_texts() {
        for length in 0..40 {
            let text: Vec<u8> = (0..length).map(|i| b'a' + i as u8 % 26).collect();
            let expected = Expected::new(text.clone());
            for more in [0, 1, 7, 8, 20] {
                let mut longer = text.clone();
                longer.extend(std::iter::repeat_n(b'!', more));
                assert_eq!(expected.length_at(&longer), Some(length));
                for place in 0..length {
                    let mut other = longer.clone();
                    other[place] ^= 1;
                    assert_eq!(expected.length_at(&other), None);
                }
            }
            assert_eq!(
                expected.length_at(&text[..length.saturating_sub(1)]),
                (length == 0).then_some(0)
            );
        }
    }
}
