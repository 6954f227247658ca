//! The effective key bindings: the rows of [`KEYMAP`], with the user's keys where configured.

use super::keymap::{Action, Binding, KEYMAP};
use super::{DialogAction, Key, KeyContext, View};

/// The effective key bindings. Each row of [`KEYMAP`] has its default keys or the keys configured for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// The keys of each row, in the order of [`KEYMAP`].
    keys: Vec<Vec<Key>>,
}

/// One row of the effective key bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeymapEntry<'a> {
    /// The row of [`KEYMAP`], with its action and default keys.
    pub binding: &'static Binding,
    /// The effective keys. Empty if the action was unbound.
    pub keys: &'a [Key],
}

/// Why a set of key bindings is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// One key is bound to two actions in the same context.
    #[error("`{key}` is already bound to `{other}`{}", in_dialog(*.context))]
    Clash {
        /// The key in question.
        key: Key,
        /// A context in which both actions work.
        context: KeyContext,
        /// Name of the conflicting action that is considered right.
        other: String,
        /// Name of the action that is considered wrong.
        action: String,
    },
    /// A key both opens a dialog and confirms it: pressing it twice would act.
    #[error("`{key}` also confirms the dialog of `{asks}`, so pressing it twice would act; choose another key")]
    Confirms {
        /// The key in question.
        key: Key,
        /// Name of the action that opens the dialog.
        asks: String,
        /// Name of the action to report: the one that opens the dialog, or the one that confirms it.
        action: String,
    },
    /// A key is bound to an action where it types text.
    #[error("`{key}` types or edits text{}; choose another key", in_dialog(*.context))]
    Typed {
        /// The key in question.
        key: Key,
        /// The context in which it types text.
        context: KeyContext,
        /// Name of the action it was bound to.
        action: String,
    },
    /// An action without which the user could not quit the monitor or leave a dialog has no key.
    #[error("`{action}` needs a key")]
    NoWayOut {
        /// Name of the action without a key.
        action: String,
    },
}

fn in_dialog(context: KeyContext) -> String {
    if context == KeyContext::Monitor { String::new() } else { format!(" in dialog `{}`", context.name()) }
}

impl KeymapError {
    /// The name of the action to report with the error.
    pub fn action(&self) -> &str {
        match self {
            KeymapError::Clash { action, .. } | KeymapError::Confirms { action, .. } => action,
            KeymapError::Typed { action, .. } | KeymapError::NoWayOut { action } => action,
        }
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Keymap { keys: KEYMAP.iter().map(|binding| binding.keys.to_vec()).collect() }
    }
}

impl KeymapEntry<'_> {
    /// The keys separated by spaces, such as `x F9 Del`.
    pub fn in_words(&self) -> String {
        self.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// Whether the row belongs to a dialog.
    pub fn is_dialog_key(&self) -> bool {
        matches!(self.binding.action, Action::Dialog(_))
    }

    fn name(&self) -> String {
        self.binding.action.name()
    }

    /// A key that types text in a context in which it is also bound, with that context.
    fn typed(&self) -> Option<(Key, KeyContext)> {
        let scopes = self.binding.action.contexts().iter();
        scopes
            .flat_map(|context| self.keys.iter().map(move |key| (*key, *context)))
            .find(|(key, context)| context.edits(*key))
    }

    /// A key that both rows have, with a context they share.
    fn clash(&self, other: &KeymapEntry<'_>) -> Option<(Key, KeyContext)> {
        if !self.binding.action.shares_view_with(other.binding.action) {
            return None;
        }
        let shared =
            self.binding.action.contexts().iter().find(|context| other.binding.action.contexts().contains(context))?;
        self.keys.iter().find(|key| other.keys.contains(key)).map(|key| (*key, *shared))
    }
}

