//! Dialog that confirms renewing other clients' leases once.

use ratatui::text::Line;

use crate::app::dialog::RenewDialog;
use crate::app::{DialogAction, Lease, Ownership};
use crate::plural::plural;
use crate::ui::Role;

use super::{DialogButton, DialogPage, Popup, Title};

/// What a renewal does to another client's lease.
const EFFECT: &str =
    "The renewal starts its TTL again. If its owner is dead, the lease and its keys stay that much longer.";

impl<'a> DialogPage<'a> {
    pub(super) fn renew(&self, dialog: &RenewDialog) -> Popup<'a> {
        let [id] = dialog.ids[..] else { return self.renew_many(dialog) };
        let title = Title::on(self.name(id), ["Renew ", " once?"], ["Renew ", "?"]);
        let Some(lease) = self.ctx.app.leases.get(id).filter(|lease| lease.end.is_none()) else {
            return self.too_late(title, id, "renew");
        };
        let mut body = self.text(Role::Text, &self.whose_and_where(lease));
        body.extend(self.text(Role::Text, EFFECT));
        let foot = self.renew_or_not(dialog, "renew it once");
        Popup { foot, ..Popup::new(title, body) }
    }

    fn renew_many(&self, dialog: &RenewDialog) -> Popup<'a> {
        let leases: Vec<&Lease> = dialog.leases(&self.ctx.app.leases).collect();
        let title = Title::of(&format!("Renew {} once?", plural(leases.len() as u64, "lease")));
        let mut body = self.text(Role::Text, &format!("{} · {}", self.whose_are(&leases), self.place()));
        if leases.len() < dialog.ids.len() {
            let gone = format!("{} of them ended while this was open.", dialog.ids.len() - leases.len());
            body.extend(self.text(Role::Warning, &gone));
        }
        let others = leases.iter().filter(|lease| lease.ownership == Ownership::Other).count();
        let text = format!(
            "{} of other clients will start the TTL again. If their owners are dead, they stay that much longer.",
            plural(others as u64, "lease")
        );
        body.extend(self.text(Role::Text, &text));
        // Two rows are for the answers and a blank line above them.
        body.extend(self.named(&leases, self.rows.saturating_sub(body.len() + 2)));
        let foot = self.renew_or_not(dialog, "renew them once");
        Popup { foot, ..Popup::new(title, body) }
    }

    fn renew_or_not(&self, dialog: &RenewDialog, renew: &'static str) -> Vec<Line<'a>> {
        let renew = DialogButton::new(self.key(DialogAction::Confirm), renew, "yes");
        self.answers(&[self.cancel(), renew], Some(dialog.focus.among(2)))
    }
}
