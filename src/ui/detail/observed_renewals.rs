//! Renewals by other clients, inferred from polls.

use ratatui::text::Line;

use super::DetailPage;
use crate::app::Lease;
use crate::inference::lease_inference::{Certainty, RenewalPattern, UsualInterval};
use crate::plural::plural;
use crate::ui::Role;
use crate::ui::format;

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let observed = &page.lease.observed;
    let mut lines = Vec::new();
    if page.lease.engine.is_none() {
        let every = page.lease.new_lease_every();
        let new_lease = every.map(|every| format!("new lease every ~{:.1} s instead of renewals", every.as_secs_f64()));
        let cadence = new_lease.unwrap_or_else(|| renewals(page.lease));
        lines.extend(page.labelled("cadence", Role::Text, &cadence));
    }
    if let Some(id) = page.lease.replaced_by() {
        let id = page.ctx.app.view.id_format.name(id);
        lines.extend(page.labelled("replaced", Role::Text, &format!("by lease {id}, which has its keys now")));
    }
    if let Some(pattern) = pattern(page.lease.pattern()) {
        lines.extend(page.labelled("pattern", Role::Warning, &pattern));
    }
    if let Some(at) = page.lease.refilled {
        let times = format::times(observed.refills());
        let text =
            format!("{times}, last {}: time left reset by a new leader or a restart; not a renewal", page.ago(at));
        lines.extend(page.labelled("refilled", Role::Text, &text));
    }
    if observed.contradictions() > 0 {
        let times = format::times(observed.contradictions());
        let text = format!("{times}, less time was left than expected: the server stalled or its clock was changed");
        lines.extend(page.labelled("odd", Role::Warning, &text));
    }
    lines
}

/// `6 renewals every ~10.0 s (9.8-10.3), TTL/3, lowest left ~20.1 s`. If polls may have missed renewals, the numbers are
/// bounds: `>=6 renewals every <=10.0 s (9.8-10.3), lowest left >=20 s`.
fn renewals(lease: &Lease) -> String {
    let renewals = lease.observed.renewals();
    let watched = renewals.watched();
    let cadence = renewals.cadence();
    let is_sure = renewals.certainty() == Certainty::About;
    if cadence.answers == 0 && watched.is_zero() {
        return "no renewal seen yet".to_owned();
    }
    if cadence.answers == 0 {
        return format!("no renewal in {} s of watching", watched.as_secs());
    }
    let count = match (is_sure, cadence.answers) {
        (true, count) => plural(count, "renewal"),
        (false, count) => format!(">={}", plural(count, "renewal")),
    };
    let left = cadence.least_left.map(|left| left.as_secs_f64());
    let left = left.map(|left| if is_sure { format!("~{}", format::span(left)) } else { format::at_least_span(left) });
    let every = renewals.usual_interval().map_or(String::new(), |usual| format!(" {}", every(usual)));
    let left = left.map_or(String::new(), |left| format!(", lowest left {left}"));
    let like = lease.renewal_style().map_or(String::new(), |style| format!(", {style}"));
    count + &every + &like + &left
}

/// `every ~10.0 s (9.8-10.3)`
fn every(usual: UsualInterval) -> String {
    let sign = if usual.certainty == Certainty::About { "~" } else { "<=" };
    let [every, shortest, longest] =
        [usual.every, usual.shortest, usual.longest].map(|span| format!("{:.1}", span.as_secs_f64()));
    format!("every {sign}{every} s ({shortest}-{longest})")
}

/// A pattern that is worth a line. `None` for steady renewals.
fn pattern(pattern: RenewalPattern) -> Option<String> {
    match pattern {
        RenewalPattern::Interleaved { count, each } => {
            let count = if count == 2 { "two" } else { "three" };
            Some(format!("{count} clients renew in turn, each about every {:.1} s", each.as_secs_f64()))
        }
        RenewalPattern::Frequent => Some("renewed every second or more often".to_owned()),
        RenewalPattern::Steady(_) | RenewalPattern::Unknown => None,
    }
}
