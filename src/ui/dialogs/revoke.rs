//! Dialog that confirms revoking one lease.

use ratatui::text::{Line, Span};

use crate::app::dialog::{ChangeSinceOpen, ConfirmCount, Confirmation, RevokeDialog};
use crate::app::keymap::Action;
use crate::app::{DialogAction, Lease, LeaseKeys, Ownership, UndoSize};
use crate::escape::printable;
use crate::plural::plural;
use crate::ui::Role;
use crate::ui::line::cut;

use super::{DialogButton, DialogPage, Popup, Title, format};

/// Maximum number of keys listed.
const MOST_KEYS: usize = 8;

impl<'a> DialogPage<'a> {
    pub(super) fn revoke(&self, dialog: &RevokeDialog) -> Popup<'a> {
        let title = Title::on(self.name(dialog.id), ["Revoke lease ", "?"], ["Revoke ", "?"]);
        let Some(lease) = self.ctx.app.leases.get(dialog.id).filter(|lease| lease.end.is_none()) else {
            return self.too_late(title, dialog.id, "revoke");
        };
        let foot = match dialog.confirmation(lease) {
            Confirmation::Key => {
                let revoke = DialogButton::new(self.key(DialogAction::Confirm), "revoke", "yes");
                self.answers(&[self.cancel(), revoke], Some(dialog.focused()))
            }
            Confirmation::Number => self.typed_number(&dialog.typed, 1, "1"),
        };
        let mut body = self.text(Role::Text, &self.whose_and_where(lease));
        if !dialog.since_freeze.is_empty() {
            body.extend(self.text(Role::Warning, &format!("Since the freeze: {}.", dialog.since_freeze.join(", "))));
        }
        if let Some(change_since_open) = dialog.change_since_open(lease) {
            body.extend(self.text(Role::Warning, in_words(change_since_open, lease.ownership)));
        }
        let mut end = self.text(Role::Text, consequence(lease));
        end.extend(self.undo(&dialog.undo, false));
        let room = self.rows.saturating_sub(body.len() + end.len() + foot.len() + 1);
        let measured = if lease.keys.is_none() { measured_keys(&dialog.undo) } else { None };
        body.extend(self.deleted_keys(measured.as_ref().or(lease.keys.as_ref()), room));
        body.extend(end);
        Popup { foot, ..Popup::new(title, body) }
    }

    /// `Yours · 8.2 of 10 s left · 127.0.0.1:2379`
    pub(super) fn whose_and_where(&self, lease: &Lease) -> String {
        format!("{} · {} left · {}", whose(lease.ownership), self.time_left(lease), self.place())
    }

    /// The cluster of the lease.
    pub(super) fn place(&self) -> String {
        let app = self.ctx.app;
        let place = match (app.config.is_sandbox(), app.cluster.member()) {
            (true, _) => "embedded sandbox".to_owned(),
            (false, Some(member)) => printable(member.endpoint.as_bytes()),
            (false, None) => printable(app.config.target.as_bytes()),
        };
        match &app.config.label {
            Some(named) => format!("{} ({place})", printable(named.name.as_bytes())),
            None => place,
        }
    }

    /// `8.2 of 10 s`, or `3.4 h of 5 d` if the units differ.
    fn time_left(&self, lease: &Lease) -> String {
        let left = lease.left(self.ctx.now).map_or(format::UNKNOWN.to_owned(), format::span);
        let Some(ttl) = lease.granted_ttl.map(format::ttl) else { return left };
        match (left.split_once(' '), ttl.split_once(' ')) {
            (Some((figure, unit)), Some((_, of))) if unit == of => format!("{figure} of {ttl}"),
            _ => format!("{left} of {ttl}"),
        }
    }

    /// Whether the revoke can be undone. `is_many` says that it is of several leases, of which some may be within the limit.
    pub(super) fn undo(&self, undo: &UndoSize, is_many: bool) -> Vec<Line<'a>> {
        let key = self.ctx.app.config.keymap.key_label(Action::Undo);
        let text = match undo {
            UndoSize::Unknown | UndoSize::Measuring => format!("{key} undoes it. Measuring its values…"),
            UndoSize::TooMany => format!("{key} undoes it, as far as the values fit into 1 MB."),
            UndoSize::Known(Ok(size)) => {
                let keys = plural(size.keys as u64, "key");
                format!("{key} undoes it for 5 min: {keys}, {}.", size_in_words(size.bytes))
            }
            UndoSize::Known(Err(why)) => {
                let why = printable(why.to_string().as_bytes());
                let no_undo = if is_many { format!("{key} undoes it only in part") } else { "No undo".to_owned() };
                return self.text(Role::Warning, &format!("{no_undo}: {why}."));
            }
        };
        self.text(Role::Dim, &text)
    }

    /// The keys that will be deleted, in at most `rows` rows.
    fn deleted_keys(&self, keys: Option<&LeaseKeys>, rows: usize) -> Vec<Line<'a>> {
        let Some(keys) = keys else { return self.text(Role::Dim, "Loading its keys…") };
        // The count takes one row, and so does the remainder if there is one.
        let room = rows.saturating_sub(1);
        let named = if keys.count <= room.min(MOST_KEYS) { keys.count } else { room.saturating_sub(1).min(MOST_KEYS) };
        let end = if named == 0 { "." } else { ":" };
        let mut lines = self.text(Role::Text, &(how_many(keys) + end));
        let shown = keys.first.iter().take(named);
        lines.extend(shown.map(|key| Line::from(format!("  {}", cut(&printable(key), self.width.saturating_sub(2))))));
        let rest = keys.count.saturating_sub(keys.first.len().min(named));
        if rest > 0 && named > 0 {
            lines.extend(self.text(Role::Dim, &format!("  and {rest} more")));
        }
        lines
    }

    /// Prompt for the confirmation number with the typed text, why it does not match, and the answers. Low dialogs have no
    /// prompt: the typed text follows the answers, the first of which calls it `label`.
    pub(super) fn typed_number(&self, number: &ConfirmCount, count: usize, label: &str) -> Vec<Line<'a>> {
        let typed = Span::styled(format!("{:<4}", number.input().value()), self.ctx.theme.cursor());
        let accept = self.key(DialogAction::Accept);
        let mut lines = self.text(Role::Text, &format!("Type {count} to confirm:"));
        let refusal = number.refusal(count).map(|text| self.text(Role::Warning, &text)).unwrap_or_default();
        // Three more rows are for the answers, a blank line and one line of the body.
        if lines.len() + refusal.len() + 3 > self.rows {
            let beside = DialogPage { width: self.width.saturating_sub(3).max(10), ..*self };
            let mut short = beside
                .answers(&[DialogButton::new(format!("{label} {accept}"), "revoke", "yes"), self.cancel_key()], None);
            short.iter_mut().for_each(|line| line.spans.extend([Span::raw(" "), typed.clone()]));
            let fits = refusal.len() + short.len() + 1 < self.rows;
            return if fits { [refusal, short].concat() } else { short };
        }
        if let Some(question) = lines.last_mut() {
            question.spans.extend([Span::raw(" "), typed]);
        }
        lines.extend(refusal);
        let revoke = DialogButton::new(accept, "revoke", "yes");
        lines.extend(self.answers(&[revoke, self.cancel_key()], None));
        lines
    }
}

