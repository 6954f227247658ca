//! The key table in force, for people and for scripts.

use serde::Serialize;

use super::json::line;
use super::table::{Align, table};
use crate::app::{Keymap, Row};

/// A row for each action: its keys, its name in a config file, and what it does.
pub fn keys_table(keymap: &Keymap) -> String {
    let row = |row: Row<'_>| [row.in_words(), row.binding.action.name(), row.binding.help.to_owned()];
    let rows: Vec<[String; 3]> = keymap.rows().map(row).collect();
    table([("KEYS", Align::Left), ("ACTION", Align::Left), ("WHAT IT DOES", Align::Left)], &rows)
}

#[derive(Serialize)]
struct KeyObject {
    action: String,
    keys: Vec<String>,
    help: &'static str,
}

/// An object a line for each action, with its keys as they stand in a config file.
pub fn keys_json(keymap: &Keymap) -> String {
    let object = |row: Row<'_>| KeyObject {
        action: row.binding.action.name(),
        keys: row.keys.iter().map(ToString::to_string).collect(),
        help: row.binding.help,
    };
    keymap.rows().map(|row| line(&object(row))).collect()
}
