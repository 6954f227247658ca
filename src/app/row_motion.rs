//! What the rows and the cursor did since the user last saw them.

use std::ops::Range;

use super::GroupId;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// What the last frame does not show yet of the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unseen {
    /// The user has seen its lease.
    #[default]
    Nothing,
    /// The user moved it to a row that the last frame did not show.
    ByUser,
    /// A message put another lease under it, or the user moved it among rows that the last frame did not show at all.
    ByMessage,
}

/// Whether the user has seen the open dialog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum DialogSeen {
    /// No frame has shown it.
    #[default]
    No,
    /// Frames have shown it since then.
    Since(Timestamp),
    /// A test says that the user has read it.
    #[cfg(test)]
    Read,
}

/// When rows may move, and when they last did.
#[derive(Clone, Debug, Default)]
pub(super) struct RowMotion {
    /// Whether the cursor follows its lease instead of staying on its screen line.
    pub(super) is_following: bool,
    /// When the user last pressed a key or used the mouse.
    pub(super) pressed_at: Option<Timestamp>,
    /// When the rows were last reordered by a changing figure.
    pub(super) ordered_at: Option<Timestamp>,
    /// Whether a redraw was requested for the reordering that is due.
    pub(super) is_requested: bool,
    /// The rows that the last frame showed. Empty if it showed something else.
    seen_rows: Range<usize>,
    /// The rows that the frame before the last one showed.
    seen_rows_before: Range<usize>,
    pub(super) unseen: Unseen,
    /// When a frame last showed another lease under the cursor although the user had not moved it.
    pub(super) moved_at: Option<Timestamp>,
    /// Whether the terminal has not received the last frame yet, and that frame showed another lease under the cursor.
    pub(super) is_unwritten: bool,
    /// Whether the last frame showed another lease under the cursor.
    is_news: bool,
    /// The leases in `seen_rows`, and since when each has been on its line if rows moved there. Empty in a grouped table.
    lines: Vec<(LeaseId, Option<Timestamp>)>,
    /// The lease that the last frame showed under the cursor of its view.
    pub(super) shown_lease: Option<LeaseId>,
    /// The group that the last frame showed under the cursor. `None` if it showed a lease there, or no rows.
    pub(super) shown_group: Option<GroupId>,
    pub(super) dialog: DialogSeen,
    /// Whether the last frame was the first with the open dialog.
    is_dialog_news: bool,
    /// Whether the terminal has not received the first frame with the open dialog yet.
    is_dialog_unwritten: bool,
    /// Whether the cursor keeps its lease in the next frame, because the user's own action moves the row.
    pub(super) is_bound: bool,
    /// The lease that an action asked about because the rows had just moved, and until when the cursor stays on it.
    pub(super) asked: Option<(LeaseId, Timestamp)>,
    /// The lease to which a message moved the cursor, and until when the cursor stays on it while its row moves.
    pub(super) kept: Option<(LeaseId, Timestamp)>,
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

    /// Records that the next frame shows other rows. Until then, the user cannot know where a movement goes.
    pub(super) fn on_other_rows(&mut self) {
        self.seen_rows = 0..0;
    }

    /// Records that the user moved the cursor to a row. `None` if the user could not know where it goes, for example because
    /// it had no row before.
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

    /// Records that a frame shows these rows. `has_moved` says that it shows another lease under the cursor than the
    /// user left there.
    pub(super) fn on_frame(&mut self, seen_rows: Range<usize>, has_moved: bool, now: Timestamp) {
        self.seen_rows_before = std::mem::replace(&mut self.seen_rows, seen_rows);
        self.is_bound = false;
        let unseen = std::mem::take(&mut self.unseen);
        if has_moved || unseen == Unseen::ByMessage {
            self.moved_at = Some(now);
        }
        self.is_news = has_moved || unseen != Unseen::Nothing;
    }

    /// Records which leases the rows of a frame show. A row that another lease took is new to the user, unless the
    /// user scrolled.
    pub(super) fn on_lines(&mut self, ids: &[LeaseId], is_reordered: bool, now: Timestamp) {
        let before = std::mem::take(&mut self.lines);
        let since = |line: usize, id: LeaseId| match before.get(line) {
            Some((known, since)) if *known == id => *since,
            _ if is_reordered && !before.is_empty() && self.shown_lease != Some(id) => Some(now),
            _ => None,
        };
        self.lines = ids.iter().enumerate().map(|(line, id)| (*id, since(line, *id))).collect();
    }

    /// When rows last moved so that a lease came to the line where the last frame showed it.
    pub(super) fn came_to_line(&self, id: LeaseId) -> Option<Timestamp> {
        self.lines.iter().find(|(known, _)| *known == id).and_then(|(_, since)| *since)
    }

    /// Records which lease and which group are under the cursor of the view in a frame, and whether a dialog is open.
    pub(super) fn on_shown(
        &mut self,
        (lease, group): (Option<LeaseId>, Option<GroupId>),
        has_dialog: bool,
        now: Timestamp,
    ) {
        if group.is_some() && self.seen_rows_before.is_empty() {
            self.moved_at = Some(now);
        }
        self.shown_lease = lease;
        self.shown_group = group;
        self.is_dialog_news = has_dialog && self.dialog == DialogSeen::No;
        self.dialog = match self.dialog {
            _ if !has_dialog => DialogSeen::No,
            DialogSeen::No => DialogSeen::Since(now),
            seen => seen,
        };
    }

    pub(super) fn on_frame_pending(&mut self) {
        self.is_unwritten |= self.is_news;
        self.is_dialog_unwritten |= self.is_dialog_news;
    }

    pub(super) fn on_frame_written(&mut self, now: Timestamp) {
        if std::mem::take(&mut self.is_unwritten) && self.moved_at.is_some() {
            self.moved_at = Some(now);
        }
        if std::mem::take(&mut self.is_dialog_unwritten) {
            self.dialog = DialogSeen::Since(now);
        }
    }

    /// Whether the user could have read the open dialog: it has been on the screen since `latest` or longer.
    pub(super) fn is_dialog_read(&self, latest: Timestamp) -> bool {
        match self.dialog {
            DialogSeen::No => false,
            DialogSeen::Since(at) => !self.is_dialog_unwritten && at <= latest,
            #[cfg(test)]
            DialogSeen::Read => true,
        }
    }

    /// Forgets the last key press and the last move, as if the user had looked at the screen for a while.
    #[cfg(test)]
    pub(super) fn settle(&mut self) {
        let RowMotion { is_following, is_bound, asked, kept, is_hasty, .. } = *self;
        let seen_rows = 0..usize::MAX;
        let seen_rows_before = seen_rows.clone();
        let (shown_lease, shown_group, dialog) = (self.shown_lease, self.shown_group, DialogSeen::Read);
        let known = RowMotion {
            is_following,
            is_bound,
            asked,
            kept,
            is_hasty,
            seen_rows,
            seen_rows_before,
            ..RowMotion::default()
        };
        *self = RowMotion { shown_lease, shown_group, dialog, ..known };
    }
}
