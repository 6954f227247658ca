//! How others renew it, as far as polls tell.

use ratatui::text::Line;

use super::Page;
use crate::domain::observed::{Habit, Observed, Sureness};
use crate::ui::Role;
use crate::ui::number;

pub(super) fn lines(page: &Page<'_>) -> Vec<Line<'static>> {
    let observed = &page.lease.observed;
    let mut lines = Vec::new();
    if page.lease.engine.is_none() {
        lines.extend(page.say("renewed", Role::Text, &renewals(observed)));
    }
    if let Some(habit) = habit(observed.habit()) {
        lines.extend(page.say("habit", Role::Warning, &habit));
    }
    if let Some(at) = page.lease.refilled {
        let times = times(observed.refills());
        let text = format!("{times}, {} for the last time: a new leader or a restart, no renewal", page.ago(at));
        lines.extend(page.say("refilled", Role::Text, &text));
    }
    if observed.contradictions() > 0 {
        let times = times(observed.contradictions());
        let text =
            format!("{times} it had less left than it should have: a server that stood still, or a clock that was set");
        lines.extend(page.say("odd", Role::Warning, &text));
    }
    lines
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// `~6 times, about every 10.0 s (9.8 to 10.3), least left ~20.1 s`, or what can be said where polls were too slow.
fn renewals(observed: &Observed) -> String {
    let (renewals, watched) = (observed.renewals(), observed.renewals().watched());
    let cadence = renewals.cadence();
    let is_sure = renewals.sureness() == Sureness::About;
    match cadence.answers {
        0 if !watched.is_zero() => return format!("not in the {} s that it was watched closely", watched.as_secs()),
        0 => return "not seen yet".to_owned(),
        _ => (),
    }
    let mut parts = vec![format!("{}{}", if is_sure { "~" } else { "at least " }, times(cadence.answers))];
    if let (Some(rhythm), Some(min), Some(max)) = (renewals.rhythm(), cadence.min, cadence.max) {
        let how = if rhythm.sureness == Sureness::About { "about every" } else { "at most" };
        let between = if rhythm.sureness == Sureness::About { "" } else { " apart" };
        let [every, min, max] = [rhythm.every, min, max].map(|span| format!("{:.1}", span.as_secs_f64()));
        parts.push(format!("{how} {every} s{between} ({min} to {max})"));
    }
    let sign = if is_sure { "~" } else { "at least " };
    parts.extend(cadence.least_left.map(|left| format!("least left {sign}{}", number::span(left.as_secs_f64()))));
    parts.join(", ")
}

fn habit(habit: Habit) -> Option<String> {
    match habit {
        Habit::ByTurns { count, each } => {
            let count = if count == 2 { "two" } else { "three" };
            Some(format!("{count} renewers by turns, each about every {:.1} s", each.as_secs_f64()))
        }
        Habit::Unread => {
            Some("renewed every 500 ms or oftener: an old client of Go's whose channel nobody reads".to_owned())
        }
        Habit::Steady(_) | Habit::Unknown => None,
    }
}
