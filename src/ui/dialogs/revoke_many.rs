//! Dialog that confirms revoking several leases and shows the progress.

use ratatui::text::{Line, Span};

use crate::app::dialog::RevokeManyDialog;
use crate::app::keymap::Action;
use crate::app::{BulkRevoke, DialogAction, Lease, Ownership, RevokeOutcome};
use crate::escape::printable;
use crate::plural::plural;
use crate::ui::Role;
use crate::ui::bar::bar_text;
use crate::ui::line::cut;

use super::{DialogButton, DialogPage, Popup, Title, format};

/// Maximum number of leases listed.
const MOST_NAMED: usize = 12;

impl<'a> DialogPage<'a> {
    pub(super) fn revoke_many(&self, dialog: &RevokeManyDialog) -> Popup<'a> {
        let leases: Vec<&Lease> = dialog.leases(&self.ctx.app.leases).collect();
        let title = Title::of(&format!("Revoke {} leases?", leases.len()));
        if leases.is_empty() {
            let text = "All of them ended or changed owner while this was open; nothing to revoke.";
            let foot = self.answers(&[self.close()], Some(0));
            return Popup { foot, ..Popup::new(title, self.text(Role::Warning, text)) };
        }
        let foot = self.typed_number(&dialog.typed, leases.len(), "number");
        let mut body = self.text(Role::Text, &format!("{} · {}", self.whose_are(&leases), self.place()));
        body.extend(self.text(Role::Text, &deleted_keys(&leases)));
        body.extend(self.cautions(dialog, leases.len()));
        let mut end = self.text(Role::Text, consequence(&leases));
        end.extend(self.undo(&dialog.undo, true));
        body.extend(self.named(&leases, self.rows.saturating_sub(body.len() + end.len() + foot.len() + 1)));
        body.extend(end);
        Popup { foot, ..Popup::new(title, body) }
    }

    /// Warnings about the selection: hidden and skipped leases.
    fn cautions(&self, dialog: &RevokeManyDialog, left: usize) -> Vec<Line<'a>> {
        let (hidden, lost) = (dialog.hidden, dialog.total() - left);
        let mut lines = Vec::new();
        if hidden > 0 {
            lines.extend(self.text(Role::Warning, &format!("{hidden} of them hidden by the filter.")));
        }
        if lost > 0 {
            let text = format!("{lost} more ended or changed owner while this was open and are skipped.");
            lines.extend(self.text(Role::Warning, &text));
        }
        lines
    }

    /// The first leases, one per line, in at most `rows` rows.
    pub(super) fn named(&self, leases: &[&Lease], rows: usize) -> Vec<Line<'a>> {
        let most = rows.min(MOST_NAMED);
        let named = if leases.len() <= most { leases.len() } else { most.saturating_sub(1) };
        let mut lines: Vec<Line> = leases[..named].iter().map(|lease| self.one_of_many(lease)).collect();
        if leases.len() > named && most > 0 {
            lines.extend(self.text(Role::Dim, &format!("  and {} more", leases.len() - named)));
        }
        lines
    }

    /// `  694d9aa8d4d4f304  own       8.2 s  /service/10`
    fn one_of_many(&self, lease: &Lease) -> Line<'a> {
        let left = lease.left(self.ctx.now).map_or(format::UNKNOWN.to_owned(), format::span);
        let key = lease.keys.as_ref().and_then(|keys| keys.first.first()).map_or(String::new(), |key| printable(key));
        let text = format!("  {}  {:<7} {left:>7}  {key}", self.name(lease.id), lease.ownership.word());
        Line::from(cut(&text, self.width))
    }

    /// `7 own, 3 adopted, 2 others`
    pub(super) fn whose_are(&self, leases: &[&Lease]) -> String {
        let count = |who: Ownership| leases.iter().filter(|lease| lease.ownership == who).count();
        let parts = [(Ownership::Own, "own"), (Ownership::Adopted, "adopted"), (Ownership::Other, "others")];
        let counts = parts.into_iter().map(|(who, words)| (count(who), words)).filter(|(count, _)| *count > 0);
        counts.map(|(count, words)| format!("{count} {words}")).collect::<Vec<_>>().join(", ")
    }

    /// Progress of a bulk revoke, one result per lease, failures first. The number of lines is constant, so the
    /// dialog does not move.
    pub(super) fn revoking(&self, top: usize) -> Popup<'a> {
        let nothing = BulkRevoke::default();
        let bulk = self.ctx.app.jobs.bulk().unwrap_or(&nothing);
        let title = Title::of(&format!("Revoking {} leases", bulk.total()));
        let stop = DialogButton::new(self.key(DialogAction::Close), "stop", "stop");
        let mut answers = vec![if bulk.is_drained() { self.close() } else { stop }];
        let app = self.ctx.app;
        if bulk.is_over() && app.jobs.can_undo_latest(app.view.clock_speed, self.ctx.now) {
            answers.push(DialogButton::new(app.config.keymap.key_label(Action::Undo), "undo the revoke", "undo"));
        }
        let foot = self.answers(&answers, Some(0));
        let mut body = vec![self.progress(bulk), self.tally(bulk)];
        let rows = self.rows.saturating_sub(body.len() + foot.len() + 1).min(bulk.total());
        let is_failure =
            |outcome: &RevokeOutcome| matches!(outcome, RevokeOutcome::Failed(_) | RevokeOutcome::ChangedHands);
        let others = bulk.results().iter().filter(|(_, outcome)| !is_failure(outcome)).rev();
        let results = bulk.failures().chain(others).skip(top).map(|(id, outcome)| self.result(*id, outcome));
        body.extend(results.chain(std::iter::repeat_with(Line::default)).take(rows));
        Popup { foot, ..Popup::new(title, body) }
    }

    /// `██████────   6 of 10`
    fn progress(&self, bulk: &BulkRevoke) -> Line<'a> {
        let (done, total) = (bulk.results().len(), bulk.total());
        let digits = total.to_string().len();
        let text = format!("  {done:>digits$} of {total}");
        let bar = bar_text(done as f64 / total.max(1) as f64, self.width.saturating_sub(text.len()));
        Line::from(vec![Span::styled(bar, self.ctx.theme.style(Role::Good)), Span::raw(text)])
    }

    /// `6 revoked, 12 keys deleted · 1 failed · 3 pending`
    fn tally(&self, bulk: &BulkRevoke) -> Line<'a> {
        let ((revoked, keys), failed) = (bulk.revoked(), bulk.failures().count());
        let gone = bulk.results().len() - revoked - failed;
        let counts = [(gone, "already gone"), (failed, "failed"), (bulk.skipped(), "skipped")];
        let others =
            counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}"));
        let pending = (bulk.in_flight() > 0).then(|| format!("{} pending", bulk.in_flight()));
        let first = format!("{revoked} revoked, {} deleted", plural(keys as u64, "key"));
        let text = std::iter::once(first).chain(others).chain(pending).collect::<Vec<_>>().join(" · ");
        Line::from(Span::styled(cut(&text, self.width), self.ctx.theme.style(Role::Text)))
    }

    fn result(&self, id: etcd_lease::LeaseId, outcome: &RevokeOutcome) -> Line<'a> {
        let (sign, role, words) = match outcome {
            RevokeOutcome::Revoked(Some(keys)) => {
                ('⊘', Role::Text, format!("revoked, {} deleted", plural(*keys as u64, "key")))
            }
            RevokeOutcome::Revoked(None) => ('⊘', Role::Text, "revoked".to_owned()),
            RevokeOutcome::Gone => ('✗', Role::Dim, "already gone".to_owned()),
            RevokeOutcome::ChangedHands => ('!', Role::Danger, "now belongs to another client; skipped".to_owned()),
            RevokeOutcome::Failed(reason) => {
                ('!', Role::Danger, format!("not revoked: {}", printable(reason.as_bytes())))
            }
        };
        let text = cut(&format!("{sign} {}  {words}", self.name(id)), self.width);
        Line::from(Span::styled(text, self.ctx.theme.style(role)))
    }
}

fn deleted_keys(leases: &[&Lease]) -> String {
    let known: usize = leases.iter().filter_map(|lease| lease.keys.as_ref()).map(|keys| keys.count).sum();
    let unknown = leases.iter().filter(|lease| lease.keys.as_ref().is_none_or(|keys| !keys.is_all)).count();
    match (known, unknown) {
        (0, 0) => "No key will be deleted.".to_owned(),
        (_, 0) => format!("{} will be deleted.", plural(known as u64, "key")),
        _ => {
            let leases = plural(unknown as u64, "lease");
            format!("At least {} will be deleted; not all keys of {leases} are known.", plural(known as u64, "key"))
        }
    }
}

fn consequence(leases: &[&Lease]) -> &'static str {
    if leases.iter().any(|lease| lease.ownership != Ownership::Own) {
        return "Other clients lose their leases; watchers see the deletes immediately.";
    }
    "Watchers see the deletes immediately."
}
