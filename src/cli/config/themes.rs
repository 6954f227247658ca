//! The themes of a config file: the chosen one, and each `[theme.NAME]` with its colours.
//!
//! ```toml
//! theme.use = "mine"        # or, in a file without such tables: theme = "light"
//!
//! [theme.mine]
//! based-on = "dark"
//! danger = "#ff8700"
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::file::{BadConfig, Source};
use crate::escape::printable;
use crate::ui::{CustomPalette, Palette};

/// The key of the chosen theme beside the tables.
const CHOICE: &str = "use";
/// The key of the built-in theme on which another one is based.
const BASE: &str = "based-on";

/// The setting `theme`.
#[derive(Debug, Default)]
pub(super) struct Themes {
    /// The chosen theme.
    pub(super) chosen: Option<Spanned<String>>,
    tables: BTreeMap<Spanned<String>, Entry>,
}

/// A value below `theme`.
#[derive(Debug)]
enum Entry {
    Text,
    Table(BTreeMap<Spanned<String>, Color>),
}

/// A colour, or the name of a theme.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a color: a string or a number from 0 to 255")]
enum Color {
    Text(String),
    Number(i64),
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Color::Text(text) => f.write_str(text),
            Color::Number(number) => write!(f, "{number}"),
        }
    }
}

impl Themes {
    /// The themes of the file by name.
    pub(super) fn read(&self, source: &Source<'_>) -> Result<Vec<(String, CustomPalette)>, BadConfig> {
        self.tables.iter().map(|(name, entry)| theme(source, name, entry)).collect()
    }
}

/// Checks that a chosen theme exists. Returns the error message.
pub(super) fn check(name: &str, themes: &[(String, CustomPalette)]) -> Result<(), String> {
    if Palette::named(name).is_some() || themes.iter().any(|(theme, _)| theme == name) {
        return Ok(());
    }
    let mut known: Vec<&str> = Palette::names().collect();
    known.extend(themes.iter().map(|(name, _)| name.as_str()));
    Err(format!("`{}` is not one of {}", printable(name.as_bytes()), printable(known.join(", ").as_bytes())))
}

/// Escapes the text of an error, because it may contain a value of the file.
fn escaped(bad: &impl fmt::Display) -> String {
    printable(bad.to_string().as_bytes())
}

fn theme(source: &Source<'_>, name: &Spanned<String>, entry: &Entry) -> Result<(String, CustomPalette), BadConfig> {
    let place = format!("theme.{}", name.get_ref());
    let at = name.span().start;
    let Entry::Table(colors) = entry else {
        return Err(source.wrong(at, &place, "expected a table [theme.NAME], or theme.use = \"NAME\""));
    };
    if Palette::named(name.get_ref()).is_some() {
        return Err(source.wrong(at, &place, "this is a built-in theme; choose another name"));
    }
    let base = colors.iter().find(|(key, _)| key.get_ref() == BASE);
    let palette = base.map_or("dark".to_owned(), |(_, base)| base.to_string());
    let at = base.map_or(at, |(key, _)| key.span().start);
    let palette = CustomPalette::based_on(&palette);
    let mut palette = palette.map_err(|bad| source.wrong(at, &format!("{place}.{BASE}"), escaped(&bad)))?;
    for (role, color) in colors.iter().filter(|(key, _)| key.get_ref() != BASE) {
        let set = palette.set(role.get_ref(), &color.to_string());
        set.map_err(|bad| source.wrong(role.span().start, &format!("{place}.{}", role.get_ref()), escaped(&bad)))?;
    }
    Ok((name.get_ref().clone(), palette))
}

impl<'de> Deserialize<'de> for Themes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ThemesVisitor)
    }
}

/// Reads a string or a table, and keeps the positions in it.
struct ThemesVisitor;

impl<'de> Visitor<'de> for ThemesVisitor {
    type Value = Themes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a theme, or tables [theme.NAME]")
    }

    fn visit_str<E>(self, name: &str) -> Result<Themes, E> {
        Ok(Themes { chosen: Some(Spanned::new(0..0, name.to_owned())), ..Themes::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Themes, A::Error> {
        let mut themes = Themes::default();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            if key.get_ref() == CHOICE {
                themes.chosen = Some(map.next_value()?);
            } else {
                themes.tables.insert(key, map.next_value()?);
            }
        }
        Ok(themes)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of roles and colors")
    }

    fn visit_str<E>(self, _: &str) -> Result<Entry, E> {
        Ok(Entry::Text)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let mut colors = BTreeMap::new();
        while let Some((role, color)) = map.next_entry()? {
            colors.insert(role, color);
        }
        Ok(Entry::Table(colors))
    }
}
