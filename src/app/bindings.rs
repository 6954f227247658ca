//! The key table as somebody wants it: the rows of [`KEYMAP`] with other keys.

use super::Key;
use super::keymap::{Action, Binding, KEYMAP};

/// The key table in force: every row of [`KEYMAP`], with its own keys or with those that were chosen for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// The keys of each row.
    keys: Vec<Vec<Key>>,
}

/// A row of the key table in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// What it does, with the keys that it has where none are chosen.
    pub binding: &'static Binding,
    /// Its keys, any of them; none where it was given none.
    pub keys: &'a [Key],
}

/// Keys that cannot be given as they are wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBinding {
    /// One key, two actions.
    #[error("`{key}` is the key of {other} too: give one of the two another key")]
    Clash {
        /// The key.
        key: Key,
        /// The row that came first.
        other: String,
        /// The row that wants it as well.
        action: String,
    },
    /// A key that opens a dialog and confirms it: pressing it twice would act.
    #[error("`{key}` confirms the question that {action} asks, so pressing it twice would act: choose another key")]
    Confirms {
        /// The key.
        key: Key,
        /// The row.
        action: String,
    },
    /// No way out.
    #[error("quit needs a key: without one nobody finds the way out")]
    NoWayOut,
}

impl BadBinding {
    /// The name of the row that cannot be as it is wanted.
    pub fn action(&self) -> &str {
        match self {
            BadBinding::Clash { action, .. } | BadBinding::Confirms { action, .. } => action,
            BadBinding::NoWayOut => "quit",
        }
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Keymap { keys: KEYMAP.iter().map(|binding| binding.keys.to_vec()).collect() }
    }
}

impl Row<'_> {
    /// Its keys in words, `x F9 Del`.
    pub fn in_words(&self) -> String {
        self.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

impl Keymap {
    /// The rows, in the order of [`KEYMAP`].
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        KEYMAP.iter().zip(&self.keys).map(|(binding, keys)| Row { binding, keys })
    }

    /// What a key does; none for a key without a function.
    pub fn action(&self, key: Key) -> Option<Action> {
        self.rows().find(|row| row.keys.contains(&key)).map(|row| row.binding.action)
    }

    /// The first key of an action; none where it has none.
    pub fn key(&self, action: Action) -> Option<Key> {
        self.rows().find(|row| row.binding.action == action).and_then(|row| row.keys.first().copied())
    }

    /// What to press for an action, in a sentence: its first key, or its name where it has none.
    pub fn press(&self, action: Action) -> String {
        self.key(action).map_or_else(|| action.name(), |key| key.to_string())
    }

    /// Gives an action other keys than it has; without any it has none. No if there is no action of that name.
    pub fn rebind(&mut self, name: &str, keys: Vec<Key>) -> bool {
        let place = KEYMAP.iter().position(|binding| binding.action.name() == name);
        place.map(|place| self.keys[place] = keys).is_some()
    }

    /// Passes a table in which each key does one thing, none acts when pressed twice, and one can quit.
    ///
    /// # Errors
    /// The first row that breaks a rule; `is_chosen` says of a row's name whether it was chosen, so that of two rows that
    /// clash one that was is named as the wrong one.
    pub fn check(&self, is_chosen: impl Fn(&str) -> bool) -> Result<(), BadBinding> {
        for (place, row) in self.rows().enumerate() {
            let name = row.binding.action.name();
            let confirming = row.binding.action.confirmed_by();
            if let Some(key) = row.keys.iter().find(|key| confirming.contains(key)) {
                return Err(BadBinding::Confirms { key: *key, action: name });
            }
            for other in self.rows().take(place) {
                if let Some(key) = row.keys.iter().find(|key| other.keys.contains(key)) {
                    let other = other.binding.action.name();
                    let [other, action] = if is_chosen(&name) { [other, name] } else { [name, other] };
                    return Err(BadBinding::Clash { key: *key, other, action });
                }
            }
        }
        let can_quit = self.rows().any(|row| row.binding.action == Action::Quit && !row.keys.is_empty());
        if can_quit { Ok(()) } else { Err(BadBinding::NoWayOut) }
    }

    /// The table in Markdown, as it stands in the README.
    pub fn markdown(&self) -> String {
        let row = |row: Row<'_>| {
            let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
            format!("| {} | {} |\n", keys.join(" "), row.binding.help)
        };
        self.rows().map(row).fold("| key | what it does |\n|---|---|\n".to_owned(), |table, row| table + &row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keymap(rows: &[(&str, &[Key])]) -> Keymap {
        let mut keymap = Keymap::default();
        for (name, keys) in rows {
            assert!(keymap.rebind(name, keys.to_vec()), "{name}");
        }
        keymap
    }

    #[test]
    fn without_a_choice_it_is_the_table() {
        let keymap = Keymap::default();
        assert!(keymap.rows().all(|row| row.keys == row.binding.keys));
        assert_eq!(keymap.check(|_| true), Ok(()));
    }

    #[test]
    fn a_row_takes_other_keys_and_leaves_its_own() {
        let keymap = keymap(&[("revoke", &[Key::Char('d'), Key::F(8)])]);
        assert_eq!(keymap.action(Key::Char('d')), Some(Action::Revoke));
        assert_eq!((keymap.action(Key::Char('x')), keymap.action(Key::Delete)), (None, None));
        assert_eq!(keymap.press(Action::Revoke), "d");
        assert!(keymap.markdown().contains("| `d` `F8` | revoke the lease; a dialog asks first |"));
        assert_eq!(keymap.check(|_| true), Ok(()));
        assert!(!Keymap::default().rebind("destroy", vec![Key::Char('d')]));
    }

    #[test]
    fn a_row_without_keys_is_named_by_its_action() {
        let keymap = keymap(&[("revoke", &[])]);
        assert_eq!((keymap.action(Key::Char('x')), keymap.press(Action::Revoke)), (None, "revoke".to_owned()));
    }

    #[test]
    fn of_two_rows_with_one_key_the_chosen_one_is_wrong() {
        let wrong = |rows: &[(&str, &[Key])]| {
            let chosen: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
            keymap(rows).check(|name| chosen.contains(&name)).map_err(|bad| (bad.action().to_owned(), bad.to_string()))
        };
        let (row, why) = wrong(&[("new", &[Key::Char('q')])]).unwrap_err();
        assert_eq!((row.as_str(), why.contains("`q` is the key of quit too")), ("new", true), "{why}");
        let (row, why) = wrong(&[("quit", &[Key::Char('n')])]).unwrap_err();
        assert_eq!((row.as_str(), why.contains("`n` is the key of new too")), ("quit", true), "{why}");
        assert_eq!(wrong(&[("new", &[Key::Char('q')]), ("quit", &[Key::Char('n')])]), Ok(()), "they may change places");
    }

    #[test]
    fn no_key_opens_a_question_and_confirms_it() {
        for (name, key) in [("revoke", 'y'), ("keep-alive", 'y'), ("quit", 'r'), ("drill", '3')] {
            let mut keymap = keymap(&[(name, &[Key::Char(key)])]);
            // What has that key by itself goes out of the way.
            keymap.keys.iter_mut().filter(|keys| **keys != [Key::Char(key)]).for_each(Vec::clear);
            let bad = keymap.check(|_| true);
            assert_eq!(bad, Err(BadBinding::Confirms { key: Key::Char(key), action: name.to_owned() }));
        }
    }

    #[test]
    fn there_is_a_way_out() {
        assert_eq!(keymap(&[("quit", &[])]).check(|_| true), Err(BadBinding::NoWayOut));
    }
}