impl Keymap {
    /// The rows in the order of [`KEYMAP`].
    pub fn rows(&self) -> impl Iterator<Item = KeymapEntry<'_>> {
        KEYMAP.iter().zip(&self.keys).map(|(binding, keys)| KeymapEntry { binding, keys })
    }

    /// The action of a key while no dialog is open. `None` if the key is unbound.
    pub fn action(&self, key: Key) -> Option<Action> {
        self.rows().find(|row| row.keys.contains(&key) && !row.is_dialog_key()).map(|row| row.binding.action)
    }

    /// The action of a key in `view` while no dialog is open. A key may have one action in a view and another one elsewhere.
    /// If none of its actions works in the view, this is its first one. `None` if the key is unbound.
    pub fn action_in(&self, key: Key, view: View) -> Option<Action> {
        let rows = self.rows().filter(|row| row.keys.contains(&key) && !row.is_dialog_key());
        let in_view = rows.map(|row| row.binding.action).find(|action| action.works_in(view));
        in_view.or_else(|| self.action(key))
    }

    /// The action of a key in a dialog. `None` if the key is not bound there.
    pub fn dialog_action(&self, context: KeyContext, key: Key) -> Option<DialogAction> {
        self.rows().find_map(|row| match row.binding.action {
            Action::Dialog(reply) if row.keys.contains(&key) && reply.contexts().contains(&context) => Some(reply),
            _ => None,
        })
    }

    /// The first key of an action. `None` if it is unbound.
    pub fn key(&self, action: Action) -> Option<Key> {
        self.keys(action).first().copied()
    }

    fn keys(&self, action: Action) -> &[Key] {
        self.rows().find(|row| row.binding.action == action).map_or(&[], |row| row.keys)
    }

    /// The first key of an action for use in a sentence, or the action's name if it is unbound.
    pub fn key_label(&self, action: Action) -> String {
        self.key(action).map_or_else(|| action.name(), |key| key.to_string())
    }

    /// Replaces the keys of the action called `name`. An empty list unbinds it. Returns false if no action has that
    /// name.
    pub fn rebind(&mut self, name: &str, keys: Vec<Key>) -> bool {
        let place = KEYMAP.iter().position(|binding| binding.action.name() == name);
        place.map(|place| self.keys[place] = keys).is_some()
    }

    /// Checks that each key has one meaning per context, that no key confirms the dialog it opens, that no bound key
    /// types text, and that the user can quit the monitor and leave every dialog.
    ///
    /// # Errors
    /// Returns the first violation. `is_chosen` says whether the user chose the keys of an action: of two conflicting
    /// actions, the error names that one.
    pub fn check(&self, is_chosen: impl Fn(&str) -> bool) -> Result<(), KeymapError> {
        let rows: Vec<KeymapEntry<'_>> = self.rows().collect();
        for (place, row) in rows.iter().enumerate() {
            self.check_confirming(row, &is_chosen)?;
            if let Some((key, context)) = row.typed() {
                return Err(KeymapError::Typed { key, context, action: row.name() });
            }
            let clash = rows[..place].iter().find_map(|other| Some((other, row.clash(other)?)));
            if let Some((other, (key, context))) = clash {
                let (name, other) = (row.name(), other.name());
                let [other, action] = if is_chosen(&name) { [other, name] } else { [name, other] };
                return Err(KeymapError::Clash { key, context, other, action });
            }
            if row.keys.is_empty() && row.binding.action.must_be_bound() {
                return Err(KeymapError::NoWayOut { action: row.name() });
            }
        }
        Ok(())
    }

    /// Checks that no key of a row confirms the dialog that the row opens, or starts one of its choices.
    fn check_confirming(&self, row: &KeymapEntry<'_>, is_chosen: &impl Fn(&str) -> bool) -> Result<(), KeymapError> {
        let reply = row.binding.action.confirm_action();
        let keys = reply.map_or(row.binding.action.reserved_digits(), |reply| self.keys(Action::Dialog(reply)));
        let Some(key) = row.keys.iter().find(|key| keys.contains(key)) else { return Ok(()) };
        let asks = row.name();
        let confirming = reply.map(|reply| reply.name().to_owned()).filter(|name| is_chosen(name) && !is_chosen(&asks));
        Err(KeymapError::Confirms { key: *key, action: confirming.unwrap_or_else(|| asks.clone()), asks })
    }

    /// The bindings as Markdown tables for `docs/keys.md`: first the monitor's keys, then those of the dialogs.
    pub fn markdown(&self) -> String {
        let row = |row: KeymapEntry<'_>| {
            let keys: Vec<String> = row.keys.iter().map(|key| format!("`{key}`")).collect();
            format!("| {} | {} |\n", keys.join(" "), row.binding.help)
        };
        let rows = |of_dialogs| self.rows().filter(move |row| row.is_dialog_key() == of_dialogs).map(row);
        let head = |title: &str| format!("| key | {title} |\n|---|---|\n");
        let (monitor, dialogs): (String, String) = (rows(false).collect(), rows(true).collect());
        [head("what it does"), monitor, "\n".to_owned(), head("what it does in dialogs"), dialogs].concat()
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

    /// The action reported as wrong, and the message.
    fn wrong(rows: &[(&str, &[Key])]) -> Result<(), (String, String)> {
        let chosen: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
        keymap(rows).check(|name| chosen.contains(&name)).map_err(|bad| (bad.action().to_owned(), bad.to_string()))
    }

    #[test]
    fn the_default_keymap_is_the_table() {
        let keymap = Keymap::default();
        assert!(keymap.rows().all(|row| row.keys == row.binding.keys));
        assert_eq!(keymap.check(|_| true), Ok(()));
    }

    #[test]
    fn configured_keys_replace_the_default_ones() {
        let keymap = keymap(&[("revoke", &[Key::Char('d'), Key::F(8)])]);
        assert_eq!(keymap.action(Key::Char('d')), Some(Action::Revoke));
        assert_eq!((keymap.action(Key::Char('x')), keymap.action(Key::Delete)), (None, None));
        assert_eq!(keymap.key_label(Action::Revoke), "d");
        assert!(keymap.markdown().contains("| `d` `F8` | revoke the lease; asks first |"));
        assert_eq!(keymap.check(|_| true), Ok(()));
        assert!(!Keymap::default().rebind("destroy", vec![Key::Char('d')]));
    }

    #[test]
    fn a_row_without_keys_is_named_by_its_action() {
        let keymap = keymap(&[("revoke", &[])]);
        assert_eq!((keymap.action(Key::Char('x')), keymap.key_label(Action::Revoke)), (None, "revoke".to_owned()));
    }

    #[test]
    fn a_key_can_have_another_action_in_each_dialog() {
        let keymap = keymap(&[("dialog-confirm", &[Key::Char('d')]), ("quit-revoke", &[Key::Char('d')])]);
        assert_eq!(keymap.check(|_| true), Ok(()));
        let d = |context| keymap.dialog_action(context, Key::Char('d'));
        assert_eq!(
            (d(KeyContext::Revoke), d(KeyContext::Quit), d(KeyContext::Help)),
            (Some(DialogAction::Confirm), Some(DialogAction::QuitRevoke), None)
        );
        assert_eq!(
            (keymap.action(Key::Char('d')), keymap.dialog_action(KeyContext::Revoke, Key::Char('y'))),
            (None, None)
        );
    }

    #[test]
    fn a_clash_is_reported_for_the_action_that_the_user_bound() {
        let (row, why) = wrong(&[("new", &[Key::Char('q')])]).unwrap_err();
        assert_eq!((row.as_str(), why.contains("`q` is already bound to `quit`")), ("new", true), "{why}");
        let (row, why) = wrong(&[("quit", &[Key::Char('n')])]).unwrap_err();
        assert_eq!((row.as_str(), why.contains("`n` is already bound to `new`")), ("quit", true), "{why}");
        assert_eq!(wrong(&[("new", &[Key::Char('q')]), ("quit", &[Key::Char('n')])]), Ok(()), "they may change places");
    }

    #[test]
    fn a_key_with_two_actions_in_one_dialog_is_an_error() {
        for (name, key, told) in [
            ("dialog-confirm", Key::Char('q'), "`q` is already bound to `dialog-close` in dialog `adopt`"),
            ("dialog-next", Key::Enter, "`Enter` is already bound to `dialog-accept` in dialog `adopt`"),
            ("quit-revoke", Key::Tab, "`Tab` is already bound to `dialog-next` in dialog `quit`"),
            ("form-next", Key::Esc, "`Esc` is already bound to `form-close` in dialog `grant`"),
            ("drill-more", Key::Char('-'), "`-` is already bound to `drill-fewer` in dialog `drill`"),
            ("dialog-close", Key::Char('j'), "`j` is already bound to `down` in dialog `help`"),
            ("dialog-close", Key::Char('I'), "`I` is already bound to `invert-sort` in dialog `sort`"),
            ("dialog-confirm", Key::Ctrl('l'), "`Ctrl-l` is already bound to `redraw` in dialog `adopt`"),
        ] {
            let (row, why) = wrong(&[(name, &[key])]).unwrap_err();
            assert!(row == name && why.starts_with(told), "{row}: {why}");
        }
    }

    #[test]
    fn a_key_that_types_text_in_a_dialog_cannot_be_bound_there() {
        for (name, key, context) in [
            ("form-next", Key::Char('x'), "grant"),
            ("form-close", Key::Backspace, "filter"),
            ("dialog-accept", Key::Char('y'), "filter"),
            ("dialog-confirm", Key::Char('1'), "revoke"),
            ("dialog-close", Key::Home, "revoke"),
            ("drill-slower", Key::Char('5'), "drill"),
            ("suspend", Key::Char('S'), "filter"),
        ] {
            let (row, why) = wrong(&[(name, &[key])]).unwrap_err();
            assert!(
                row == name && why.starts_with(&format!("`{key}` types or edits text in dialog `{context}`")),
                "{row}: {why}"
            );
        }
    }

    #[test]
    fn no_key_opens_a_question_and_confirms_it() {
        for (name, key) in [("revoke", 'y'), ("keep-alive", 'y'), ("quit", 'r'), ("drill", '3'), ("warp", '2')] {
            let mut keymap = keymap(&[(name, &[Key::Char(key)])]);
            // Unbind the default action of that key, so that only the confirmation conflicts.
            let rows = keymap.keys.iter_mut().zip(KEYMAP).filter(|(_, row)| !matches!(row.action, Action::Dialog(_)));
            rows.filter(|(keys, row)| row.action.name() != name && keys.contains(&Key::Char(key)))
                .for_each(|row| row.0.clear());
            let bad = keymap.check(|one| one == name).expect_err("it confirms");
            assert!(
                matches!(&bad, KeymapError::Confirms { asks, .. } if asks == name) && bad.action() == name,
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_configured_confirmation_key_must_not_open_its_question() {
        let (row, why) = wrong(&[("dialog-confirm", &[Key::Char('a')])]).unwrap_err();
        assert_eq!(
            (row.as_str(), why.starts_with("`a` also confirms the dialog of `keep-alive`")),
            ("dialog-confirm", true)
        );
        let (row, _) = wrong(&[("dialog-confirm", &[Key::Char('d')]), ("revoke", &[Key::Char('d')])]).unwrap_err();
        assert_eq!(row, "revoke");
        let (row, _) = wrong(&[("quit-revoke", &[Key::Char('q')]), ("quit-leave", &[])]).unwrap_err();
        assert_eq!(row, "quit-revoke");
    }

    #[test]
    fn actions_that_leave_a_dialog_must_be_bound() {
        for name in ["quit", "dialog-close", "dialog-accept", "form-close", "quit-stay"] {
            let bad = keymap(&[(name, &[])]).check(|_| true);
            assert_eq!(bad, Err(KeymapError::NoWayOut { action: name.to_owned() }));
        }
    }
}
