//! The drills that are offered, each with what a program would see of it.

use ratatui::text::{Line, Span};

use crate::app::dialog::DrillDialog;
use crate::ui::Role;

use super::Page;

impl<'a> Page<'a> {
    /// `1  stall the consumer`, and under it the sentence.
    pub(super) fn drill(&self, dialog: &DrillDialog) -> Vec<Line<'a>> {
        let lease = self.scene.model.lease(dialog.id);
        if lease.is_none_or(|lease| lease.death.is_some()) {
            let mut lines = self.text(Role::Warning, "It died while this was open: there is nothing left to drill.");
            lines.extend(self.answers("Close", &[]));
            return lines;
        }
        let mut lines = self.text(Role::Dim, "What would a program see? The same key ends a drill.");
        for choice in dialog.choices() {
            lines.push(self.choice(choice.key, &choice.name));
            lines.extend(self.text(Role::Dim, choice.seen));
        }
        lines.extend(self.answers("Cancel", &[]));
        lines
    }

    fn choice(&self, key: char, name: &str) -> Line<'a> {
        let look = self.scene.look;
        Line::from(vec![
            Span::styled(format!("{key}  "), look.style(Role::Key)),
            Span::styled(name.to_owned(), look.style(Role::Text)),
        ])
    }
}
