//! `[keys]`: other keys for the actions of the monitor.

use std::collections::BTreeMap;

use super::source::{BadConfig, Item};
use crate::app::{BadKey, Key, Keymap};

/// Reads the table, and checks what comes of it together with the keys that were left as they are.
pub(super) fn read(table: &Item<'_>) -> Result<Keymap, BadConfig> {
    let items = table.items("write [keys], and below it lines as revoke = \"d\"")?;
    let mut keymap = Keymap::default();
    let mut chosen = BTreeMap::new();
    for item in &items {
        let keys: Result<Vec<Key>, BadKey> = item.texts()?.iter().map(|text| text.parse()).collect();
        let keys = keys.map_err(|bad| item.wrong(bad))?;
        if !keymap.rebind(item.name(), keys) {
            return Err(item.wrong("there is no such action; `leasetop config` names all that there are"));
        }
        chosen.insert(item.name(), item);
    }
    match keymap.check(|name| chosen.contains_key(name)) {
        Ok(()) => Ok(keymap),
        Err(bad) => Err(chosen.get(bad.action()).unwrap_or(&table).wrong(bad)),
    }
}
