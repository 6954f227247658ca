//! What a cluster is called, and what marks it on the screen, as somebody's config file says.

use std::str::FromStr;

/// A cluster that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterLabel {
    /// Its name; to be escaped before it is shown.
    pub name: String,
    /// The colour of its name; none where it has none.
    pub color: Option<LabelColor>,
}

/// A colour that somebody chose: it means what they mean by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelColor {
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
#[error("expected red, yellow, green, cyan, blue or magenta")]
pub struct InvalidLabelColor;

impl FromStr for LabelColor {
    type Err = InvalidLabelColor;

    fn from_str(text: &str) -> Result<Self, InvalidLabelColor> {
        Ok(match text {
            "red" => LabelColor::Red,
            "yellow" => LabelColor::Yellow,
            "green" => LabelColor::Green,
            "cyan" => LabelColor::Cyan,
            "blue" => LabelColor::Blue,
            "magenta" => LabelColor::Magenta,
            _ => return Err(InvalidLabelColor),
        })
    }
}
