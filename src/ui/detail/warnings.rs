//! What is wrong with it, why that matters, and what to do.

use ratatui::text::Line;

use super::Page;
use crate::ui::Role;

pub(super) fn lines(page: &Page<'_>) -> Vec<Line<'static>> {
    if page.lease.warnings.is_empty() {
        return Vec::new();
    }
    let found = page.scene.model.diagnoses().of(page.lease.id);
    found
        .flat_map(|finding| {
            let mut lines = page.say("warning", Role::Warning, &format!("{}: {}", finding.lint, finding.what));
            lines.extend(page.say("", Role::Text, &format!("{} {}", finding.why, finding.advice)));
            lines
        })
        .collect()
}
