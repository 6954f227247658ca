//! Where a key works, and what keys do in dialogs. Dialog keys are rows of the same table as the monitor's keys.

use super::Key;

/// Where a key works: in the monitor or in one of its dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyContext {
    /// No dialog is open.
    Monitor,
    /// The help.
    Help,
    /// The filter line.
    Filter,
    /// The sort menu.
    Sort,
    /// The menu that selects and reorders columns.
    Columns,
    /// The form for new leases.
    Grant,
    /// The form that attaches a key to a lease.
    Attach,
    /// The form that changes the TTL of a lease.
    ChangeTtl,
    /// The dialog before adopting other clients' leases.
    Adopt,
    /// The dialog before renewing other clients' leases once.
    Renew,
    /// The dialog before revoking a lease.
    Revoke,
    /// The dialog before revoking several leases.
    RevokeMany,
    /// The progress of a bulk revoke.
    Results,
    /// The drill menu.
    Drill,
    /// The menu of sandbox clock speeds.
    Warp,
    /// The dialog before quitting.
    Quit,
    /// The dialog before suspending.
    Suspend,
    /// The menu that mutes warnings.
    Mute,
    /// The command line.
    Command,
    /// The menu of clusters.
    Clusters,
    /// The dialog before leaving a cluster with leases that are kept alive.
    Leave,
    /// The dialog before writing the config file.
    WriteConfig,
}

impl KeyContext {
    /// The monitor and all dialogs.
    pub(super) const ALL: [KeyContext; 22] = [
        KeyContext::Monitor,
        KeyContext::Help,
        KeyContext::Filter,
        KeyContext::Sort,
        KeyContext::Columns,
        KeyContext::Grant,
        KeyContext::Attach,
        KeyContext::ChangeTtl,
        KeyContext::Adopt,
        KeyContext::Renew,
        KeyContext::Revoke,
        KeyContext::RevokeMany,
        KeyContext::Results,
        KeyContext::Drill,
        KeyContext::Warp,
        KeyContext::Quit,
        KeyContext::Suspend,
        KeyContext::Mute,
        KeyContext::Command,
        KeyContext::Clusters,
        KeyContext::Leave,
        KeyContext::WriteConfig,
    ];

    /// All dialogs.
    pub const DIALOGS: [KeyContext; 21] = {
        let [_, dialogs @ ..] = KeyContext::ALL;
        dialogs
    };

    /// The name used in messages and by `leasetop keys`.
    pub fn name(self) -> &'static str {
        match self {
            KeyContext::Monitor => "monitor",
            KeyContext::Help => "help",
            KeyContext::Filter => "filter",
            KeyContext::Sort => "sort",
            KeyContext::Columns => "columns",
            KeyContext::Grant => "grant",
            KeyContext::Attach => "attach",
            KeyContext::ChangeTtl => "change-ttl",
            KeyContext::Adopt => "adopt",
            KeyContext::Renew => "renew",
            KeyContext::Revoke => "revoke",
            KeyContext::RevokeMany => "revoke-many",
            KeyContext::Results => "results",
            KeyContext::Drill => "drill",
            KeyContext::Warp => "warp",
            KeyContext::Quit => "quit",
            KeyContext::Suspend => "suspend",
            KeyContext::Mute => "mute",
            KeyContext::Command => "command",
            KeyContext::Clusters => "clusters",
            KeyContext::Leave => "leave",
            KeyContext::WriteConfig => "write-config",
        }
    }

    /// Whether this key edits text or selects by digit in this context, so it cannot be bound to anything else.
    pub(super) fn edits(self, key: Key) -> bool {
        let is_digit = matches!(key, Key::Char(c) if c.is_ascii_digit());
        let is_edit = key.edit().is_some();
        match self {
            KeyContext::Grant
            | KeyContext::Attach
            | KeyContext::ChangeTtl
            | KeyContext::Filter
            | KeyContext::Command => is_edit,
            KeyContext::Revoke | KeyContext::RevokeMany => {
                is_digit || is_edit && !matches!(key, Key::Char(_) | Key::Left | Key::Right)
            }
            KeyContext::Drill | KeyContext::Warp | KeyContext::Clusters => is_digit,
            _ => false,
        }
    }
}

/// The effect of a key in a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DialogAction {
    /// Close the dialog without doing anything.
    Close,
    /// Accept the focused answer or the typed text.
    Accept,
    /// Focus the next answer.
    Next,
    /// Focus the previous answer.
    Previous,
    /// Confirm, whichever answer has the focus.
    Confirm,
    /// Answer a question with no.
    Decline,
    /// Close a form, or clear the filter line.
    FormClose,
    /// Go to the next field.
    FormNext,
    /// Go to the previous field.
    FormPrevious,
    /// Drop one more answer in the drill.
    MoreAnswers,
    /// Drop one answer less in the drill.
    FewerAnswers,
    /// Make the slow reader read less often.
    SlowerReader,
    /// Make the slow reader read more often.
    FasterReader,
    /// Show or hide the selected column.
    ColumnToggle,
    /// Move the selected column one place to the left.
    ColumnUp,
    /// Move the selected column one place to the right.
    ColumnDown,
    /// Quit without revoking.
    QuitLeave,
    /// Revoke the own leases, then quit.
    QuitRevoke,
    /// Do not quit.
    QuitStay,
    /// Insert the next completion.
    CompleteNext,
    /// Insert the previous completion.
    CompletePrevious,
    /// Show the next older line of the history.
    HistoryOlder,
    /// Show the next newer line of the history.
    HistoryNewer,
    /// Switch to another cluster and keep renewing in the background.
    LeaveKeep,
    /// Switch to another cluster and stop renewing.
    LeaveStop,
    /// Revoke the own leases, then switch to another cluster.
    LeaveRevoke,
}

