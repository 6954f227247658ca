//! A filter as the user typed it.

use std::fmt;
use std::str::FromStr;

use crate::filter::{BadFilter, Filter};

/// A parsed filter with its source text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TypedFilter {
    text: String,
    filter: Filter,
}

impl TypedFilter {
    /// The source text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parsed filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }
}

impl fmt::Display for TypedFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for TypedFilter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        Ok(TypedFilter { text: text.trim().to_owned(), filter: text.parse()? })
    }
}
