//! The default key table. Dispatch, the help dialog, `docs/keys.md` and the manual page are all generated from
//! [`KEYMAP`], through the effective [`Keymap`](super::Keymap).

pub use super::action::Action;
use super::{DialogAction, Key, View};

/// A row of the key table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The default keys. Any of them triggers the action.
    pub keys: &'static [Key],
    /// The action.
    pub action: Action,
    /// The label on the status line. `None` if the key is not shown there.
    pub hint: Option<&'static str>,
    /// The description in the help dialog and in `docs/keys.md`.
    pub help: &'static str,
}

const fn bind(keys: &'static [Key], action: Action, hint: Option<&'static str>, help: &'static str) -> Binding {
    Binding { keys, action, hint, help }
}

const fn reply(keys: &'static [Key], reply: DialogAction, help: &'static str) -> Binding {
    Binding { keys, action: Action::Dialog(reply), hint: None, help }
}

/// All keys: first the monitor's, then those of the dialogs.
pub const KEYMAP: &[Binding] = &[
    bind(&[Key::Char('n')], Action::New, Some("new"), "grant leases, with keys"),
    bind(&[Key::Char('a')], Action::KeepAlive, Some("keep alive"), "keep the lease alive, or stop"),
    bind(&[Key::Char('o')], Action::RenewOnce, Some("once"), "renew the lease once"),
    bind(&[Key::Char('x'), Key::F(9), Key::Delete], Action::Revoke, Some("revoke"), "revoke the lease; asks first"),
    bind(&[Key::Char('u')], Action::Undo, Some("undo revoke"), "undo the last revoke: grant the leases again"),
    bind(&[Key::Char('T')], Action::ChangeTtl, None, "change the TTL: move the keys to a new lease"),
    bind(&[Key::Enter], Action::Open, Some("open"), "open the lease, from any view; cadence: list the TTL's leases"),
    bind(&[Key::Char('}')], Action::NextLease, None, "go to the next lease"),
    bind(&[Key::Char('{')], Action::PreviousLease, None, "go to the previous lease"),
    bind(&[Key::Char('`')], Action::JumpBack, None, "jump back to where the cursor was before a grant"),
    bind(&[Key::Char('/')], Action::Filter, Some("filter"), "filter as you type; Esc clears"),
    bind(&[Key::Char('f')], Action::QuickFilter, Some("kind"), "cycle filter presets, or kinds of events"),
    bind(&[Key::Char(' ')], Action::Mark, Some("mark"), "mark; actions apply to the marked leases"),
    bind(&[Key::Char('v')], Action::MarkRange, None, "start a range; again: mark it"),
    bind(&[Key::Char('U')], Action::ClearMarks, None, "clear all marks"),
    bind(&[Key::Char('P')], Action::Pin, None, "pin or unpin"),
    bind(&[Key::Char('M')], Action::Mute, None, "mute a warning until it gets worse"),
    bind(&[Key::Char('t')], Action::Group, None, "group by service, TTL, owner, or not"),
    bind(&[Key::Char('F')], Action::Follow, None, "follow the selected lease as rows move"),
    bind(&[Key::Char('<')], Action::SortBefore, None, "sort by previous column"),
    bind(&[Key::Char('>')], Action::SortAfter, None, "sort by next column"),
    bind(&[Key::Char('I')], Action::InvertSort, None, "reverse the order"),
    bind(&[Key::Char('s'), Key::F(6)], Action::SortMenu, Some("sort"), "choose the sort column"),
    bind(&[Key::Char('C')], Action::Columns, None, "select and reorder columns"),
    bind(&[Key::Char('[')], Action::ShorterSpan, None, "shorten the time span of the charts"),
    bind(&[Key::Char(']')], Action::LongerSpan, None, "lengthen the time span of the charts"),
    bind(
        &[Key::Char('p')],
        Action::Freeze,
        Some("freeze"),
        "freeze or resume the display (renewals continue); recording: pause",
    ),
    bind(&[Key::Char('!')], Action::Drill, None, "start or stop a fault drill (own leases)"),
    bind(&[Key::Char('K')], Action::Attach, None, "attach a key to the lease"),
    bind(&[Key::Char('y')], Action::CopyId, None, "copy the lease id"),
    bind(&[Key::Char('Y')], Action::CopyCommand, None, "copy an etcdctl command for this lease"),
    bind(&[Key::Char('#')], Action::Ids, None, "toggle decimal and hex ids"),
    bind(&[Key::Char('W')], Action::Warp, None, "restart the sandbox exercise at 1x, 10x or 60x"),
    bind(&[Key::Char('r')], Action::PollNow, Some("poll"), "poll now"),
    bind(&[Key::Char('+')], Action::PollFaster, None, "raise the poll limit; recording: play faster"),
    bind(&[Key::Char('-')], Action::PollSlower, None, "lower the poll limit; recording: play slower"),
    bind(&[Key::Char('z')], Action::Zoom, None, "toggle full screen"),
    bind(&[Key::Char('w')], Action::Wide, None, "toggle wide columns"),
    bind(&[Key::Left], Action::Left, None, "scroll columns left; cadence: previous lease"),
    bind(&[Key::Right], Action::Right, None, "scroll columns right; cadence: next lease"),
    bind(&[Key::Char('i')], Action::Strip, None, "show or hide the strip above the table"),
    bind(&[Key::Char('e')], Action::ExportCsv, None, "export the cadence view as CSV"),
    bind(
        &[Key::Char('R')],
        Action::ProbeMembers,
        Some("probe"),
        "members: probe every member with a lease; asks first",
    ),
    bind(&[Key::Char('R')], Action::Record, None, "start or stop recording to a file"),
    bind(&[Key::Char(',')], Action::StepBack, None, "go one second back in time"),
    bind(&[Key::Char('.')], Action::StepForward, None, "go one second forward in time"),
    bind(&[Key::Char('(')], Action::MinuteBack, None, "go one minute back in time"),
    bind(&[Key::Char(')')], Action::MinuteForward, None, "go one minute forward in time"),
    bind(&[Key::Char('E')], Action::NextEvent, None, "go forward in time to the next event"),
    bind(&[Key::Char('B')], Action::PreviousEvent, None, "go back in time to the previous event"),
    bind(&[Key::Char('m')], Action::Mouse, None, "toggle mouse"),
    bind(&[Key::Char('?'), Key::F(1)], Action::Help, Some("help"), "show this help"),
    bind(&[Key::Char(':')], Action::CommandLine, None, "open the command line; Tab completes"),
    bind(&[Key::Char('c')], Action::Clusters, None, "switch to another cluster"),
    bind(&[Key::Char('q'), Key::Ctrl('c')], Action::Quit, Some("quit"), "quit; asks if leases are kept alive"),
    bind(&[Key::Esc], Action::Back, Some("back"), "go back one step; the footer names it"),
    bind(&[Key::Tab], Action::NextView, None, "show the next view"),
    bind(&[Key::BackTab], Action::PreviousView, None, "show the previous view"),
    bind(&[Key::Char('1')], Action::Show(View::Leases), None, "show the leases"),
    bind(&[Key::Char('2')], Action::Show(View::Cadence), None, "show the renewal intervals by TTL"),
    bind(&[Key::Char('3')], Action::Show(View::Events), None, "show the events"),
    bind(&[Key::Char('4')], Action::Show(View::Locks), None, "show locks and elections"),
    bind(&[Key::Char('5')], Action::Show(View::Members), None, "show the members of the cluster"),
    bind(&[Key::Ctrl('l')], Action::Redraw, None, "redraw the screen"),
    bind(&[Key::Ctrl('z')], Action::Suspend, None, "suspend; `fg` resumes"),
    bind(&[Key::Up, Key::Char('k')], Action::Up, None, "move up"),
    bind(&[Key::Down, Key::Char('j')], Action::Down, None, "move down"),
    bind(&[Key::PageUp], Action::PageUp, None, "move up a page"),
    bind(&[Key::PageDown], Action::PageDown, None, "move down a page"),
    bind(&[Key::Ctrl('u')], Action::HalfUp, None, "move up half a page"),
    bind(&[Key::Ctrl('d')], Action::HalfDown, None, "move down half a page"),
    bind(&[Key::Char('g'), Key::Home], Action::First, None, "go to the first row"),
    bind(&[Key::Char('G'), Key::End], Action::Last, None, "go to the last row"),
    reply(&[Key::Esc, Key::Ctrl('c'), Key::Char('q')], DialogAction::Close, "close (stops a bulk revoke)"),
    reply(&[Key::Enter], DialogAction::Accept, "accept"),
    reply(&[Key::Tab, Key::Right, Key::Down], DialogAction::Next, "next choice"),
    reply(&[Key::BackTab, Key::Left, Key::Up], DialogAction::Previous, "previous choice"),
    reply(&[Key::Char('y')], DialogAction::Confirm, "confirm: revoke, keep alive, renew, or write"),
    reply(&[Key::Char('n')], DialogAction::Decline, "answer a question with no"),
    reply(&[Key::Esc, Key::Ctrl('c')], DialogAction::FormClose, "close the form, or clear the filter"),
    reply(&[Key::Tab, Key::Down], DialogAction::FormNext, "next field"),
    reply(&[Key::BackTab, Key::Up], DialogAction::FormPrevious, "previous field"),
    reply(&[Key::Char('q'), Key::Ctrl('c')], DialogAction::QuitLeave, "quit; leases expire"),
    reply(&[Key::Char('r')], DialogAction::QuitRevoke, "revoke own leases and quit"),
    reply(&[Key::Esc], DialogAction::QuitStay, "cancel quitting"),
    reply(&[Key::Tab], DialogAction::CompleteNext, "command line, filter: complete, next word"),
    reply(&[Key::BackTab], DialogAction::CompletePrevious, "command line, filter: previous word"),
    reply(&[Key::Up], DialogAction::HistoryOlder, "command line, filter: older line"),
    reply(&[Key::Down], DialogAction::HistoryNewer, "command line, filter: newer line"),
    reply(&[Key::Char('k')], DialogAction::LeaveKeep, "switch cluster: keep renewing"),
    reply(&[Key::Char('s')], DialogAction::LeaveStop, "switch cluster: stop renewing"),
    reply(&[Key::Char('r')], DialogAction::LeaveRevoke, "switch cluster: revoke own leases"),
    reply(&[Key::Char(' ')], DialogAction::ColumnToggle, "columns: show or hide"),
    reply(&[Key::Char('K'), Key::Char('+')], DialogAction::ColumnUp, "columns: move up"),
    reply(&[Key::Char('J'), Key::Char('-')], DialogAction::ColumnDown, "columns: move down"),
    reply(&[Key::Char('+')], DialogAction::MoreAnswers, "drill: lose one more reply"),
    reply(&[Key::Char('-')], DialogAction::FewerAnswers, "drill: lose one fewer reply"),
    reply(&[Key::Char('>')], DialogAction::SlowerReader, "drill: read less often"),
    reply(&[Key::Char('<')], DialogAction::FasterReader, "drill: read more often"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::app::{Keymap, TABS, Tab};

    fn action(key: Key) -> Option<Action> {
        Keymap::default().action(key)
    }

    #[test]
    fn no_key_has_two_actions_in_one_context_and_no_action_two_rows() {
        assert_eq!(Keymap::default().check(|_| true), Ok(()));
        assert_eq!(KEYMAP.iter().map(|binding| binding.action).collect::<HashSet<_>>().len(), KEYMAP.len());
        assert_eq!(KEYMAP.iter().map(|binding| binding.action.name()).collect::<HashSet<_>>().len(), KEYMAP.len());
    }

    #[test]
    fn every_row_can_be_reached_and_is_explained() {
        for binding in KEYMAP {
            assert!(!binding.help.is_empty());
            for (key, context) in
                binding.keys.iter().flat_map(|key| binding.action.contexts().iter().map(move |at| (*key, *at)))
            {
                match binding.action {
                    Action::Dialog(reply) => assert_eq!(Keymap::default().dialog_action(context, key), Some(reply)),
                    done => {
                        let is_reached = |tab: &Tab| Keymap::default().action_in(key, tab.view) == Some(done);
                        assert!(TABS.iter().any(is_reached), "{done:?}");
                    }
                }
            }
        }
        assert_eq!(action(Key::Char('Z')), None);
    }

    #[test]
    fn every_view_has_the_key_that_its_title_names() {
        for tab in TABS {
            assert_eq!(action(Key::Char(tab.number)), Some(Action::Show(tab.view)));
        }
    }

    #[test]
    fn the_markdown_table_has_every_row() {
        let table = Keymap::default().markdown();
        assert_eq!(table.lines().count(), KEYMAP.len() + 5);
        assert!(table.contains("| `x` `F9` `Del` | revoke the lease; asks first |"));
    }
}
