//! Renewals by this client: interval, schedule, margin and response queue.

use ratatui::text::Line;

use super::DetailPage;
use crate::plural::plural;
use crate::ui::bar::bar_text;
use crate::ui::{Role, format};
use etcd_lease::{LeaseStatus, QueueGauge};

/// Maximum number of slots for a bar with one cell per slot.
const MAX_SLOTS: usize = 32;
/// Cells of the bar of a larger queue.
const BAR: usize = 16;

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let Some(status) = &page.lease.engine else { return Vec::new() };
    let mut lines = page.labelled("cadence", Role::Text, &renewals(page, status));
    lines.extend(renewals_to_spare(page));
    lines.extend(queue(page, status.queue));
    lines
}

/// `18 renewals every 3.50 s (3.50-3.52, expected 3.50); lowest left 6.5 s; 18 read`
fn renewals(page: &DetailPage<'_>, status: &LeaseStatus) -> String {
    let cadence = status.cadence;
    let count = plural(cadence.answers, "renewal");
    let expected = status.expected.map(format::seconds);
    let mut parts = vec![match (cadence.mean(), cadence.min, cadence.max) {
        (Some(mean), Some(min), Some(max)) => {
            let [mean, min, max] = [mean, min, max].map(format::seconds);
            let expected = expected.map_or(String::new(), |expected| format!(", expected {expected}"));
            format!("{count} every {mean} s ({min}-{max}{expected})")
        }
        _ => expected.map_or(count.clone(), |expected| format!("{count} (expected every {expected} s)")),
    }];
    parts.extend(cadence.least_left.map(|left| format!("lowest left {}", format::span(left.as_secs_f64()))));
    parts.push(format!("{} read", page.lease.responses_read));
    parts.join("; ")
}

fn renewals_to_spare(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    match page.lease.renewals_to_spare(page.ctx.now) {
        None => Vec::new(),
        Some(0) => page.labelled("margin", Role::Warning, "tolerates no missed renewal"),
        Some(1) => page.labelled("margin", Role::Text, "tolerates 1 missed renewal"),
        Some(many) => page.labelled("margin", Role::Text, &format!("tolerates {many} missed renewals")),
    }
}

/// `██████████────── 10/16; 7 dropped; full in 21.0 s if nobody reads; oldest unread 35.0 s old`. The bar has one
/// cell per slot of the queue, unless there are too many.
fn queue(page: &DetailPage<'_>, queue: QueueGauge) -> Vec<Line<'static>> {
    let QueueGauge { depth, capacity, dropped } = queue;
    let cells = if (1..=MAX_SLOTS).contains(&capacity) { capacity } else { BAR };
    let bar = bar_text(depth as f64 / capacity.max(1) as f64, cells);
    let mut parts = vec![format!("{bar} {depth}/{capacity}"), format!("{dropped} dropped")];
    let is_full = depth >= capacity;
    if is_full {
        parts.push("FULL: new responses are dropped".to_owned());
    } else if depth > 0
        && page.lease.is_kept_alive
        && let Some(span) = page.lease.time_until_renewals(capacity - depth, page.ctx.now)
    {
        parts.push(format!("full in {} if nobody reads", format::span(span.as_secs_f64())));
    }
    let oldest = page.lease.history.as_ref().and_then(|history| history.oldest_unread(depth));
    parts.extend(oldest.map(|at| {
        let age = format::span((page.ctx.now - at).as_secs_f64());
        format!("oldest unread {age} old")
    }));
    let role = if is_full || dropped > 0 { Role::Warning } else { Role::Text };
    page.labelled("queue", role, &parts.join("; "))
}
