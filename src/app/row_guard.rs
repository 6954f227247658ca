//! When rows may move, and the check before an action that the user has seen the lease under the cursor.

use std::time::Duration;

use super::action::Action;
use super::row_motion::Unseen;
use super::view::View;
use super::view_state::ViewState;
use super::{AppState, GroupId, Lease};
use crate::escape::printable;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Minimum interval between two reorderings by a changing figure, in real time.
const REORDER_EVERY: Duration = Duration::from_secs(1);
/// How long the order is held after a key press, in real time.
const HELD_AFTER_KEY: Duration = Duration::from_secs(3);
/// An action asks again if another lease came under the cursor within this time before the key, in real time.
const GUARD: Duration = Duration::from_millis(300);
/// A dialog carries out nothing before it has been on the screen for this long, in real time. A macro types faster than
/// anybody reads which lease the dialog names.
const DIALOG_GUARD: Duration = Duration::from_millis(100);
/// How long the cursor stays on the lease that a message names, or to which a message moved it, in real time.
const ASKED_FOR: Duration = Duration::from_secs(5);

impl ViewState {
    /// Whether the cursor follows its lease instead of staying on its screen line.
    pub fn is_following(&self) -> bool {
        self.motion.is_following
    }

    /// Whether no row may come, go or move: a dialog is open, or a range is being marked.
    pub(super) fn is_order_fixed(&self) -> bool {
        self.dialog.is_some() || self.selection.range().is_some()
    }

    /// Whether the order is held although the figures that it depends on change: within 3 s of a key press, and while
    /// leases are marked, a range is being marked or a dialog is open.
    pub fn is_order_held(&self, now: Timestamp) -> bool {
        if !self.sort.is_volatile() {
            return self.selection.range().is_some();
        }
        self.is_order_fixed() || !self.selection.is_empty() || self.held_until().is_some_and(|until| now < until)
    }

    fn held_until(&self) -> Option<Timestamp> {
        Some(self.motion.pressed_at? + self.wall_time(HELD_AFTER_KEY))
    }

    /// Whether rows may be reordered by changing figures now. Always if the order does not depend on any.
    pub(super) fn may_reorder(&self, now: Timestamp) -> bool {
        if !self.sort.is_volatile() {
            return true;
        }
        !self.is_order_held(now) && self.next_reordering().is_none_or(|at| at <= now)
    }

    fn next_reordering(&self) -> Option<Timestamp> {
        Some(self.motion.ordered_at? + self.wall_time(REORDER_EVERY))
    }

    /// When rows that a changing figure moved must be reordered. `None` if there are none, or if a redraw was already
    /// requested for them.
    pub(super) fn reorder_wake(&self) -> Option<Timestamp> {
        let is_held = self.is_order_fixed() || !self.selection.is_empty();
        if self.motion.is_requested || is_held || !self.row_index.has_stale() {
            return None;
        }
        let times = [Some(Timestamp::START), self.next_reordering(), self.held_until()];
        times.into_iter().flatten().max()
    }

    /// Whether a redraw must be requested for rows that are due to be reordered. Only once for each reordering.
    pub(super) fn take_reorder_request(&mut self, now: Timestamp) -> bool {
        let is_due = self.reorder_wake().is_some_and(|at| at <= now);
        self.motion.is_requested |= is_due;
        is_due
    }

    /// Moves the cursor to a lease and keeps it there for a while, because the row of a new lease still moves.
    pub(super) fn move_cursor_to(&mut self, id: LeaseId, now: Timestamp) {
        self.cursor = Some(id);
        self.is_away = true;
        self.motion.kept = Some((id, now + self.wall_time(ASKED_FOR)));
    }

    /// Whether the cursor keeps its lease when rows move.
    pub(super) fn is_cursor_bound(&self, now: Timestamp) -> bool {
        let is_kept =
            |kept: Option<(LeaseId, Timestamp)>| kept.is_some_and(|(id, until)| Some(id) == self.cursor && now < until);
        self.motion.is_following
            || self.motion.is_bound
            || self.is_open
            || self.active != View::Leases
            || is_kept(self.motion.asked)
            || is_kept(self.motion.kept)
            || self.is_order_held(now)
    }