impl DialogAction {
    /// The name used in the config file and by `leasetop keys`.
    pub fn name(self) -> &'static str {
        match self {
            DialogAction::Close => "dialog-close",
            DialogAction::Accept => "dialog-accept",
            DialogAction::Next => "dialog-next",
            DialogAction::Previous => "dialog-previous",
            DialogAction::Confirm => "dialog-confirm",
            DialogAction::Decline => "dialog-decline",
            DialogAction::FormClose => "form-close",
            DialogAction::FormNext => "form-next",
            DialogAction::FormPrevious => "form-previous",
            DialogAction::MoreAnswers => "drill-more",
            DialogAction::FewerAnswers => "drill-fewer",
            DialogAction::SlowerReader => "drill-slower",
            DialogAction::FasterReader => "drill-faster",
            DialogAction::ColumnToggle => "columns-toggle",
            DialogAction::ColumnUp => "columns-up",
            DialogAction::ColumnDown => "columns-down",
            DialogAction::QuitLeave => "quit-leave",
            DialogAction::QuitRevoke => "quit-revoke",
            DialogAction::QuitStay => "quit-stay",
            DialogAction::CompleteNext => "complete-next",
            DialogAction::CompletePrevious => "complete-previous",
            DialogAction::HistoryOlder => "history-older",
            DialogAction::HistoryNewer => "history-newer",
            DialogAction::LeaveKeep => "leave-keep",
            DialogAction::LeaveStop => "leave-stop",
            DialogAction::LeaveRevoke => "leave-revoke",
        }
    }

    /// The dialogs in which the action works.
    pub fn contexts(self) -> &'static [KeyContext] {
        use KeyContext::{
            Adopt, Attach, ChangeTtl, Clusters, Columns, Command, Drill, Filter, Grant, Help, Leave, Mute, Quit, Renew,
            Results, Revoke, RevokeMany, Sort, Suspend, Warp, WriteConfig,
        };
        match self {
            DialogAction::Close => &[
                Help,
                Sort,
                Columns,
                Adopt,
                Renew,
                Revoke,
                RevokeMany,
                Results,
                Drill,
                Warp,
                Suspend,
                Mute,
                Clusters,
                Leave,
                WriteConfig,
            ],
            DialogAction::Accept => &KeyContext::DIALOGS,
            DialogAction::Next | DialogAction::Previous => &[Adopt, Renew, Revoke, Quit, Leave, WriteConfig],
            DialogAction::Confirm => &[Adopt, Renew, Revoke, WriteConfig],
            DialogAction::Decline => &[Adopt, Renew, Revoke, RevokeMany, WriteConfig],
            DialogAction::FormClose => &[Filter, Grant, Attach, ChangeTtl, Command],
            DialogAction::FormNext | DialogAction::FormPrevious => &[Grant, Attach, ChangeTtl],
            DialogAction::MoreAnswers
            | DialogAction::FewerAnswers
            | DialogAction::SlowerReader
            | DialogAction::FasterReader => &[Drill],
            DialogAction::ColumnToggle | DialogAction::ColumnUp | DialogAction::ColumnDown => &[Columns],
            DialogAction::QuitLeave | DialogAction::QuitRevoke | DialogAction::QuitStay => &[Quit],
            DialogAction::CompleteNext | DialogAction::CompletePrevious => &[Command, Filter],
            DialogAction::HistoryOlder | DialogAction::HistoryNewer => &[Command, Filter],
            DialogAction::LeaveKeep | DialogAction::LeaveStop | DialogAction::LeaveRevoke => &[Leave],
        }
    }

    /// Whether the action needs a key: without it, the user could not leave a dialog.
    pub(super) fn must_be_bound(self) -> bool {
        matches!(self, DialogAction::Close | DialogAction::Accept | DialogAction::FormClose | DialogAction::QuitStay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_fields_take_every_character_and_menus_take_digits() {
        let edits = |context: KeyContext, keys: &[Key]| keys.iter().map(|key| context.edits(*key)).collect::<Vec<_>>();
        let keys = [Key::Char('x'), Key::Char('1'), Key::Backspace, Key::Left, Key::Tab, Key::Esc];
        assert_eq!(edits(KeyContext::Grant, &keys), [true, true, true, true, false, false]);
        assert_eq!(edits(KeyContext::Revoke, &keys), [false, true, true, false, false, false]);
        assert_eq!(edits(KeyContext::Drill, &keys), [false, true, false, false, false, false]);
        assert_eq!(edits(KeyContext::Monitor, &keys), [false; 6]);
    }

    /// The place of a context in [`KeyContext::ALL`]. A new context gets the next number here, and must be added there.
    fn place(context: KeyContext) -> usize {
        match context {
            KeyContext::Monitor => 0,
            KeyContext::Help => 1,
            KeyContext::Filter => 2,
            KeyContext::Sort => 3,
            KeyContext::Columns => 4,
            KeyContext::Grant => 5,
            KeyContext::Attach => 6,
            KeyContext::ChangeTtl => 7,
            KeyContext::Adopt => 8,
            KeyContext::Renew => 9,
            KeyContext::Revoke => 10,
            KeyContext::RevokeMany => 11,
            KeyContext::Results => 12,
            KeyContext::Drill => 13,
            KeyContext::Warp => 14,
            KeyContext::Quit => 15,
            KeyContext::Suspend => 16,
            KeyContext::Mute => 17,
            KeyContext::Command => 18,
            KeyContext::Clusters => 19,
            KeyContext::Leave => 20,
            KeyContext::WriteConfig => 21,
        }
    }

    #[test]
    fn every_context_is_listed_once() {
        assert_eq!(KeyContext::ALL.map(place), std::array::from_fn(|index| index));
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
