//! What the keys of the dialogs do. They are rows of the same table as those of the monitor, and hold in some dialogs.

use super::Key;
use super::dialog::edit;

/// Where a key holds: in the monitor itself, or in one of its dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
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

impl Scope {
    /// Every dialog.
    pub const DIALOGS: [Scope; 13] = [
        Scope::Help,
        Scope::Filter,
        Scope::Sort,
        Scope::Grant,
        Scope::Attach,
        Scope::Adopt,
        Scope::Revoke,
        Scope::RevokeMany,
        Scope::Results,
        Scope::Drill,
        Scope::Warp,
        Scope::Quit,
        Scope::Suspend,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Monitor => "monitor",
            Scope::Help => "help",
            Scope::Filter => "filter",
            Scope::Sort => "sort",
            Scope::Grant => "grant",
            Scope::Attach => "attach",
            Scope::Adopt => "adopt",
            Scope::Revoke => "revoke",
            Scope::RevokeMany => "revoke-many",
            Scope::Results => "results",
            Scope::Drill => "drill",
            Scope::Warp => "warp",
            Scope::Quit => "quit",
            Scope::Suspend => "suspend",
        }
    }

    /// Whether this key types or edits a text there, or chooses by a digit: it can do nothing else.
    pub(super) fn types(self, key: Key) -> bool {
        let is_digit = matches!(key, Key::Char(c) if c.is_ascii_digit());
        let is_edit = edit(key).is_some();
        match self {
            Scope::Grant | Scope::Attach | Scope::Filter => is_edit,
            Scope::Revoke | Scope::RevokeMany => {
                is_digit || is_edit && !matches!(key, Key::Char(_) | Key::Left | Key::Right)
            }
            Scope::Drill | Scope::Warp => is_digit,
            _ => false,
        }
    }
}

/// What a key does in a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
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

impl Reply {
    /// What it is called in a config file and by `leasetop keys`.
    pub fn name(self) -> &'static str {
        match self {
            Reply::Close => "dialog-close",
            Reply::Accept => "dialog-accept",
            Reply::Next => "dialog-next",
            Reply::Previous => "dialog-previous",
            Reply::Confirm => "dialog-confirm",
            Reply::FormClose => "form-close",
            Reply::FormNext => "form-next",
            Reply::FormPrevious => "form-previous",
            Reply::MoreAnswers => "drill-more",
            Reply::FewerAnswers => "drill-fewer",
            Reply::SlowerReader => "drill-slower",
            Reply::FasterReader => "drill-faster",
            Reply::QuitLeave => "quit-leave",
            Reply::QuitRevoke => "quit-revoke",
            Reply::QuitStay => "quit-stay",
        }
    }

    /// The dialogs in which it does something.
    pub fn scopes(self) -> &'static [Scope] {
        use Scope::{
            Adopt, Attach, Drill, Filter, Grant, Help, Quit, Results, Revoke, RevokeMany, Sort, Suspend, Warp,
        };
        match self {
            Reply::Close => &[Help, Sort, Adopt, Revoke, RevokeMany, Results, Drill, Warp, Suspend],
            Reply::Accept => &Scope::DIALOGS,
            Reply::Next | Reply::Previous => &[Adopt, Revoke, Quit],
            Reply::Confirm => &[Adopt, Revoke],
            Reply::FormClose => &[Filter, Grant, Attach],
            Reply::FormNext | Reply::FormPrevious => &[Grant, Attach],
            Reply::MoreAnswers | Reply::FewerAnswers | Reply::SlowerReader | Reply::FasterReader => &[Drill],
            Reply::QuitLeave | Reply::QuitRevoke | Reply::QuitStay => &[Quit],
        }
    }

    /// Whether nobody finds the way out without a key for it.
    pub(super) fn is_needed(self) -> bool {
        matches!(self, Reply::Close | Reply::Accept | Reply::FormClose | Reply::QuitStay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_letters_are_typed_where_a_text_or_a_number_is() {
        let types = |scope: Scope, keys: &[Key]| keys.iter().map(|key| scope.types(*key)).collect::<Vec<_>>();
        let keys = [Key::Char('x'), Key::Char('1'), Key::Backspace, Key::Left, Key::Tab, Key::Esc];
        assert_eq!(types(Scope::Grant, &keys), [true, true, true, true, false, false]);
        assert_eq!(types(Scope::Revoke, &keys), [false, true, true, false, false, false]);
        assert_eq!(types(Scope::Drill, &keys), [false, true, false, false, false, false]);
        assert_eq!(types(Scope::Monitor, &keys), [false; 6]);
    }

    #[test]
    fn every_dialog_can_be_closed_and_answered() {
        for scope in Scope::DIALOGS {
            let ways_out = [Reply::Close, Reply::FormClose, Reply::QuitStay];
            assert_eq!(ways_out.iter().filter(|reply| reply.scopes().contains(&scope)).count(), 1, "{scope:?}");
            assert!(Reply::Accept.scopes().contains(&scope));
        }
    }
}
