//! Form that attaches a key to a lease.

use ratatui::text::{Line, Span};
use tui_input::Input;

use crate::app::dialog::AttachDialog;
use crate::app::{Lease, Ownership};
use crate::ui::Role;

use super::{DialogPage, Popup, Title, field};

impl<'a> DialogPage<'a> {
    pub(super) fn attach(&self, dialog: &AttachDialog) -> Popup<'a> {
        let title = Title::on(self.name(dialog.id), ["Attach a key to ", ""], ["Attach to ", ""]);
        let Some(lease) = self.ctx.app.leases.get(dialog.id).filter(|lease| lease.end.is_none()) else {
            return self.too_late(title, dialog.id, "attach a key to");
        };
        let needs_confirm_count = dialog.needs_confirm_count(lease);
        let mut body = vec![self.field_line("key=value", &dialog.pair, !dialog.is_at_number)];
        if needs_confirm_count {
            body.push(self.field_line("leases (1)", dialog.number.input(), dialog.is_at_number));
            let refusal = dialog.number.refusal(1).map(|text| self.text(Role::Warning, &text));
            body.extend(refusal.into_iter().flatten());
        }
        if let Err(rule) = dialog.read() {
            let role = if dialog.pair.value().is_empty() { Role::Dim } else { Role::Warning };
            body.extend(self.text(role, &rule));
        }
        body.extend(self.text(Role::Text, &self.whose_and_where(lease)));
        body.extend(self.text(Role::Text, fate(lease)));
        body.extend(self.text(Role::Dim, "An existing key is overwritten and moved to this lease."));
        let foot = self.form(Some("attach"), needs_confirm_count);
        Popup { foot, look_at: usize::from(dialog.is_at_number), ..Popup::new(title, body) }
    }

    /// One line of the form: the name of the field and its text.
    pub(super) fn field_line(&self, name: &str, input: &Input, has_caret: bool) -> Line<'a> {
        const NAME: usize = 12;
        let theme = self.ctx.theme;
        let mut spans = vec![Span::styled(format!("{name:<NAME$}"), theme.style(Role::Title))];
        spans.extend(field::spans(input, self.width.saturating_sub(NAME), has_caret.then(|| theme.cursor())));
        Line::from(spans)
    }
}

/// When the key is deleted.
fn fate(lease: &Lease) -> &'static str {
    match (lease.ownership, lease.is_kept_alive) {
        (Ownership::Own, true) => "The key is deleted when this lease expires or is revoked.",
        (Ownership::Own, false) => "Nobody keeps this lease alive: the key is deleted when it expires.",
        _ => "The key is deleted when the other client stops renewing or revokes its lease.",
    }
}
