//! Fault drills on offer, each with its effect on a program.

use ratatui::text::{Line, Span};

use crate::app::dialog::DrillDialog;
use crate::app::keymap::Action;
use crate::ui::Role;

use super::{DialogPage, Popup, Title};

impl<'a> DialogPage<'a> {
    /// `1  stop reading responses`, followed by a sentence on the effect.
    pub(super) fn drill(&self, dialog: &DrillDialog) -> Popup<'a> {
        let title = Title::on(self.name(dialog.id), ["Fault drill on ", ""], ["Drill ", ""]);
        let lease = self.ctx.app.leases.get(dialog.id);
        if lease.is_none_or(|lease| lease.end.is_some()) {
            return self.too_late(title, dialog.id, "drill");
        }
        if let Some(why) = dialog.obstacle(&self.ctx.app.leases, &self.ctx.app.config) {
            let foot = self.answers(&[self.close()], Some(0));
            return Popup { foot, ..Popup::new(title, self.text(Role::Warning, &why)) };
        }
        let stop = self.ctx.app.config.keymap.key_label(Action::Drill);
        let mut body = self.text(Role::Dim, &format!("What would your program see? {stop} stops the drill."));
        for choice in dialog.choices(&self.ctx.app.config.keymap) {
            body.push(self.choice(choice.key, &choice.name));
            body.extend(self.text(Role::Dim, choice.seen));
        }
        Popup { foot: self.answers(&[self.cancel()], Some(0)), ..Popup::new(title, body) }
    }

    /// A key and the drill it starts.
    pub(super) fn choice(&self, key: char, name: &str) -> Line<'a> {
        let theme = self.ctx.theme;
        Line::from(vec![
            Span::styled(format!("{key}  "), theme.style(Role::Key)),
            Span::styled(name.to_owned(), theme.style(Role::Text)),
        ])
    }
}
