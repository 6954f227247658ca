//! Values from the bytes of a fuzzer.

use std::time::Duration;

/// Bytes that are read once. Zeros follow the last one.
pub(crate) struct Bytes<'a>(&'a [u8]);

/// Numbers at which arithmetic goes wrong.
const EXTREMES: [i64; 12] =
    [i64::MIN, i64::MIN + 1, -9_000_000_001, -60, -1, 0, 1, 2, 60, 9_000_000_001, i64::MAX - 1, i64::MAX];

impl<'a> Bytes<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Bytes(data)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    /// Small numbers mostly, and extremes.
    pub(crate) fn number(&mut self) -> i64 {
        match self.byte() {
            low @ 0..=199 => i64::from(low),
            high => EXTREMES[usize::from(high) % EXTREMES.len()],
        }
    }

    /// From none to 25 s, in steps of 100 ms; rarely a day.
    pub(crate) fn span(&mut self) -> Duration {
        match self.byte() {
            255 => Duration::from_secs(86_400),
            tenths => Duration::from_millis(100 * u64::from(tenths)),
        }
    }

    /// Up to 15 bytes.
    pub(crate) fn text(&mut self) -> Vec<u8> {
        (0..self.byte() % 16).map(|_| self.byte()).collect()
    }
}
