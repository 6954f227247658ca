//! The key table: dispatch, the help overlay, the README and the man page are all made from [`KEYMAP`], by way of the
//! [`Keymap`] in force.

use super::{Key, Keymap, View};

/// What a key of the monitor does while no dialog is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Open the dialog for new leases.
    New,
    /// Keep the selected lease alive, or stop it.
    KeepAlive,
    /// Renew the selected lease once.
    RenewOnce,
    /// Offer drills for the selected lease, or end its drill.
    Drill,
    /// Offer to begin the sandbox's exercise anew, at another speed.
    Warp,
    /// Open the dialog that revokes the selected lease.
    Revoke,
    /// Poll at once.
    PollNow,
    /// Show a view.
    Show(View),
    /// The next view.
    NextView,
    /// The view before.
    PreviousView,
    /// Open the detail of the selected lease.
    Open,
    /// Back by one step.
    Back,
    /// Open the filter line.
    Filter,
    /// The next quick filter, or the next kind of events.
    QuickFilter,
    /// Mark the lease under the cursor, or take its mark away.
    Mark,
    /// Begin a range of marks, or mark it.
    MarkRange,
    /// Take all marks away.
    ClearMarks,
    /// Pin the lease under the cursor, or the marked ones, to the top, or let them go.
    Pin,
    /// Sort by the column before.
    SortBefore,
    /// Sort by the column after.
    SortAfter,
    /// Turn the order around.
    InvertSort,
    /// Open the menu of what can be sorted by.
    SortMenu,
    /// A shorter span of time in the charts.
    ShorterSpan,
    /// A longer one.
    LongerSpan,
    /// Open the form that attaches a key to the selected lease.
    Attach,
    /// Copy the id of the selected lease.
    CopyId,
    /// Copy the etcdctl command that tells of the selected lease.
    CopyCommand,
    /// Ids in decimal, or in hex.
    Ids,
    /// The focused pane alone on the screen, or beside the others.
    Zoom,
    /// Columns as wide as they want, or as many as fit.
    Wide,
    /// To the columns at the left, where they are wide.
    Left,
    /// To the columns at the right, where they are wide.
    Right,
    /// The mouse for the monitor, or for the terminal.
    Mouse,
    /// More polls a second.
    PollFaster,
    /// Fewer polls a second.
    PollSlower,
    /// Freeze the display, or go on.
    Freeze,
    /// Open the help.
    Help,
    /// Quit, with a question where something is at stake.
    Quit,
    /// Draw the whole screen anew, whatever is open.
    Redraw,
    /// Give the terminal to the shell, with a question where leases are kept alive.
    Suspend,
}

impl Action {
    /// What it is called in a config file and by `leasetop keys`.
    pub fn name(self) -> String {
        let name = match self {
            Action::Show(view) => return format!("show-{}", view.tab().name.to_lowercase()),
            Action::Up => "up",
            Action::Down => "down",
            Action::PageUp => "page-up",
            Action::PageDown => "page-down",
            Action::HalfUp => "half-up",
            Action::HalfDown => "half-down",
            Action::First => "first",
            Action::Last => "last",
            Action::New => "new",
            Action::KeepAlive => "keep-alive",
            Action::RenewOnce => "renew-once",
            Action::Drill => "drill",
            Action::Revoke => "revoke",
            Action::Attach => "attach",
            Action::CopyId => "copy-id",
            Action::CopyCommand => "copy-command",
            Action::Ids => "ids",
            Action::Warp => "warp",
            Action::PollNow => "poll-now",
            Action::PollFaster => "poll-faster",
            Action::PollSlower => "poll-slower",
            Action::Zoom => "zoom",
            Action::Wide => "wide",
            Action::Left => "left",
            Action::Right => "right",
            Action::Mouse => "mouse",
            Action::NextView => "next-view",
            Action::PreviousView => "previous-view",
            Action::Open => "open",
            Action::Back => "back",
            Action::Filter => "filter",
            Action::QuickFilter => "quick-filter",
            Action::Mark => "mark",
            Action::MarkRange => "mark-range",
            Action::ClearMarks => "clear-marks",
            Action::Pin => "pin",
            Action::SortBefore => "sort-before",
            Action::SortAfter => "sort-after",
            Action::InvertSort => "invert-sort",
            Action::SortMenu => "sort-menu",
            Action::ShorterSpan => "shorter-span",
            Action::LongerSpan => "longer-span",
            Action::Freeze => "freeze",
            Action::Help => "help",
            Action::Quit => "quit",
            Action::Redraw => "redraw",
            Action::Suspend => "suspend",
        };
        name.to_owned()
    }

