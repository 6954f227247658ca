//! The name and colour of a cluster, from the user's config file.

use std::str::FromStr;

/// A cluster's name and colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterLabel {
    /// The name. Escape it before displaying it.
    pub name: String,
    /// The colour of the name, if one is configured.
    pub color: Option<LabelColor>,
}

/// A colour from the config file. The program attaches no meaning to it.
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

/// A string that is not a known colour name.
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
