//! The figures of the selected group, shown while no single lease is selected.

use ratatui::text::{Line, Span};

use crate::app::{Group, GroupKey, Lease, LeaseKeys, rate_in_words};
use crate::escape::printable;
use crate::plural::plural;

use super::super::{RenderContext, Role, format};
use super::{LABEL_WIDTH, availability};

/// Up to this many leases are listed: the first ones of the group in the order of the table. Sorted by problems, these
/// are the worst.
const LISTED: usize = 5;
/// Bytes of a key that are shown. A key has up to 1.5 MB.
const MAX_KEY: usize = 256;

/// The figures of the group under the cursor, or that nothing is selected.
pub(super) fn lines(ctx: RenderContext<'_>) -> Vec<Line<'static>> {
    let view = &ctx.app.view;
    let Some((id, group)) = view.cursor_group().and_then(|id| Some((id, view.groups().get(id)?))) else {
        return vec![Line::styled("No lease selected.", ctx.theme.style(Role::Dim))];
    };
    let mut lines = figures(ctx, group);
    for (index, id) in view.group_members(id).iter().take(LISTED).enumerate() {
        let Some(lease) = ctx.app.leases.get(*id) else { continue };
        let label = if index == 0 { "leases" } else { "" };
        lines.push(line(ctx, label, in_words(ctx, lease)));
    }
    lines
}

fn figures(ctx: RenderContext<'_>, group: &Group) -> Vec<Line<'static>> {
    let figures = group.figures();
    let mut lines = vec![line(ctx, "group", format!("{} · {}", group.key().name(), plural(figures.leases, "lease")))];
    if let Some(worst) = figures.worst {
        let warned =
            if figures.warned > 0 { format!(" · {}", plural(figures.warned, "warning")) } else { String::new() };
        lines.push(line(ctx, "worst", format!("{} {}{warned}", figures.worst_count, worst.state().word())));
    }
    if let (Some(deadline), Some(first)) = (figures.deadline, figures.first_to_end) {
        let left = format::span(deadline.signed_since(ctx.now).max(0.0));
        lines.push(line(ctx, "left", format!("{left} · {}", ctx.app.view.id_format.name(first))));
    }
    if let Some(percent) = figures.median_percent {
        let text = format!("every {percent} % of the TTL (median) · {} renewals/s", rate_in_words(figures.renewals));
        lines.push(line(ctx, "renewed", text));
    }
    if let GroupKey::Service(name) = group.key()
        && let Some(known) = ctx.app.keys.index().availability().services().get(name, ctx.now)
    {
        lines.push(line(ctx, "available", availability::service_in_words(&known)));
    }
    lines
}

/// `● ok  /svc/orders/10.0.0.4:8000`
fn in_words(ctx: RenderContext<'_>, lease: &Lease) -> String {
    let state = lease.state(ctx.now);
    let sign = super::theme::state(state).0;
    let first = match &lease.keys {
        Some(LeaseKeys { first, .. }) => first.first().map(|key| printable(&key[..key.len().min(MAX_KEY)])),
        None => None,
    };
    let name = first.unwrap_or_else(|| ctx.app.view.id_format.name(lease.id));
    format!("{sign} {}  {name}", state.word())
}

fn line(ctx: RenderContext<'_>, label: &'static str, text: String) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{label:<LABEL_WIDTH$}"), ctx.theme.style(Role::Dim)),
        Span::styled(text, ctx.theme.style(Role::Text)),
    ])
}
