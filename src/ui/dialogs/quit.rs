//! Quit and suspend dialogs: what happens to the leases kept alive here.

use crate::app::dialog::Focus;
use crate::app::keymap::Action;
use crate::app::{DialogAction, Lease, Ownership};
use crate::escape::printable;
use crate::plural::plural;
use crate::ui::Role;

use super::{DialogButton, DialogPage, Popup, Title, format};

impl<'a> DialogPage<'a> {
    pub(super) fn quit(&self, focus: Focus) -> Popup<'a> {
        let kept = self.kept();
        let text = match self.ctx.app.leases.kept_alive().count() {
            0 => format!("{kept}."),
            1 => {
                let left = self.first_to_go(" in ", "");
                format!("{kept}. It will expire{left}. The command to resume is printed on exit.")
            }
            _ => {
                let first = self.first_to_go(" (first in ", ")");
                format!("{kept}. They will expire{first}. The command to resume is printed on exit.")
            }
        };
        let mut body = self.text(Role::Text, &text);
        for kept in &self.ctx.app.view.background {
            let count = plural(kept.leases.len() as u64, "lease");
            let text = format!("{count} on {}: no longer kept alive either.", printable(kept.cluster.as_bytes()));
            body.extend(self.text(Role::Text, &text));
        }
        let answers = [
            DialogButton::new(self.key(DialogAction::QuitLeave), "Quit", "quit").plain(),
            DialogButton::new(self.key(DialogAction::QuitRevoke), "Revoke mine and quit", "revoke"),
            DialogButton::new(self.key(DialogAction::QuitStay), "Cancel", "cancel"),
        ];
        let foot = self.answers(&answers, Some(focus.among(3)));
        Popup { foot, ..Popup::new(Title::of("Quit?"), body) }
    }

    pub(super) fn suspend(&self) -> Popup<'a> {
        let text = format!(
            "{}. Renewals stop while leasetop is suspended; the leases expire unless `fg` resumes it in time.{}",
            self.kept(),
            self.first_to_go(" The first has ", " left.")
        );
        let suspend = self.ctx.app.config.keymap.key_label(Action::Suspend);
        let answers = [
            DialogButton::new(self.key(DialogAction::Close), "Cancel", "cancel").plain(),
            DialogButton::new(suspend, "suspend", "suspend"),
        ];
        let foot = self.answers(&answers, Some(0));
        Popup { foot, ..Popup::new(Title::of("Suspend?"), self.text(Role::Text, &text)) }
    }

    /// `You are keeping 3 leases alive, 1 of other clients`
    fn kept(&self) -> String {
        let kept: Vec<&Lease> = self.ctx.app.leases.kept_alive().collect();
        let others = kept.iter().filter(|lease| lease.ownership != Ownership::Own).count();
        let all = match kept.len() {
            0 => "You are not keeping any lease alive".to_owned(),
            count => format!("You are keeping {} alive", plural(count as u64, "lease")),
        };
        match others {
            0 => all,
            others => format!("{all}, {others} of other clients"),
        }
    }

    /// Time until the first lease expires, between `before` and `after`; empty if unknown.
    fn first_to_go(&self, before: &str, after: &str) -> String {
        let first = self.ctx.app.leases.kept_alive().filter_map(|lease| lease.left(self.ctx.now)).reduce(f64::min);
        first.map_or(String::new(), |left| format!("{before}{}{after}", format::span(left)))
    }
}