    /// The keys that confirm what it asks, or begin what it offers: none of them may open that.
    pub fn confirmed_by(self) -> &'static [Key] {
        const DRILLS: [Key; 5] = [Key::Char('1'), Key::Char('2'), Key::Char('3'), Key::Char('4'), Key::Char('5')];
        match self {
            Action::Revoke | Action::KeepAlive => &[Key::Char('y')],
            Action::Quit => &[Key::Char('r')],
            Action::Drill => &DRILLS,
            Action::Warp => &DRILLS[..3],
            _ => &[],
        }
    }

    /// Whether it writes to the cluster or renews.
    pub fn writes(self) -> bool {
        use Action::{Attach, Drill, KeepAlive, New, RenewOnce, Revoke, Warp};
        matches!(self, New | KeepAlive | RenewOnce | Drill | Revoke | Attach | Warp)
    }

    /// Whether it acts on the lease under the cursor, and so only where that can be seen.
    pub fn needs_cursor(self) -> bool {
        matches!(self, Action::KeepAlive | Action::RenewOnce | Action::Drill | Action::Revoke | Action::Open)
            || matches!(self, Action::Attach | Action::Pin)
    }

    /// Whether it does something in this view.
    pub fn works_in(self, view: View) -> bool {
        match self {
            Action::CopyId | Action::CopyCommand => view == View::Leases,
            Action::Zoom | Action::Wide | Action::Left | Action::Right => view == View::Leases,
            Action::QuickFilter => matches!(view, View::Leases | View::Events),
            Action::Filter | Action::SortMenu => view == View::Leases,
            Action::Mark | Action::MarkRange | Action::ClearMarks | Action::Pin => view == View::Leases,
            Action::SortBefore | Action::SortAfter | Action::InvertSort => view == View::Leases,
            Action::ShorterSpan | Action::LongerSpan => view == View::Leases,
            action => matches!(view, View::Leases | View::Locks) || !action.needs_cursor(),
        }
    }

    /// Whether it changes nothing but what is looked at: on a frozen display it acts on the picture.
    pub fn looks(self) -> bool {
        self.moves()
            || matches!(self, Action::Zoom | Action::Wide | Action::Left | Action::Right)
            || matches!(self, Action::Show(_) | Action::NextView | Action::PreviousView | Action::Open)
            || matches!(self, Action::Back | Action::Filter | Action::QuickFilter)
            || matches!(self, Action::SortBefore | Action::SortAfter | Action::InvertSort)
            || matches!(self, Action::ShorterSpan | Action::LongerSpan)
    }

    /// Whether it moves through rows or lines.
    pub fn moves(self) -> bool {
        use Action::{Down, First, HalfDown, HalfUp, Last, PageDown, PageUp, Up};
        matches!(self, Up | Down | PageUp | PageDown | HalfUp | HalfDown | First | Last)
    }
}

/// A row of the key table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The keys, any of them.
    pub keys: &'static [Key],
    /// What they do.
    pub action: Action,
    /// The word for the status line; none where the key is not shown there.
    pub hint: Option<&'static str>,
    /// What they do, for help and README.
    pub help: &'static str,
}

const fn bind(keys: &'static [Key], action: Action, hint: Option<&'static str>, help: &'static str) -> Binding {
    Binding { keys, action, hint, help }
}

/// Every key of the monitor.
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
];

/// The table in Markdown, as it stands in the README.
pub fn markdown() -> String {
    Keymap::default().markdown()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn action(key: Key) -> Option<Action> {
        Keymap::default().action(key)
    }

    #[test]
    fn no_key_has_two_functions_and_no_function_two_rows() {
        let keys: Vec<Key> = KEYMAP.iter().flat_map(|binding| binding.keys.iter().copied()).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        assert_eq!(KEYMAP.iter().map(|binding| binding.action).collect::<HashSet<_>>().len(), KEYMAP.len());
        assert_eq!(KEYMAP.iter().map(|binding| binding.action.name()).collect::<HashSet<_>>().len(), KEYMAP.len());
    }

    #[test]
    fn every_row_can_be_reached_and_is_explained() {
        for binding in KEYMAP {
            assert!(!binding.help.is_empty());
            for key in binding.keys {
                assert_eq!(action(*key), Some(binding.action));
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
    fn the_readme_can_have_every_row() {
        let table = markdown();
        assert_eq!(table.lines().count(), KEYMAP.len() + 2);
        assert!(table.contains("| `x` `F9` `Del` | revoke the lease; a dialog asks first |"));
    }
}
