//! What an action does and needs. Each action answers every question in one table, so that a new one cannot bypass
//! `--read-only` or act in the past because a list was forgotten.

use super::action::Action;
use super::{TABS, View};

/// A property of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trait {
    /// It writes to the cluster or renews a lease. It needs an etcd and is refused in the past.
    Writes,
    /// It needs an etcd.
    NeedsEtcd,
    /// It could change a mark, a pin, a mute, the cluster or what is polled. It is refused in the past.
    OfPresent,
    /// It moves through rows or lines. That only changes what is displayed.
    Moves,
    /// It only changes what is displayed.
    ViewOnly,
    /// It moves the displayed time.
    MovesTime,
    /// It needs a view that shows a cursor on a lease.
    NeedsCursor,
    /// It applies to the lease under the cursor.
    NeedsLease,
    /// It applies to the marked leases if there are any. Such an action is guarded.
    UsesMarks,
    /// It asks again if another lease came under the cursor just before the key.
    Guarded,
    /// It only concerns the lease table or the detail.
    NeedsTable,
    /// It only changes the rows or columns of the lease table.
    NeedsRows,
}

impl Action {
    fn traits(self) -> &'static [Trait] {
        use Trait::{
            Guarded, Moves, MovesTime, NeedsCursor, NeedsEtcd, NeedsLease, NeedsRows, NeedsTable, OfPresent, UsesMarks,
            ViewOnly, Writes,
        };
        match self {
            Action::New | Action::Warp | Action::Undo | Action::ProbeMembers => &[Writes],
            Action::KeepAlive | Action::RenewOnce | Action::Revoke => &[Writes, NeedsCursor, NeedsLease, UsesMarks],
            Action::Drill | Action::Attach | Action::ChangeTtl => &[Writes, NeedsCursor, NeedsLease, Guarded],
            Action::Pin => &[OfPresent, NeedsCursor, NeedsLease, UsesMarks],
            Action::Mute => &[OfPresent, NeedsCursor, NeedsLease, Guarded],
            Action::Mark => &[OfPresent, NeedsLease, Guarded],
            Action::MarkRange => &[OfPresent, NeedsRows, Guarded],
            Action::CopyId | Action::CopyCommand => &[NeedsLease],
            Action::Open => &[NeedsCursor, ViewOnly],
            Action::PollNow | Action::Clusters => &[NeedsEtcd, OfPresent],
            Action::PollFaster | Action::PollSlower => &[OfPresent],
            Action::Record => &[NeedsEtcd],
            Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::HalfUp
            | Action::HalfDown
            | Action::First
            | Action::Last => &[Moves],
            Action::Wide
            | Action::Left
            | Action::Right
            | Action::SortBefore
            | Action::SortAfter
            | Action::InvertSort => &[NeedsRows, ViewOnly],
            Action::SortMenu | Action::Columns => &[NeedsRows],
            Action::Zoom | Action::ShorterSpan | Action::LongerSpan | Action::NextLease | Action::PreviousLease => {
                &[NeedsTable, ViewOnly]
            }
            Action::Show(_)
            | Action::NextView
            | Action::PreviousView
            | Action::Back
            | Action::Filter
            | Action::QuickFilter
            | Action::Follow
            | Action::Group => &[ViewOnly],
            Action::StepBack
            | Action::StepForward
            | Action::MinuteBack
            | Action::MinuteForward
            | Action::NextEvent
            | Action::PreviousEvent => &[MovesTime],
            Action::ClearMarks
            | Action::Ids
            | Action::Strip
            | Action::ExportCsv
            | Action::Mouse
            | Action::JumpBack
            | Action::Freeze
            | Action::Help
            | Action::Quit
            | Action::Redraw
            | Action::Suspend
            | Action::CommandLine
            | Action::Dialog(_) => &[],
        }
    }

    fn has(self, property: Trait) -> bool {
        self.traits().contains(&property)
    }

    /// Whether the action only changes what the detail of an open lease hides.
    pub fn is_hidden_by_detail(self) -> bool {
        self.needs_rows() || matches!(self, Action::QuickFilter | Action::Follow | Action::Group)
    }

    /// Whether the action writes to the cluster or renews a lease. Blocked by `--read-only`.
    pub fn writes(self) -> bool {
        self.has(Trait::Writes)
    }

    /// Whether the action needs an etcd, so that it is refused in a recording.
    pub fn needs_etcd(self) -> bool {
        self.writes() || self.has(Trait::NeedsEtcd)
    }

    /// Whether the action could change a lease, a mark or what is polled, so that it is refused in the past.
    pub fn acts_on_leases(self) -> bool {
        self.writes() || self.has(Trait::OfPresent)
    }

    /// Whether the action moves the displayed time.
    pub(super) fn is_step_in_time(self) -> bool {
        self.has(Trait::MovesTime)
    }

    /// Whether the action needs a lease under the cursor, so it only works in views that show a cursor.
    pub fn needs_cursor(self) -> bool {
        self.has(Trait::NeedsCursor)
    }

    /// Whether the action applies to the lease on which the view's cursor is.
    pub fn needs_lease(self) -> bool {
        self.has(Trait::NeedsLease)
    }

    /// Whether the action applies to the marked leases if there are any.
    pub(super) fn uses_marks(self) -> bool {
        self.has(Trait::UsesMarks)
    }

    /// Whether the action asks again if another lease came under the cursor just before the key.
    pub(super) fn is_guarded(self) -> bool {
        self.uses_marks() || self.has(Trait::Guarded)
    }

    /// Whether the action only changes the rows or columns of the lease table. The open detail hides those.
    pub(super) fn needs_rows(self) -> bool {
        self.has(Trait::NeedsRows)
    }

    /// Whether the action only changes what is displayed. On a frozen display it acts on the frozen view.
    pub fn is_view_only(self) -> bool {
        self.is_movement() || self.has(Trait::ViewOnly)
    }

    /// Whether the action moves through rows or lines.
    pub fn is_movement(self) -> bool {
        self.has(Trait::Moves)
    }

    /// Whether the action works in `view`.
    pub fn works_in(self, view: View) -> bool {
        match self {
            Action::Dialog(_) => false,
            Action::QuickFilter => matches!(view, View::Leases | View::Events),
            Action::Left | Action::Right | Action::Strip => matches!(view, View::Leases | View::Cadence),
            Action::Follow | Action::Group | Action::JumpBack => view == View::Leases,
            Action::ShorterSpan | Action::LongerSpan => matches!(view, View::Leases | View::Cadence),
            Action::ExportCsv => view == View::Cadence,
            Action::ProbeMembers => view == View::Members,
            // In the members view, its key probes the members.
            Action::Record => view != View::Members,
            action => view == View::Leases || !(action.has(Trait::NeedsTable) || action.needs_rows()),
        }
    }

    /// Whether some view has both actions, so that they need different keys. True if one belongs to a dialog, because a
    /// dialog can be open in any view.
    pub(super) fn shares_view_with(self, other: Action) -> bool {
        let is_reply = [self, other].iter().any(|action| matches!(action, Action::Dialog(_)));
        is_reply || TABS.iter().any(|tab| self.works_in(tab.view) && other.works_in(tab.view))
    }
}
