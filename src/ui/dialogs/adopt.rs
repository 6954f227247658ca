//! Dialog that confirms keeping other clients' leases alive.

use ratatui::text::Line;

use crate::app::dialog::AdoptDialog;
use crate::app::{DialogAction, Lease, Ownership};
use crate::plural::plural;
use crate::ui::Role;

use super::{DialogButton, DialogPage, Popup, Title};

impl<'a> DialogPage<'a> {
    pub(super) fn adopt(&self, dialog: &AdoptDialog) -> Popup<'a> {
        let [id] = dialog.ids[..] else { return self.adopt_many(dialog) };
        let title = Title::on(self.name(id), ["Keep ", " alive?"], ["Keep ", "?"]);
        let Some(lease) = self.ctx.app.leases.get(id).filter(|lease| lease.end.is_none()) else {
            return self.too_late(title, id, "keep alive");
        };
        let mut body = self.text(Role::Text, &self.whose_and_where(lease));
        body.extend(self.text(Role::Text, &self.at_stake(lease)));
        let foot = self.adopt_or_not(dialog, "keep it alive");
        Popup { foot, ..Popup::new(title, body) }
    }

    fn adopt_many(&self, dialog: &AdoptDialog) -> Popup<'a> {
        let title = Title::of(&format!("Keep {} leases alive?", dialog.ids.len()));
        let leases: Vec<&Lease> = dialog.leases(&self.ctx.app.leases).collect();
        let mut body = self.text(Role::Text, &format!("{} · {}", self.whose_are(&leases), self.place()));
        if leases.len() < dialog.ids.len() {
            let gone = format!("{} of them ended while this was open.", dialog.ids.len() - leases.len());
            body.extend(self.text(Role::Warning, &gone));
        }
        let others = leases.iter().filter(|lease| lease.ownership != Ownership::Own).count();
        let text = format!(
            "{} of other clients will no longer expire when their owners die; anything waiting for that expiry will wait \
             forever.",
            plural(others as u64, "lease")
        );
        body.extend(self.text(Role::Text, &text));
        // Two rows are for the answers and a blank line above them.
        body.extend(self.named(&leases, self.rows.saturating_sub(body.len() + 2)));
        let foot = self.adopt_or_not(dialog, "keep them alive");
        Popup { foot, ..Popup::new(title, body) }
    }

    fn adopt_or_not(&self, dialog: &AdoptDialog, adopt: &'static str) -> Vec<Line<'a>> {
        let adopt = DialogButton::new(self.key(DialogAction::Confirm), adopt, "yes");
        self.answers(&[self.cancel(), adopt], Some(dialog.focus.among(2)))
    }

    fn at_stake(&self, lease: &Lease) -> String {
        let all = lease.keys.as_ref().filter(|keys| keys.is_all);
        let what = match all.map(|keys| keys.count) {
            None => "It and its keys",
            Some(0) => "It",
            Some(1) => "It and its key",
            Some(count) => &format!("It and its {count} keys"),
        };
        format!("{what} will no longer expire when its owner dies; anything waiting for that expiry will wait forever.")
    }
}
