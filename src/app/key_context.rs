//! What the keys of the dialogs do. They are rows of the same table as those of the monitor, and hold in some dialogs.

use super::Key;

/// Where a key holds: in the monitor itself, or in one of its dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyContext {
    /// No dialog is open.
    Monitor,
    /// The help.
    Help,
    /// The line in which a filter is typed.
    Filter,
    /// The menu of what can be sorted by.
    Sort,
    /// The form for new leases.
    Grant,
    /// The form that attaches a key.
    Attach,
    /// The question before other clients' leases are kept alive.
    Adopt,
    /// The question before a lease is revoked.
    Revoke,
    /// The question before several are.
    RevokeMany,
    /// How revoking several goes on.
    Results,
    /// The drills.
    Drill,
    /// The speeds of a sandbox.
    Warp,
    /// The question before the program ends.
    Quit,
    /// The question before it is suspended.
    Suspend,
}

impl KeyContext {
    /// Every dialog.
    pub const DIALOGS: [KeyContext; 13] = [
        KeyContext::Help,
        KeyContext::Filter,
        KeyContext::Sort,
        KeyContext::Grant,
        KeyContext::Attach,
        KeyContext::Adopt,
        KeyContext::Revoke,
        KeyContext::RevokeMany,
        KeyContext::Results,
        KeyContext::Drill,
        KeyContext::Warp,
        KeyContext::Quit,
        KeyContext::Suspend,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            KeyContext::Monitor => "monitor",
            KeyContext::Help => "help",
            KeyContext::Filter => "filter",
            KeyContext::Sort => "sort",
            KeyContext::Grant => "grant",
            KeyContext::Attach => "attach",
            KeyContext::Adopt => "adopt",
            KeyContext::Revoke => "revoke",
            KeyContext::RevokeMany => "revoke-many",
            KeyContext::Results => "results",
            KeyContext::Drill => "drill",
            KeyContext::Warp => "warp",
            KeyContext::Quit => "quit",
            KeyContext::Suspend => "suspend",
        }
    }

    /// Whether this key types or edits a text there, or chooses by a digit: it can do nothing else.
    pub(super) fn types(self, key: Key) -> bool {
        let is_digit = matches!(key, Key::Char(c) if c.is_ascii_digit());
        let is_edit = key.edit().is_some();
        match self {
            KeyContext::Grant | KeyContext::Attach | KeyContext::Filter => is_edit,
            KeyContext::Revoke | KeyContext::RevokeMany => {
                is_digit || is_edit && !matches!(key, Key::Char(_) | Key::Left | Key::Right)
            }
            KeyContext::Drill | KeyContext::Warp => is_digit,
            _ => false,
        }
    }
}

/// What a key does in a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DialogAction {
    /// Close it: nothing is done.
    Close,
    /// Give the answer that has the focus, or what was typed.
    Accept,
    /// To the next answer.
    Next,
    /// To the answer before.
    Previous,
    /// Yes, whatever has the focus.
    Confirm,
    /// Close a form, or clear the filter.
    FormClose,
    /// To the next field.
    FormNext,
    /// To the field before.
    FormPrevious,
    /// A drill that drops one answer more.
    MoreAnswers,
    /// One that drops one less.
    FewerAnswers,
    /// A consumer that reads less often.
    SlowerReader,
    /// One that reads more often.
    FasterReader,
    /// Leave the leases and end.
    QuitLeave,
    /// Revoke the own ones and end.
    QuitRevoke,
    /// Do not end.
    QuitStay,
}

impl DialogAction {
    /// What it is called in a config file and by `leasetop keys`.
    pub fn name(self) -> &'static str {
        match self {
            DialogAction::Close => "dialog-close",
            DialogAction::Accept => "dialog-accept",
            DialogAction::Next => "dialog-next",
            DialogAction::Previous => "dialog-previous",
            DialogAction::Confirm => "dialog-confirm",
            DialogAction::FormClose => "form-close",
            DialogAction::FormNext => "form-next",
            DialogAction::FormPrevious => "form-previous",
            DialogAction::MoreAnswers => "drill-more",
            DialogAction::FewerAnswers => "drill-fewer",
            DialogAction::SlowerReader => "drill-slower",
            DialogAction::FasterReader => "drill-faster",
            DialogAction::QuitLeave => "quit-leave",
            DialogAction::QuitRevoke => "quit-revoke",
            DialogAction::QuitStay => "quit-stay",
        }
    }

    /// The dialogs in which it does something.
    pub fn contexts(self) -> &'static [KeyContext] {
        use KeyContext::{
            Adopt, Attach, Drill, Filter, Grant, Help, Quit, Results, Revoke, RevokeMany, Sort, Suspend, Warp,
        };
        match self {
            DialogAction::Close => &[Help, Sort, Adopt, Revoke, RevokeMany, Results, Drill, Warp, Suspend],
            DialogAction::Accept => &KeyContext::DIALOGS,
            DialogAction::Next | DialogAction::Previous => &[Adopt, Revoke, Quit],
            DialogAction::Confirm => &[Adopt, Revoke],
            DialogAction::FormClose => &[Filter, Grant, Attach],
            DialogAction::FormNext | DialogAction::FormPrevious => &[Grant, Attach],
            DialogAction::MoreAnswers
            | DialogAction::FewerAnswers
            | DialogAction::SlowerReader
            | DialogAction::FasterReader => &[Drill],
            DialogAction::QuitLeave | DialogAction::QuitRevoke | DialogAction::QuitStay => &[Quit],
        }
    }

    /// Whether nobody finds the way out without a key for it.
    pub(super) fn must_be_bound(self) -> bool {
        matches!(self, DialogAction::Close | DialogAction::Accept | DialogAction::FormClose | DialogAction::QuitStay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_letters_are_typed_where_a_text_or_a_number_is() {
        let types = |context: KeyContext, keys: &[Key]| keys.iter().map(|key| context.types(*key)).collect::<Vec<_>>();
        let keys = [Key::Char('x'), Key::Char('1'), Key::Backspace, Key::Left, Key::Tab, Key::Esc];
        assert_eq!(types(KeyContext::Grant, &keys), [true, true, true, true, false, false]);
        assert_eq!(types(KeyContext::Revoke, &keys), [false, true, true, false, false, false]);
        assert_eq!(types(KeyContext::Drill, &keys), [false, true, false, false, false, false]);
        assert_eq!(types(KeyContext::Monitor, &keys), [false; 6]);
    }

    #[test]
    fn every_dialog_can_be_closed_and_answered() {
        for context in KeyContext::DIALOGS {
            let ways_out = [DialogAction::Close, DialogAction::FormClose, DialogAction::QuitStay];
            assert_eq!(ways_out.iter().filter(|reply| reply.contexts().contains(&context)).count(), 1, "{context:?}");
            assert!(DialogAction::Accept.contexts().contains(&context));
        }
    }
}
