//! The drills that are offered, each with what a program would see of it.

use ratatui::text::{Line, Span};

use crate::app::dialog::DrillDialog;
use crate::ui::Role;

use super::{Page, Sheet, Title};

impl<'a> Page<'a> {
    /// `1  stall the consumer`, and under it the sentence.
    pub(super) fn drill(&self, dialog: &DrillDialog) -> Sheet<'a> {
        let title = Title::on(self.name(dialog.id), ["A drill on ", ""], ["Drill ", ""]);
        let lease = self.scene.model.lease(dialog.id);
        if lease.is_none_or(|lease| lease.death.is_some()) {
            return self.too_late(title, dialog.id, "drill");
        }
        if let Some(why) = dialog.obstacle(self.scene.model) {
            let foot = self.answers(&[self.close()], Some(0));
            return Sheet { foot, ..Sheet::new(title, self.text(Role::Warning, &why)) };
        }
        let mut body = self.text(Role::Dim, "What would a program see? The same key ends a drill.");
        for choice in dialog.choices(&self.scene.model.setup.keymap) {
            body.push(self.choice(choice.key, &choice.name));
            body.extend(self.text(Role::Dim, choice.seen));
        }
        Sheet { foot: self.answers(&[self.cancel()], Some(0)), ..Sheet::new(title, body) }
    }

    /// A key and what it begins.
    pub(super) fn choice(&self, key: char, name: &str) -> Line<'a> {
        let look = self.scene.look;
        Line::from(vec![
            Span::styled(format!("{key}  "), look.style(Role::Key)),
            Span::styled(name.to_owned(), look.style(Role::Text)),
        ])
    }
}
