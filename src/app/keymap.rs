//! The key table. Dispatch, the help overlay, `docs/keys.md` and the manual page are all made from [`KEYMAP`], through the
//! current [`Keymap`](super::Keymap).

pub use super::action::Action;
use super::{DialogAction, Key, View};

/// A row of the key table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The keys, any of them.
    pub keys: &'static [Key],
    /// What they do.
    pub action: Action,
    /// The word for the status line; none where the key is not shown there.
    pub hint: Option<&'static str>,
    /// What they do, for help and `docs/keys.md`.
    pub help: &'static str,
}

const fn bind(keys: &'static [Key], action: Action, hint: Option<&'static str>, help: &'static str) -> Binding {
    Binding { keys, action, hint, help }
}

const fn reply(keys: &'static [Key], reply: DialogAction, help: &'static str) -> Binding {
    Binding { keys, action: Action::Dialog(reply), hint: None, help }
}

/// Every key of the monitor, and below them every key of its dialogs.
pub const KEYMAP: &[Binding] = &[
    bind(&[Key::Char('n')], Action::New, Some("new"), "new leases, with keys to attach"),
    bind(&[Key::Char('a')], Action::KeepAlive, Some("keep alive"), "keep the lease alive, or stop doing so"),
    bind(&[Key::Char('o')], Action::RenewOnce, Some("once"), "renew the lease once"),
    bind(
        &[Key::Char('x'), Key::F(9), Key::Delete],
        Action::Revoke,
        Some("revoke"),
        "revoke the lease; a dialog asks first",
    ),
    bind(&[Key::Enter], Action::Open, Some("open"), "the lease in detail"),
    bind(&[Key::Char('/')], Action::Filter, Some("filter"), "filter as you type: Enter keeps, Esc clears"),
    bind(&[Key::Char('f')], Action::QuickFilter, Some("kind"), "own, others, at risk, gone, all; or kinds of events"),
    bind(&[Key::Char(' ')], Action::Mark, Some("mark"), "mark the lease; keys that act mean the marked"),
    bind(&[Key::Char('v')], Action::MarkRange, None, "begin a range of marks, and mark it"),
    bind(&[Key::Char('U')], Action::ClearMarks, None, "take all marks away"),
    bind(&[Key::Char('P')], Action::Pin, None, "pin the lease to the top, or let it go"),
    bind(&[Key::Char('<')], Action::SortBefore, None, "sort by the column before"),
    bind(&[Key::Char('>')], Action::SortAfter, None, "sort by the column after"),
    bind(&[Key::Char('I')], Action::InvertSort, None, "turn the order around"),
    bind(&[Key::Char('s'), Key::F(6)], Action::SortMenu, Some("sort"), "choose what to sort by"),
    bind(&[Key::Char('[')], Action::ShorterSpan, None, "a shorter span in the charts of the detail"),
    bind(&[Key::Char(']')], Action::LongerSpan, None, "a longer span in the charts of the detail"),
    bind(&[Key::Char('p')], Action::Freeze, Some("freeze"), "freeze the display, or go on; renewing never stops"),
    bind(&[Key::Char('!')], Action::Drill, None, "a drill on an own lease, or the end of it"),
    bind(&[Key::Char('K')], Action::Attach, None, "attach a key to the lease"),
    bind(&[Key::Char('y')], Action::CopyId, None, "copy the id of the lease"),
    bind(&[Key::Char('Y')], Action::CopyCommand, None, "copy the etcdctl command that tells of the lease"),
    bind(&[Key::Char('#')], Action::Ids, None, "ids in decimal, or in hex"),
    bind(&[Key::Char('W')], Action::Warp, None, "a sandbox's exercise anew, at 1, 10 or 60 times the speed"),
    bind(&[Key::Char('r')], Action::PollNow, Some("poll"), "poll now"),
    bind(&[Key::Char('+')], Action::PollFaster, None, "more polls a second at most, in steps of 1, 2, 5, 10, ..."),
    bind(&[Key::Char('-')], Action::PollSlower, None, "fewer polls a second at most, in the same steps"),
    bind(&[Key::Char('z')], Action::Zoom, None, "the leases or the open detail alone, or not"),
    bind(&[Key::Char('w')], Action::Wide, None, "wide columns, or as many as fit"),
    bind(&[Key::Left], Action::Left, None, "wide columns: to the left"),
    bind(&[Key::Right], Action::Right, None, "wide columns: to the right"),
    bind(&[Key::Char('m')], Action::Mouse, None, "the mouse for the monitor, or the terminal"),
    bind(&[Key::Char('?'), Key::F(1)], Action::Help, Some("help"), "this help"),
    bind(&[Key::Char('q'), Key::Ctrl('c')], Action::Quit, Some("quit"), "close what is open, else quit"),
    bind(&[Key::Esc], Action::Back, Some("back"), "back: the detail, a filter, the view, the freeze"),
    bind(&[Key::Tab], Action::NextView, None, "the next view"),
    bind(&[Key::BackTab], Action::PreviousView, None, "the view before"),
    bind(&[Key::Char('1')], Action::Show(View::Leases), None, "the leases"),
    bind(&[Key::Char('2')], Action::Show(View::Cadence), None, "the cadence: how often leases of each TTL are renewed"),
    bind(&[Key::Char('3')], Action::Show(View::Events), None, "the events"),
    bind(&[Key::Char('4')], Action::Show(View::Locks), None, "the locks and elections: who holds them, who waits"),
    bind(&[Key::Ctrl('l')], Action::Redraw, None, "draw the screen anew"),
    bind(&[Key::Ctrl('z')], Action::Suspend, None, "suspend; `fg` in the shell comes back"),
    bind(&[Key::Up, Key::Char('k')], Action::Up, None, "a row up"),
    bind(&[Key::Down, Key::Char('j')], Action::Down, None, "a row down"),
    bind(&[Key::PageUp], Action::PageUp, None, "a page up"),
    bind(&[Key::PageDown], Action::PageDown, None, "a page down"),
    bind(&[Key::Ctrl('u')], Action::HalfUp, None, "half a page up"),
    bind(&[Key::Ctrl('d')], Action::HalfDown, None, "half a page down"),
    bind(&[Key::Char('g'), Key::Home], Action::First, None, "the first row"),
    bind(&[Key::Char('G'), Key::End], Action::Last, None, "the last row"),
    reply(&[Key::Esc, Key::Ctrl('c'), Key::Char('q')], DialogAction::Close, "close it, and stop what revokes many"),
    reply(&[Key::Enter], DialogAction::Accept, "what has the focus, is chosen or was typed"),
    reply(&[Key::Tab, Key::Right, Key::Down], DialogAction::Next, "to the next answer"),
    reply(&[Key::BackTab, Key::Left, Key::Up], DialogAction::Previous, "to the answer before"),
    reply(&[Key::Char('y')], DialogAction::Confirm, "yes: revoke, or keep another's alive"),
    reply(&[Key::Esc, Key::Ctrl('c')], DialogAction::FormClose, "close a form, clear the filter"),
    reply(&[Key::Tab, Key::Down], DialogAction::FormNext, "to the next field of a form"),
    reply(&[Key::BackTab, Key::Up], DialogAction::FormPrevious, "to the field before"),
    reply(&[Key::Char('q'), Key::Ctrl('c')], DialogAction::QuitLeave, "on quitting: leave the leases"),
    reply(&[Key::Char('r')], DialogAction::QuitRevoke, "on quitting: revoke our own"),
    reply(&[Key::Esc], DialogAction::QuitStay, "on quitting: stay"),
    reply(&[Key::Char('+')], DialogAction::MoreAnswers, "a drill that drops one answer more"),
    reply(&[Key::Char('-')], DialogAction::FewerAnswers, "a drill that drops one less"),
    reply(&[Key::Char('>')], DialogAction::SlowerReader, "a drill that reads less often"),
    reply(&[Key::Char('<')], DialogAction::FasterReader, "a drill that reads more often"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::app::Keymap;

    fn action(key: Key) -> Option<Action> {
        Keymap::default().action(key)
    }

    #[test]
    fn no_key_has_two_functions_where_both_hold_and_no_function_two_rows() {
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
                    done => assert_eq!(action(key), Some(done)),
                }
            }
        }
        assert_eq!(action(Key::Char('Z')), None);
    }

    #[test]
    fn every_view_has_the_key_that_its_title_names() {
        for tab in crate::app::TABS {
            assert_eq!(action(Key::Char(tab.number)), Some(Action::Show(tab.view)));
        }
    }

    #[test]
    fn the_markdown_table_has_every_row() {
        let table = Keymap::default().markdown();
        assert_eq!(table.lines().count(), KEYMAP.len() + 5);
        assert!(table.contains("| `x` `F9` `Del` | revoke the lease; a dialog asks first |"));
    }
}
