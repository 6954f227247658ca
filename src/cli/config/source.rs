//! A TOML text, and the items in it, each with the line on which it stands.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::escape::printable;

/// What cannot be in a config file, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadConfig {
    path: PathBuf,
    /// Counted from 1.
    line: usize,
    /// The key with the tables around it, `cluster.prod.user`; none where the text breaks off before one.
    key: Option<String>,
    what: String,
}

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.path.display(), self.line)?;
        if let Some(key) = &self.key {
            write!(f, "{}: ", printable(key.as_bytes()))?;
        }
        write!(f, "{}", self.what)
    }
}

impl std::error::Error for BadConfig {}

/// The text of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    /// Where it was read.
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    source: &'a Source<'a>,
    /// The key, with the tables around it.
    path: Vec<String>,
    /// Where it begins, in bytes.
    at: usize,
    value: &'a DeValue<'a>,
}

impl<'a> Source<'a> {
    /// Reads the TOML.
    pub(super) fn parse(&self) -> Result<DeTable<'a>, BadConfig> {
        DeTable::parse(self.text).map(Spanned::into_inner).map_err(|error| self.broken(&error))
    }

    /// What stands in the file, from its top on.
    pub(super) fn items(&'a self, table: &'a DeTable<'a>) -> Vec<Item<'a>> {
        self.below(&[], table)
    }

    fn below(&'a self, path: &[String], table: &'a DeTable<'a>) -> Vec<Item<'a>> {
        let item = |(key, value): (&'a Spanned<_>, &'a Spanned<DeValue<'a>>)| {
            let name: &toml::de::DeString<'_> = key.get_ref();
            let path = path.iter().cloned().chain([name.to_string()]).collect();
            Item { source: self, path, at: key.span().start, value: value.get_ref() }
        };
        let mut items: Vec<Item<'a>> = table.iter().map(item).collect();
        items.sort_by_key(|item| item.at);
        items
    }

    /// What TOML's rules say; of the line only the key is told, since a password may stand behind it.
    fn broken(&self, error: &toml::de::Error) -> BadConfig {
        let at = error.span().unwrap_or(Range { start: 0, end: 0 }).start.min(self.text.len());
        let start = self.text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line = self.text[start..].lines().next().unwrap_or_default();
        let key = line.split_once('=').map(|(key, _)| key.trim().to_owned()).filter(|key| !key.is_empty());
        BadConfig {
            path: self.path.to_owned(),
            line: self.line(at),
            key,
            what: format!("this is no TOML: {}", error.message()),
        }
    }

    fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

impl<'a> Item<'a> {
    /// Its key, without the tables around it.
    pub(super) fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The folder of its file.
    pub(super) fn folder(&self) -> &'a Path {
        self.source.path.parent().unwrap_or(Path::new(""))
    }

    /// Says what is wrong with it.
    pub(super) fn wrong(&self, what: impl fmt::Display) -> BadConfig {
        BadConfig {
            path: self.source.path.to_owned(),
            line: self.source.line(self.at),
            key: Some(self.path.join(".")),
            what: what.to_string(),
        }
    }

    /// What stands in it, if it is a table.
    pub(super) fn items(&self, how: &str) -> Result<Vec<Item<'a>>, BadConfig> {
        let table = self.value.as_table().ok_or_else(|| self.wrong(format!("it is a table: {how}")))?;
        Ok(self.source.below(&self.path, table))
    }

    /// Its text.
    pub(super) fn text(&self) -> Result<String, BadConfig> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.mistyped("a text in quotes"))
    }

    /// Its texts: one, or a list of them.
    pub(super) fn texts(&self) -> Result<Vec<String>, BadConfig> {
        let Some(array) = self.value.as_array() else {
            return self
                .text()
                .map(|text| vec![text])
                .map_err(|_| self.mistyped("a text in quotes, or a list of them"));
        };
        let element = |value: &'a Spanned<DeValue<'a>>| {
            Item { at: value.span().start, value: value.get_ref(), ..self.clone() }.text()
        };
        array.iter().map(element).collect()
    }

    /// Whether it is switched on.
    pub(super) fn switch(&self) -> Result<bool, BadConfig> {
        self.value.as_bool().ok_or_else(|| self.mistyped("true or false"))
    }

    /// Its whole number, as it is written.
    pub(super) fn number(&self) -> Result<String, BadConfig> {
        let number = self.value.as_integer().filter(|number| number.radix() == 10);
        number.map(|number| number.as_str().to_owned()).ok_or_else(|| self.mistyped("a whole number"))
    }

    fn mistyped(&self, wanted: &str) -> BadConfig {
        let found = match self.value.type_str() {
            "string" => "a text",
            "integer" => "a number",
            "float" => "a number with a fraction",
            "boolean" => "true or false",
            "array" => "a list",
            "table" => "a table",
            _ => "a date",
        };
        self.wrong(format!("it takes {wanted}, and this is {found}"))
    }
}
