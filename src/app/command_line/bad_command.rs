//! A line that is not a valid command.

use std::fmt;

/// A line that is not a valid command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCommand {
    /// The position of the error in characters, from 0.
    pub at: usize,
    /// What was expected there.
    pub expected: String,
}

impl BadCommand {
    /// An error at a byte offset of a line.
    pub(super) fn at(line: &str, byte: usize, expected: impl Into<String>) -> Self {
        let before = line.get(..byte).unwrap_or(line);
        BadCommand { at: before.chars().count(), expected: expected.into() }
    }
}

impl fmt::Display for BadCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for BadCommand {}
