//! How it is renewed: how often and at which pace, how much may go wrong, and the queue of responses.

use ratatui::text::Line;

use super::DetailPage;
use crate::ui::columns::share_bar;
use crate::ui::{Role, format};
use etcd_lease::{LeaseStatus, QueueGauge};

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let Some(status) = &page.lease.engine else { return Vec::new() };
    let mut lines = page.labelled("renewed", Role::Text, &renewals(page, status));
    lines.extend(renewals_to_spare(page));
    lines.extend(queue(page, status.queue));
    lines
}

/// `18 times, every 3.50 s (3.50 to 3.52), 3.5 s expected; least left 6.5 s; 18 read`
fn renewals(page: &DetailPage<'_>, status: &LeaseStatus) -> String {
    let cadence = status.cadence;
    let times = format::times(cadence.answers);
    let mut parts = vec![times];
    if let (Some(mean), Some(min), Some(max)) = (cadence.mean(), cadence.min, cadence.max) {
        let [mean, min, max] = [mean, min, max].map(format::seconds);
        parts.push(format!("every {mean} s ({min} to {max})"));
    }
    parts.extend(status.expected.map(|span| format!("{} s expected", format::seconds(span))));
    parts.extend(cadence.least_left.map(|left| format!("least left {}", format::span(left.as_secs_f64()))));
    parts.push(format!("{} read", page.lease.responses_read));
    parts.join(", ")
}

fn renewals_to_spare(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    match page.lease.renewals_to_spare(page.ctx.now) {
        None => Vec::new(),
        Some(0) => page.labelled("may miss", Role::Warning, "none: it dies if the next renewal is not answered"),
        Some(1) => page.labelled("may miss", Role::Text, "1 renewal, and dies if the one after that fails too"),
        Some(many) => page.labelled("may miss", Role::Text, &format!("{many} renewals in a row, not one more")),
    }
}

/// A cell for each response that there is room for, as long as these are few: `▇▇▇▇▇▇▇▇▇▇░░░░░░ 10/16, 7 dropped, full in 21.0 s if nobody reads, oldest unread 35.0 s ago`
fn queue(page: &DetailPage<'_>, queue: QueueGauge) -> Vec<Line<'static>> {
    let QueueGauge { depth, capacity, dropped } = queue;
    let cells = if (1..=32).contains(&capacity) { capacity } else { 16 };
    let bar = share_bar(depth as f64 / capacity.max(1) as f64, cells);
    let mut parts = vec![format!("{bar} {depth}/{capacity}"), format!("{dropped} dropped")];
    let is_full = depth >= capacity;
    if is_full {
        parts.push("full: what comes is dropped".to_owned());
    } else if let (1.., Some(habit), true) = (depth, page.lease.mean_interval(), page.lease.is_kept_alive) {
        let span = habit.as_secs_f64() * (capacity - depth) as f64;
        parts.push(format!("full in {} if nobody reads", format::span(span)));
    }
    let oldest = page.lease.history.as_ref().and_then(|history| history.oldest_unread(depth));
    parts.extend(oldest.map(|at| format!("oldest unread {}", page.ago(at))));
    let role = if is_full || dropped > 0 { Role::Warning } else { Role::Text };
    page.labelled("queue", role, &parts.join(", "))
}
