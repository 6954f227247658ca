//! The actions that keys can be bound to, their names, and the contexts in which they work.

use super::{DialogAction, Key, KeyContext, View};

/// The effect of a key press, in the monitor or in one of its dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move one row up.
    Up,
    /// Move one row down.
    Down,
    /// Move a page up.
    PageUp,
    /// Move a page down.
    PageDown,
    /// Move half a page up.
    HalfUp,
    /// Move half a page down.
    HalfDown,
    /// Move to the first row.
    First,
    /// Move to the last row.
    Last,
    /// Open the form for new leases.
    New,
    /// Start or stop keeping the selected leases alive.
    KeepAlive,
    /// Renew the selected leases once.
    RenewOnce,
    /// Grant the leases of the last revoke again.
    Undo,
    /// Open the form that changes the TTL of the selected lease.
    ChangeTtl,
    /// Return the cursor to the lease on which it was before a grant moved it.
    JumpBack,
    /// Open the drill menu for the selected lease, or end its running drill.
    Drill,
    /// Open the menu that restarts the sandbox at another clock speed.
    Warp,
    /// Open the dialog that revokes the selected leases.
    Revoke,
    /// List the leases and poll the visible rows immediately.
    PollNow,
    /// Switch to a view.
    Show(View),
    /// Switch to the next view.
    NextView,
    /// Switch to the previous view.
    PreviousView,
    /// Open the detail of the selected lease.
    Open,
    /// In the open detail, go to the next lease of the displayed order. In the table, move one row down.
    NextLease,
    /// In the open detail, go to the previous lease of the displayed order. In the table, move one row up.
    PreviousLease,
    /// Go back one step: close the detail, clear the filter, or leave the view.
    Back,
    /// Open the filter line. In the help, search it.
    Filter,
    /// Select the next quick filter, or the next event category in the events view.
    QuickFilter,
    /// Mark or unmark the lease under the cursor.
    Mark,
    /// Start a range of marks, or mark the range.
    MarkRange,
    /// Clear all marks.
    ClearMarks,
    /// Group the rows by the next criterion: none, service, TTL, owner.
    Group,
    /// Let the cursor follow its lease when rows move, or stay on its line.
    Follow,
    /// Pin or unpin the lease under the cursor, or the marked leases.
    Pin,
    /// Open the menu that mutes the warnings of the selected lease.
    Mute,
    /// Sort by the previous column.
    SortBefore,
    /// Sort by the next column.
    SortAfter,
    /// Reverse the sort order.
    InvertSort,
    /// Open the sort menu.
    SortMenu,
    /// Open the menu that selects and reorders columns.
    Columns,
    /// Show a shorter time span in the charts.
    ShorterSpan,
    /// Show a longer time span in the charts.
    LongerSpan,
    /// Open the form that attaches a key to the selected lease.
    Attach,
    /// Copy the id of the selected lease.
    CopyId,
    /// Copy the etcdctl command that shows the selected lease.
    CopyCommand,
    /// Switch between hexadecimal and decimal lease ids.
    Ids,
    /// Toggle full screen for the table or the open detail.
    Zoom,
    /// Toggle between full-width columns and as many columns as fit.
    Wide,
    /// Scroll wide columns to the left.
    Left,
    /// Scroll wide columns to the right.
    Right,
    /// Show or hide the strip above the table.
    Strip,
    /// Write the cadence view to a CSV file.
    ExportCsv,
    /// Toggle mouse capture.
    Mouse,
    /// Raise the poll limit.
    PollFaster,
    /// Lower the poll limit.
    PollSlower,
    /// Freeze or unfreeze the display.
    Freeze,
    /// Open the help.
    Help,
    /// Quit. A dialog asks first if leases are kept alive on a real cluster.
    Quit,
    /// Redraw the whole screen. Works in every dialog.
    Redraw,
    /// Suspend the program. A dialog asks first if leases are kept alive.
    Suspend,
    /// Open the command line.
    CommandLine,
    /// Open the menu of clusters.
    Clusters,
    /// Grant, renew and revoke a lease through each member. Asks first.
    ProbeMembers,
    /// Start or stop recording.
    Record,
    /// Go one second back in time.
    StepBack,
    /// Go one second forward.
    StepForward,
    /// Go one minute back in time.
    MinuteBack,
    /// Go one minute forward.
    MinuteForward,
    /// Go to the next event that the events view shows.
    NextEvent,
    /// Go back to the previous event that the events view shows.
    PreviousEvent,
    /// An action inside a dialog.
    Dialog(DialogAction),
}