/// `512 bytes` or `12 kB`.
fn size_in_words(bytes: usize) -> String {
    if bytes < 10_000 { plural(bytes as u64, "byte") } else { format!("{} kB", bytes / 1000) }
}

/// The keys that were read with their values. All that were attached to the lease are among them.
fn measured_keys(undo: &UndoSize) -> Option<LeaseKeys> {
    let UndoSize::Known(Ok(measure)) = undo else { return None };
    Some(LeaseKeys { count: measure.keys, is_all: true, first: measure.first.clone().into() })
}

fn how_many(keys: &LeaseKeys) -> String {
    match (keys.count, keys.is_all) {
        (0, true) => "No key will be deleted".to_owned(),
        (0, false) => "Its keys are unknown: this user may not read them".to_owned(),
        (count, true) => format!("{} will be deleted", plural(count as u64, "key")),
        (count, false) => format!("At least {} will be deleted", plural(count as u64, "key")),
    }
}

fn whose(who: Ownership) -> &'static str {
    match who {
        Ownership::Own => "Yours",
        Ownership::Adopted => "Owned by another client, kept alive here",
        Ownership::Other => "Owned by another client",
    }
}

fn in_words(change_since_open: ChangeSinceOpen, who: Ownership) -> &'static str {
    match (change_since_open, who) {
        (ChangeSinceOpen::ChangedHands, Ownership::Own) => "It changed owner while this was open: it is yours now.",
        (ChangeSinceOpen::ChangedHands, _) => "It changed owner while this was open: it is another client's now.",
        (ChangeSinceOpen::Renewed, _) => "It was renewed while this was open: its owner is alive.",
    }
}

fn consequence(lease: &Lease) -> &'static str {
    match (lease.ownership, lease.keys.as_ref().is_some_and(|keys| keys.count > 0 || !keys.is_all)) {
        (Ownership::Own, true) => "Watchers see the deletes immediately.",
        (Ownership::Own, false) => "Nobody else notices.",
        (_, true) => "Its owner loses the lease; watchers see the deletes immediately.",
        (_, false) => "Its owner loses the lease.",
    }
}
