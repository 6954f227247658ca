//! When rows may move, and whether they moved under the cursor just before a key.

use std::ops::Range;
use std::time::Duration;

use super::action::Action;
use super::view::View;
use super::view_state::ViewState;
use super::{AppState, Lease};
use crate::escape::printable;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Minimum interval between two reorderings by a changing figure, in real time.
const REORDER_EVERY: Duration = Duration::from_secs(1);
/// How long the order is held after a key press, in real time.
const HELD_AFTER_KEY: Duration = Duration::from_secs(3);
/// An action asks again if another lease came under the cursor within this time before the key, in real time.
const GUARD: Duration = Duration::from_millis(300);
/// How long the cursor stays on the lease that the question names, in real time.
const ASKED_FOR: Duration = Duration::from_secs(5);

/// What the last frame does not show yet of the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Unseen {
    /// The user has seen its lease.
    #[default]
    Nothing,
    /// The user moved it to a row that the last frame did not show.
    ByUser,
    /// A message put another lease under it, or the user moved it among rows that the last frame did not show at all.
    ByMessage,
}

/// When rows may move, and when they last did.
#[derive(Clone, Debug, Default)]
pub(super) struct RowMotion {
    /// Whether the cursor follows its lease instead of staying on its screen line.
    pub(super) is_following: bool,
    /// When the user last pressed a key or used the mouse.
    pressed_at: Option<Timestamp>,
    /// When the rows were last reordered by a changing figure.
    ordered_at: Option<Timestamp>,
    /// Whether a redraw was requested for the reordering that is due.
    is_requested: bool,
    /// The rows that the last frame showed. Empty if it showed something else.
    seen_rows: Range<usize>,
    unseen: Unseen,
    /// When a frame last showed another lease under the cursor although the user had not moved it.
    moved_at: Option<Timestamp>,
    /// Whether the terminal has not received the last frame yet, and that frame showed another lease under the cursor.
    is_unwritten: bool,
    /// Whether the last frame showed another lease under the cursor.
    is_news: bool,
    /// Whether the cursor keeps its lease in the next frame, because the user's own action moves the row.
    is_bound: bool,
    /// The lease that an action asked about because the rows had just moved, and until when the cursor stays on it.
    asked: Option<(LeaseId, Timestamp)>,
    /// Whether a test does not let the user look at the screen before every frame.
    #[cfg(test)]
    pub(super) is_hasty: bool,
}

impl RowMotion {
    /// Adopts what another view displayed. The user has not seen the rows of this one.
    pub(super) fn adopt(&mut self, other: &RowMotion) {
        *self = RowMotion { seen_rows: 0..0, ..other.clone() };
    }

    /// Records a key press or a mouse event.
    pub(super) fn on_input(&mut self, now: Timestamp) {
        self.pressed_at = Some(now);
    }

    /// Records that the rows were reordered.
    pub(super) fn on_reordered(&mut self, now: Timestamp) {
        self.ordered_at = Some(now);
        self.is_requested = false;
    }

    /// Records that the user moved the cursor to a row. `None` if it had no row before, so that nobody can tell where it
    /// goes.
    pub(super) fn on_cursor_moved(&mut self, row: Option<usize>) {
        let unseen = match row {
            Some(row) if self.seen_rows.contains(&row) => Unseen::Nothing,
            Some(_) if !self.seen_rows.is_empty() => Unseen::ByUser,
            // The last frame showed other rows or none.
            _ => Unseen::ByMessage,
        };
        self.unseen = self.unseen.max(unseen);
    }

    /// Lets the cursor keep its lease in the next frame, because the user's own action moves the row.
    pub(super) fn bind_cursor(&mut self) {
        self.is_bound = true;
    }

    /// Records that a message put another lease under the cursor.
    pub(super) fn on_message_moved(&mut self) {
        self.unseen = Unseen::ByMessage;
    }

    /// Records that a frame shows these rows. `has_moved`: with another lease under the cursor than the user left there.
    pub(super) fn on_frame(&mut self, seen_rows: Range<usize>, has_moved: bool, now: Timestamp) {
        self.seen_rows = seen_rows;
        self.is_bound = false;
        let unseen = std::mem::take(&mut self.unseen);
        if has_moved || unseen == Unseen::ByMessage {
            self.moved_at = Some(now);
        }
        self.is_news = has_moved || unseen != Unseen::Nothing;
    }

    fn on_frame_pending(&mut self) {
        self.is_unwritten |= self.is_news;
    }

    fn on_frame_written(&mut self, now: Timestamp) {
        if std::mem::take(&mut self.is_unwritten) && self.moved_at.is_some() {
            self.moved_at = Some(now);
        }
    }

    /// Forgets the last key press and the last move, as if the user had looked at the screen for a while.
    #[cfg(test)]
    pub(super) fn settle(&mut self) {
        let RowMotion { is_following, is_bound, asked, is_hasty, .. } = *self;
        *self = RowMotion { is_following, is_bound, asked, is_hasty, seen_rows: 0..usize::MAX, ..RowMotion::default() };
    }
}

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

    /// Whether the cursor keeps its lease when rows move.
    pub(super) fn is_cursor_bound(&self, now: Timestamp) -> bool {
        let is_asked = self.motion.asked.is_some_and(|(id, until)| Some(id) == self.cursor && now < until);
        self.motion.is_following
            || self.motion.is_bound
            || self.is_open
            || self.active != View::Leases
            || is_asked
            || self.is_order_held(now)
    }

    /// Whether another lease came under the cursor too recently for the user to have seen it.
    fn has_just_moved(&self, now: Timestamp) -> bool {
        let guard = self.wall_time(GUARD);
        let is_unseen = self.motion.is_unwritten || self.motion.unseen != Unseen::Nothing;
        is_unseen || self.motion.moved_at.is_some_and(|at| now < at + guard)
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
        let uses_marks = action.uses_marks() && !self.view.selection.is_empty() && !view.is_open;
        if uses_marks || view.active != View::Leases {
            self.active_view_mut().view.motion.asked = None;
            return true;
        }
        let has_just_moved = view.has_just_moved(now);
        let Some(lease) = self.active_view().cursor_lease() else {
            // A frozen display without rows must not let an action reach the live cursor.
            return self.frozen.is_none();
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

/// `/svc/a …1234`: the first key and the end of the id.
fn name(lease: &Lease, short_id: &str) -> String {
    let key = lease.keys.as_ref().and_then(|keys| keys.first.first()).map(|key| printable(key));
    match key {
        Some(key) => format!("{key} …{short_id}"),
        None => format!("…{short_id}"),
    }
}
