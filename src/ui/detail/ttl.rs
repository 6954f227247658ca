//! What the server says of the time left, beside what the engine believes.

use ratatui::text::Line;

use super::DetailPage;
use crate::app::Lease;
use crate::escape::printable;
use crate::ui::Role;
use crate::ui::format::{self, UNKNOWN};
use etcd_lease::{LeaseStatus, TtlStatus};

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let lease = page.lease;
    let why = page.ctx.app.view.selection.reason(lease.id).map(|why| printable(why.as_bytes()));
    let mut lines = why.map_or(Vec::new(), |why| page.labelled("marked", Role::Danger, &format!("not revoked: {why}")));
    lines.extend(page.labelled("left", Role::Text, &left(page, lease)));
    lines.extend(page.labelled("server", Role::Text, &server(page, lease)));
    if let Some(status) = &lease.engine {
        lines.extend(page.labelled("engine", Role::Text, &engine(page, lease, status)));
    }
    lines
}

/// `8.2 s of 10 s, by all that is known 8.1 to 8.3 s`
fn left(page: &DetailPage<'_>, lease: &Lease) -> String {
    let of = lease.granted_ttl.map_or(String::new(), |ttl| format!(" of {}", format::ttl(ttl)));
    let span = format::span;
    match (&lease.end, lease.left(page.ctx.now), lease.left_between(page.ctx.now)) {
        (Some(death), ..) => format!("nothing{of}: it went {}", page.ago(death.at)),
        (None, Some(left), Some((from, to))) if span(from) != span(to) => {
            let (from, to) = (span(from), span(to));
            format!("{}{of}, somewhere from {from} to {to}", format::span(left))
        }
        (None, Some(left), _) => format!("{}{of}", format::span(left)),
        (None, None, _) => format!("{UNKNOWN}{of}"),
    }
}

fn server(page: &DetailPage<'_>, lease: &Lease) -> String {
    let Some(said) = lease.last_ttl_reply else { return "not asked yet".to_owned() };
    let meaning = match said.reading {
        TtlStatus::Dying => ": expired, and not removed yet",
        TtlStatus::AtDeadline => ": within a second of its deadline",
        TtlStatus::Invalid => ": a former leader's answer, which says nothing",
        TtlStatus::Alive | TtlStatus::Missing => "",
    };
    format!("said {} s, {}{meaning}", said.ttl, page.ago(said.received))
}

/// `8.2 s left by its last renewal, 1.8 s ago; the next in 1.7 s`
fn engine(page: &DetailPage<'_>, lease: &Lease, status: &LeaseStatus) -> String {
    let now = page.ctx.now;
    let left = status.deadline.map_or(UNKNOWN.to_owned(), |deadline| format::span((deadline - now).as_secs_f64()));
    let by =
        status.last_answer.map_or("by its grant".to_owned(), |at| format!("by its last renewal, {}", page.ago(at)));
    let next = match status.next_due.filter(|_| lease.is_kept_alive) {
        Some(due) if due > now => format!("; the next in {}", format::span((due - now).as_secs_f64())),
        Some(_) => "; the next is due".to_owned(),
        None => "; not kept alive".to_owned(),
    };
    format!("{left} left {by}{next}")
}
