//! What a cluster is called, and what marks it on the screen, as somebody's config file says.

use std::str::FromStr;

/// A cluster that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name; to be escaped before it is shown.
    pub name: String,
    /// The colour of its name; none where it has none.
    pub tint: Option<Tint>,
}

/// A colour that somebody chose: it means what they mean by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    /// Red.
    Red,
    /// Yellow.
    Yellow,
    /// Green.
    Green,
    /// Cyan.
    Cyan,
    /// Blue.
    Blue,
    /// Magenta.
    Magenta,
}

/// A text that names no colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it takes red, yellow, green, cyan, blue or magenta")]
pub struct BadTint;

impl FromStr for Tint {
    type Err = BadTint;

    fn from_str(text: &str) -> Result<Self, BadTint> {
        Ok(match text {
            "red" => Tint::Red,
            "yellow" => Tint::Yellow,
            "green" => Tint::Green,
            "cyan" => Tint::Cyan,
            "blue" => Tint::Blue,
            "magenta" => Tint::Magenta,
            _ => return Err(BadTint),
        })
    }
}
