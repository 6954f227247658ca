//! How others renew it, as far as polls tell.

use std::time::Duration;

use ratatui::text::Line;

use super::DetailPage;
use crate::inference::lease_inference::{Certainty, LeaseInference, MeanInterval, RenewalPattern};
use crate::ui::Role;
use crate::ui::format;
use etcd_lease::Cadence;

pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let observed = &page.lease.observed;
    let mut lines = Vec::new();
    if page.lease.engine.is_none() {
        lines.extend(page.labelled("renewed", Role::Text, &renewals(observed)));
    }
    if let Some(habit) = habit(observed.pattern()) {
        lines.extend(page.labelled("habit", Role::Warning, &habit));
    }
    if let Some(at) = page.lease.refilled {
        let times = times(observed.refills());
        let text = format!("{times}, {} for the last time: a new leader or a restart, no renewal", page.ago(at));
        lines.extend(page.labelled("refilled", Role::Text, &text));
    }
    if observed.contradictions() > 0 {
        let times = times(observed.contradictions());
        let text =
            format!("{times} it had less left than it should have: a server that stood still, or a clock that was set");
        lines.extend(page.labelled("odd", Role::Warning, &text));
    }
    lines
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// `~6 times, about every 10.0 s (9.8 to 10.3), least left ~20.1 s`; where polls could not see all `>=6 times, every <=10.0 s,
/// least left >=20.1 s`.
fn renewals(observed: &LeaseInference) -> String {
    let (renewals, watched) = (observed.renewals(), observed.renewals().watched());
    let cadence = renewals.cadence();
    let is_sure = renewals.certainty() == Certainty::About;
    match cadence.answers {
        0 if !watched.is_zero() => return format!("not in the {} s that it was watched closely", watched.as_secs()),
        0 => return "not seen yet".to_owned(),
        _ => (),
    }
    let count = match (is_sure, cadence.answers) {
        (true, count) => format!("~{}", times(count)),
        (false, 1) => ">=1 time".to_owned(),
        (false, count) => format!(">={count} times"),
    };
    let left = cadence.least_left.map(|left| left.as_secs_f64());
    let left = left.map(|left| if is_sure { format!("~{}", format::span(left)) } else { format::at_least_span(left) });
    let parts = [
        Some(count),
        renewals.mean_interval().map(|rhythm| every(rhythm, cadence)),
        left.map(|left| format!("least left {left}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `about every 10.0 s (9.8 to 10.3)`
fn every(rhythm: MeanInterval, cadence: &Cadence) -> String {
    let how = if rhythm.certainty == Certainty::About { "about every " } else { "every <=" };
    let seconds = |span: Duration| format!("{:.1}", span.as_secs_f64());
    let range = cadence.min.zip(cadence.max).map(|(min, max)| format!(" ({} to {})", seconds(min), seconds(max)));
    format!("{how}{} s{}", seconds(rhythm.every), range.unwrap_or_default())
}

fn habit(habit: RenewalPattern) -> Option<String> {
    match habit {
        RenewalPattern::Interleaved { count, each } => {
            let count = if count == 2 { "two" } else { "three" };
            Some(format!("{count} renewers by turns, each about every {:.1} s", each.as_secs_f64()))
        }
        RenewalPattern::Unread => {
            Some("renewed every 500 ms or oftener: an old client of Go's whose channel nobody reads".to_owned())
        }
        RenewalPattern::Steady(_) | RenewalPattern::Unknown => None,
    }
}
