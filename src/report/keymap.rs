//! `keys`: the current key bindings.

use serde::Serialize;

use super::json::line;
use super::table::{Align, table};
use crate::app::{KeyContext, Keymap, KeymapEntry};

/// A table with the keys, the config name and the help of each action of the monitor, and a second one with those of each
/// dialog.
pub fn keys_table(keymap: &Keymap) -> String {
    let cells = |row: KeymapEntry<'_>| [row.in_words(), row.binding.action.name(), row.binding.help.to_owned()];
    let rows: Vec<[String; 3]> = keymap.rows().filter(|row| !row.is_dialog_key()).map(cells).collect();
    let in_dialog = |scope: KeyContext| {
        let is_in_scope =
            move |row: &KeymapEntry<'_>| row.is_dialog_key() && row.binding.action.contexts().contains(&scope);
        keymap
            .rows()
            .filter(is_in_scope)
            .map(cells)
            .map(move |[keys, action, help]| [scope.name().to_owned(), keys, action, help])
    };
    let dialogs: Vec<[String; 4]> = KeyContext::DIALOGS.into_iter().flat_map(in_dialog).collect();
    let [keys, action, what] = ["KEYS", "ACTION", "DESCRIPTION"].map(|title| (title, Align::Left));
    table([keys, action, what], &rows) + "\n" + &table([("DIALOG", Align::Left), keys, action, what], &dialogs)
}

/// An action of the monitor or of its dialogs, and its keys.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct KeyObject {
    /// Name in the config file.
    #[cfg_attr(test, schemars(regex(pattern = r"^[a-z]+(-[a-z]+)*$")))]
    action: String,
    /// Keys, any of them. Empty if the action has no key.
    keys: Vec<String>,
    /// Where the keys apply: the monitor, or dialogs by name.
    #[serde(rename = "where")]
    scopes: Vec<&'static str>,
    /// What the action does.
    help: &'static str,
}

/// One object per action, with its keys as in the config file.
pub fn keys_json(keymap: &Keymap) -> String {
    let object = |row: KeymapEntry<'_>| KeyObject {
        action: row.binding.action.name(),
        keys: row.keys.iter().map(ToString::to_string).collect(),
        scopes: row.binding.action.contexts().iter().map(|scope| scope.name()).collect(),
        help: row.binding.help,
    };
    keymap.rows().map(|row| line(&object(row))).collect()
}
