//! Warnings of the lease: what is wrong, why it matters and what to do.

use ratatui::text::Line;

use super::DetailPage;
use crate::inference::lints::label;
use crate::ui::Role;

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    if page.lease.warnings.is_empty() {
        return Vec::new();
    }
    let found = page.ctx.app.leases.findings(page.lease);
    found
        .iter()
        .flat_map(|finding| {
            let is_muted = page.lease.muted_warnings().any(|name| name == finding.lint);
            let (title, role) = if is_muted { ("muted", Role::Dim) } else { ("warning", Role::Warning) };
            let mut lines = page.labelled(title, role, &format!("{}: {}", label(finding.lint), finding.what));
            lines.extend(page.labelled("", Role::Text, &format!("{} {}", finding.why, finding.advice)));
            lines
        })
        .collect()
}
