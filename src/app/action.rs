//! What keys do: the names, and where each of them does something.

use super::{DialogAction, Key, KeyContext, View};

/// What a key does, in the monitor or in one of its dialogs.
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
    /// Answer a dialog.
    Dialog(DialogAction),
}

/// Where the keys hold that are about the screen as a whole.
const EVERYWHERE: [KeyContext; 14] = {
    use KeyContext::{
        Adopt, Attach, Drill, Filter, Grant, Help, Monitor, Quit, Results, Revoke, RevokeMany, Sort, Suspend, Warp,
    };
    [Monitor, Help, Filter, Sort, Grant, Attach, Adopt, Revoke, RevokeMany, Results, Drill, Warp, Quit, Suspend]
};

impl Action {
    /// What it is called in a config file and by `leasetop keys`.
    pub fn name(self) -> String {
        let name = match self {
            Action::Show(view) => return format!("show-{}", view.tab().name.to_lowercase()),
            Action::Dialog(reply) => reply.name(),
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

    /// Where it does something.
    pub fn contexts(self) -> &'static [KeyContext] {
        match self {
            Action::Dialog(reply) => reply.contexts(),
            Action::Redraw | Action::Suspend => &EVERYWHERE,
            Action::Help => &[KeyContext::Monitor, KeyContext::Help],
            Action::InvertSort => &[KeyContext::Monitor, KeyContext::Sort],
            action if action.is_movement() => {
                &[KeyContext::Monitor, KeyContext::Help, KeyContext::Sort, KeyContext::Results]
            }
            _ => &[KeyContext::Monitor],
        }
    }

    /// The reply that confirms what it asks: none of its keys may open that.
    pub(super) fn confirm_action(self) -> Option<DialogAction> {
        match self {
            Action::Revoke | Action::KeepAlive => Some(DialogAction::Confirm),
            Action::Quit => Some(DialogAction::QuitRevoke),
            _ => None,
        }
    }

    /// The digits that begin what it offers: none of them may open that.
    pub(super) fn reserved_digits(self) -> &'static [Key] {
        const DRILLS: [Key; 5] = [Key::Char('1'), Key::Char('2'), Key::Char('3'), Key::Char('4'), Key::Char('5')];
        match self {
            Action::Drill => &DRILLS,
            Action::Warp => &DRILLS[..3],
            _ => &[],
        }
    }

    /// Whether nobody finds the way out without a key for it.
    pub(super) fn must_be_bound(self) -> bool {
        match self {
            Action::Dialog(reply) => reply.must_be_bound(),
            action => action == Action::Quit,
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
            Action::Dialog(_) => false,
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
    pub fn is_view_only(self) -> bool {
        self.is_movement()
            || matches!(self, Action::Zoom | Action::Wide | Action::Left | Action::Right)
            || matches!(self, Action::Show(_) | Action::NextView | Action::PreviousView | Action::Open)
            || matches!(self, Action::Back | Action::Filter | Action::QuickFilter)
            || matches!(self, Action::SortBefore | Action::SortAfter | Action::InvertSort)
            || matches!(self, Action::ShorterSpan | Action::LongerSpan)
    }

    /// Whether it moves through rows or lines.
    pub fn is_movement(self) -> bool {
        use Action::{Down, First, HalfDown, HalfUp, Last, PageDown, PageUp, Up};
        matches!(self, Up | Down | PageUp | PageDown | HalfUp | HalfDown | First | Last)
    }
}
