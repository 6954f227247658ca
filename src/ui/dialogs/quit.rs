//! What becomes of the leases that are kept alive here when the program ends, or stands still.

use crate::app::dialog::Focus;
use crate::app::keymap::Action;
use crate::app::{DialogAction, Lease, Ownership};
use crate::ui::Role;

use super::{DialogButton, DialogPage, Popup, Title, format};

const COMMAND: &str = "the command that goes on keeping";

impl<'a> DialogPage<'a> {
    pub(super) fn quit(&self, focus: Focus) -> Popup<'a> {
        let kept = self.kept();
        let text = match self.ctx.app.leases.kept_alive().count() {
            0 => format!("{kept}."),
            1 => format!(
                "{kept}. Left alone, it expires{}; {COMMAND} it is printed at the end.",
                self.first_to_go(" in ", "")
            ),
            _ => {
                let first = self.first_to_go(", the first in ", "");
                format!("{kept}. Left alone, they expire{first}; {COMMAND} them is printed at the end.")
            }
        };
        let answers = [
            DialogButton::new(self.key(DialogAction::Accept), "Leave", "leave").plain(),
            DialogButton::new(self.key(DialogAction::QuitRevoke), "revoke our own and leave", "revoke"),
            DialogButton::new(self.key(DialogAction::QuitStay), "stay", "stay"),
        ];
        let foot = self.answers(&answers, Some(focus.among(3)));
        Popup { foot, ..Popup::new(Title::of("Quit?"), self.text(Role::Text, &text)) }
    }

    pub(super) fn suspend(&self) -> Popup<'a> {
        let text = format!(
            "{}. Nothing is renewed while leasetop is suspended: they expire unless `fg` comes in time.{}",
            self.kept(),
            self.first_to_go(" The first has ", " left.")
        );
        let suspend = self.ctx.app.config.keymap.key_label(Action::Suspend);
        let answers = [
            DialogButton::new(self.key(DialogAction::Close), "Stay", "stay").plain(),
            DialogButton::new(suspend, "suspend", "suspend"),
        ];
        let foot = self.answers(&answers, Some(0));
        Popup { foot, ..Popup::new(Title::of("Suspend?"), self.text(Role::Text, &text)) }
    }

    /// `3 leases are being kept alive here, 1 of them another client's`.
    fn kept(&self) -> String {
        let kept: Vec<&Lease> = self.ctx.app.leases.kept_alive().collect();
        let others = kept.iter().filter(|lease| lease.ownership != Ownership::Own).count();
        let all = match kept.len() {
            0 => "Nothing is being kept alive here any more".to_owned(),
            1 => "1 lease is being kept alive here".to_owned(),
            count => format!("{count} leases are being kept alive here"),
        };
        match others {
            0 => all,
            others => format!("{all}, {others} of them another client's"),
        }
    }

    /// How long the first of them lives, between these words; nothing where that is not known.
    fn first_to_go(&self, before: &str, after: &str) -> String {
        let first = self.ctx.app.leases.kept_alive().filter_map(|lease| lease.left(self.ctx.now)).reduce(f64::min);
        first.map_or(String::new(), |left| format!("{before}{}{after}", format::span(left)))
    }
}
