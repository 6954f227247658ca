//! Time left according to etcd and according to the keepalive engine.

use ratatui::text::Line;

use super::DetailPage;
use crate::app::{EndCause, Lease, LeaseState};
use crate::escape::printable;
use crate::ui::format::{self, UNKNOWN};
use crate::ui::{Role, columns};
use etcd_lease::{LeaseStatus, TtlStatus};
use simkit::Timestamp;

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let lease = page.lease;
    let why = page.ctx.app.view.selection.reason(lease.id).map(|why| printable(why.as_bytes()));
    let mut lines = why.map_or(Vec::new(), |why| page.labelled("marked", Role::Danger, &format!("not revoked: {why}")));
    lines.extend(page.labelled("lease", Role::Text, &left(page, lease)));
    lines.extend(page.labelled("etcd", Role::Text, &server(page, lease)));
    if let Some(status) = &lease.engine {
        lines.extend(page.labelled("engine", Role::Text, &engine(page, lease, status)));
    }
    lines
}

/// `8.2 s of 10 s left (8.1-8.3 s)`
fn left(page: &DetailPage<'_>, lease: &Lease) -> String {
    let of = lease.granted_ttl.map_or(String::new(), |ttl| format!(" of {}", format::ttl(ttl)));
    let span = format::span;
    match (&lease.end, lease.left(page.ctx.now), lease.left_between(page.ctx.now)) {
        (Some(death), ..) => gone(page, lease, death.at),
        (None, ..) if lease.state(page.ctx.now) == LeaseState::Unseen => {
            format!("{}{of} left", columns::unseen_left(lease, page.ctx.now).unwrap_or(UNKNOWN.to_owned()))
        }
        (None, Some(left), Some((from, to))) if span(from) != span(to) => {
            format!("{}{of} left ({})", span(left), range(&span(from), &span(to)))
        }
        (None, Some(left), _) => format!("{}{of} left", span(left)),
        (None, None, _) => format!("{UNKNOWN}{of} left"),
    }
}

/// `gone for 26.3 s (TTL 60 s)`
fn gone(page: &DetailPage<'_>, lease: &Lease, at: Timestamp) -> String {
    let ttl = lease.granted_ttl.map_or(String::new(), |ttl| format!(" (TTL {})", format::ttl(ttl)));
    format!("gone for {}{ttl}", format::span((page.ctx.now - at).as_secs_f64()))
}

/// `8.1-8.3 s`, or `9999 s-2.8 h` if the units differ.
fn range(from: &str, to: &str) -> String {
    let from = match (from.split_once(' '), to.split_once(' ')) {
        (Some((figure, unit)), Some((_, other))) if unit == other => figure,
        _ => from,
    };
    format!("{from}-{to}")
}

fn server(page: &DetailPage<'_>, lease: &Lease) -> String {
    let Some(said) = lease.last_ttl_reply else { return "not asked yet".to_owned() };
    let ago = page.ago(said.received);
    match said.reading {
        TtlStatus::Missing if lease.end().is_some_and(|end| end.cause == EndCause::NotRestored) => {
            format!("not in the restored cluster ({ago})")
        }
        TtlStatus::Missing => format!("expired or revoked ({ago})"),
        TtlStatus::Dying => format!("expired, not removed yet ({ago})"),
        TtlStatus::AtDeadline => format!("less than 1 s from its deadline ({ago})"),
        TtlStatus::Invalid => format!("an impossible time left ({ago}); ignored, a former leader may have answered"),
        TtlStatus::Alive => format!("{} s left ({ago})", said.ttl),
    }
}

/// `renewed 1.8 s ago, next in 1.7 s (8.2 s left)`
fn engine(page: &DetailPage<'_>, lease: &Lease, status: &LeaseStatus) -> String {
    let now = page.ctx.now;
    let last = status.last_answer.map_or("not renewed yet".to_owned(), |at| format!("renewed {}", page.ago(at)));
    if !lease.is_kept_alive {
        // Others may have renewed it since.
        return format!("{last}, not kept alive");
    }
    let left = status.deadline.map_or(UNKNOWN.to_owned(), |deadline| format::span((deadline - now).as_secs_f64()));
    let next = match status.next_due {
        Some(due) if due > now => format!("next in {}", format::span((due - now).as_secs_f64())),
        Some(_) => "next is due".to_owned(),
        None => "renewing now".to_owned(),
    };
    format!("{last}, {next} ({left} left)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_its_unit_once_unless_the_units_differ() {
        assert_eq!(range("8.1 s", "8.3 s"), "8.1-8.3 s");
        assert_eq!(range(&format::span(9_999.0), &format::span(10_080.0)), "9999 s-2.8 h");
    }
}