impl Action {
    /// The name used in the config file and by `leasetop keys`.
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
            Action::Undo => "undo",
            Action::ChangeTtl => "change-ttl",
            Action::JumpBack => "jump-back",
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
            Action::Strip => "strip",
            Action::ExportCsv => "export-csv",
            Action::Mouse => "mouse",
            Action::NextView => "next-view",
            Action::PreviousView => "previous-view",
            Action::Open => "open",
            Action::NextLease => "next-lease",
            Action::PreviousLease => "previous-lease",
            Action::Back => "back",
            Action::Filter => "filter",
            Action::QuickFilter => "quick-filter",
            Action::Mark => "mark",
            Action::MarkRange => "mark-range",
            Action::ClearMarks => "clear-marks",
            Action::Group => "group",
            Action::Follow => "follow",
            Action::Pin => "pin",
            Action::Mute => "mute",
            Action::SortBefore => "sort-before",
            Action::SortAfter => "sort-after",
            Action::InvertSort => "invert-sort",
            Action::SortMenu => "sort-menu",
            Action::Columns => "columns",
            Action::ShorterSpan => "shorter-span",
            Action::LongerSpan => "longer-span",
            Action::Freeze => "freeze",
            Action::Help => "help",
            Action::Quit => "quit",
            Action::Redraw => "redraw",
            Action::Suspend => "suspend",
            Action::CommandLine => "command-line",
            Action::Clusters => "clusters",
            Action::ProbeMembers => "probe-members",
            Action::Record => "record",
            Action::StepBack => "step-back",
            Action::StepForward => "step-forward",
            Action::MinuteBack => "minute-back",
            Action::MinuteForward => "minute-forward",
            Action::NextEvent => "next-event",
            Action::PreviousEvent => "previous-event",
        };
        name.to_owned()
    }

    /// The contexts in which the action works.
    pub fn contexts(self) -> &'static [KeyContext] {
        match self {
            Action::Dialog(reply) => reply.contexts(),
            Action::Redraw | Action::Suspend => &KeyContext::ALL,
            Action::Help | Action::Filter => &[KeyContext::Monitor, KeyContext::Help],
            Action::InvertSort => &[KeyContext::Monitor, KeyContext::Sort],
            Action::Undo => &[KeyContext::Monitor, KeyContext::Results],
            action if action.is_movement() => {
                const MOVES: [KeyContext; 7] = {
                    use KeyContext::{Clusters, Columns, Help, Monitor, Mute, Results, Sort};
                    [Monitor, Help, Sort, Columns, Results, Mute, Clusters]
                };
                &MOVES
            }
            _ => &[KeyContext::Monitor],
        }
    }

    /// The dialog action that confirms the question this action opens. No key may be bound to both: pressing it twice
    /// would act without a decision.
    pub(super) fn confirm_action(self) -> Option<DialogAction> {
        match self {
            Action::Revoke | Action::KeepAlive | Action::RenewOnce => Some(DialogAction::Confirm),
            Action::Quit => Some(DialogAction::QuitRevoke),
            _ => None,
        }
    }

    /// The digits that start a choice of the menu that this action opens. No key may be one of them and open the menu:
    /// pressing it twice would start a choice without a decision.
    pub(super) fn reserved_digits(self) -> &'static [Key] {
        const DRILLS: [Key; 5] = [Key::Char('1'), Key::Char('2'), Key::Char('3'), Key::Char('4'), Key::Char('5')];
        const CLUSTERS: [Key; 9] = {
            let [one, two, three, four, five] = DRILLS;
            [one, two, three, four, five, Key::Char('6'), Key::Char('7'), Key::Char('8'), Key::Char('9')]
        };
        match self {
            Action::Drill => &DRILLS,
            Action::Warp => &DRILLS[..3],
            Action::Clusters => &CLUSTERS,
            _ => &[],
        }
    }

    /// Whether the action needs a key: without it, the user could not quit the monitor or leave a dialog.
    pub(super) fn must_be_bound(self) -> bool {
        match self {
            Action::Dialog(reply) => reply.must_be_bound(),
            action => action == Action::Quit,
        }
    }
}