    /// Whether another lease came under the cursor too recently for the user to have seen it.
    fn has_just_moved(&self, now: Timestamp) -> bool {
        let guard = self.wall_time(GUARD);
        let is_unseen = self.motion.is_unwritten || self.motion.unseen != Unseen::Nothing;
        let came_to_line = self.cursor.and_then(|id| self.motion.came_to_line(id));
        is_unseen || self.motion.moved_at.max(came_to_line).is_some_and(|at| now < at + guard)
    }

    /// Whether the open dialog has been on the screen long enough to be confirmed.
    pub(super) fn is_dialog_seen(&self, now: Timestamp) -> bool {
        self.motion.is_dialog_read(now.before(self.wall_time(DIALOG_GUARD)))
    }
}

impl AppState {
    /// Records that the terminal has not received the last frame yet.
    pub fn frame_pending(&mut self) {
        self.active_view_mut().view.motion.on_frame_pending();
    }

    /// Records that the terminal has received every frame.
    pub fn frame_written(&mut self, now: Timestamp) {
        self.active_view_mut().view.motion.on_frame_written(now);
    }

    /// Checks that the user has seen the lease under the cursor before an action applies to it. If the rows moved just
    /// before the key, the action must be repeated: the cursor then stays on the lease that the message names. Returns
    /// whether the action may go on.
    pub(super) fn guard(&mut self, action: Action, now: Timestamp) -> bool {
        if !action.is_guarded() {
            self.active_view_mut().view.motion.asked = None;
            return true;
        }
        let view = &self.active_view().view;
        let is_table = view.active == View::Leases && !view.is_open;
        let uses_marks = is_table && action.uses_marks() && !self.view.selection.is_empty();
        if uses_marks {
            self.active_view_mut().view.motion.asked = None;
            return true;
        }
        if view.active != View::Leases {
            return self.guard_other_view(action, now);
        }
        let has_just_moved = view.has_just_moved(now);
        if let Some(group) = view.cursor_group().filter(|_| !view.is_open) {
            let is_seen = !has_just_moved && view.motion.shown_group == Some(group);
            if !is_seen {
                self.ask_again_for_group(action, group, now);
            }
            return is_seen;
        }
        let Some(lease) = self.active_view().cursor_lease() else {
            // A range can end at a lease that is gone. A frozen display without rows must not let an action reach the
            // live cursor.
            let is_unseen = has_just_moved && view.cursor.is_some();
            if is_unseen {
                let key = self.config.keymap.key_label(action);
                self.view.set_status(now, true, format!("The rows just moved: press {key} again"));
            }
            return self.frozen.is_none() && !is_unseen;
        };
        if !has_just_moved {
            self.active_view_mut().view.motion.asked = None;
            return true;
        }
        let key = self.config.keymap.key_label(action);
        let (id, name) = (lease.id, name(lease, &self.view.id_format.short(lease.id)));
        let until = now + self.view.wall_time(ASKED_FOR);
        self.active_view_mut().view.motion.asked = Some((id, until));
        self.view.set_status(now, true, format!("The rows just moved: press {key} again for {name}"));
        false
    }
}

impl AppState {
    /// Checks in a view other than the table that the last frame showed the lease under the cursor. If not, the action must
    /// be repeated. Returns whether the action may go on.
    fn guard_other_view(&mut self, action: Action, now: Timestamp) -> bool {
        self.active_view_mut().view.motion.asked = None;
        let active = self.active_view();
        let subject = active.subject();
        if subject.is_none() || subject == active.view.motion.shown_lease {
            return true;
        }
        let key = self.config.keymap.key_label(action);
        let id = subject.map_or_else(String::new, |id| format!("…{}", self.view.id_format.short(id)));
        self.view.set_status(now, true, format!("The screen had not shown it yet: press {key} again for {id}"));
        false
    }

    fn ask_again_for_group(&mut self, action: Action, group: GroupId, now: Timestamp) {
        let name = self.active_view().view.groups().get(group).map_or_else(String::new, |group| group.key().name());
        let key = self.config.keymap.key_label(action);
        self.view.set_status(now, true, format!("The rows just moved: press {key} again for the group {name}"));
    }
}

/// `/svc/a …1234`: the first key and the end of the id.
fn name(lease: &Lease, short_id: &str) -> String {
    let key = lease.keys.as_ref().and_then(|keys| keys.first.first()).map(|key| printable(key));
    match key {
        Some(key) => format!("{key} …{short_id}"),
        None => format!("…{short_id}"),
    }
}
