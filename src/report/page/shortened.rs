//! Shortens long lists so that many of one kind do not hide another.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::app::{Event, EventCategory, EventName};
use simkit::Timestamp;

/// The first `most` items in their order. If there are more, the first of each kind is among them.
pub(super) fn first_of_each<T>(items: &[T], most: usize, kind: impl Fn(&T) -> &str) -> Vec<&T> {
    let mut kinds = HashSet::new();
    let (of_each, others): (Vec<usize>, Vec<usize>) =
        (0..items.len()).partition(|place| kinds.insert(kind(&items[*place])));
    let mut places: Vec<usize> = of_each.into_iter().chain(others).take(most).collect();
    places.sort_unstable();
    places.into_iter().map(|place| &items[place]).collect()
}

/// An event, and how many with the same text followed it.
pub(super) struct FoldedEvent<'a> {
    pub(super) event: &'a Event,
    pub(super) more: usize,
    /// The time of the last of these events.
    pub(super) until: Timestamp,
}

/// Combines events that differ only in their lease and follow each other within a second. The first few stay, and so do
/// problems.
pub(super) fn fold(events: &[Event]) -> Vec<FoldedEvent<'_>> {
    const FEW: usize = 3;
    const SPAN: Duration = Duration::from_secs(1);
    let mut folded: Vec<FoldedEvent<'_>> = Vec::new();
    // The last line of each text, and the number of its lines.
    let mut last: HashMap<(EventName, String), (usize, usize)> = HashMap::new();
    for event in events {
        if !EventCategory::Problems.has(&event.kind) {
            let next = folded.len();
            let (place, count) = last.entry((event.name(), event.text())).or_insert((next, 0));
            let before = folded.get_mut(*place).filter(|before| before.until + SPAN >= event.at);
            let lines = if before.is_some() { *count } else { 0 };
            if let Some(before) = before.filter(|_| lines >= FEW) {
                before.more += 1;
                before.until = event.at;
                continue;
            }
            (*place, *count) = (next, lines + 1);
        }
        folded.push(FoldedEvent { event, more: 0, until: event.at });
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::EventKind;
    use etcd_lease::LeaseId;

    #[test]
    fn the_first_of_each_kind_is_listed() {
        let items: Vec<String> = (0..20).map(|n| format!("ran out {n}")).chain(["revoked".to_owned()]).collect();
        let shown = |most| first_of_each(&items, most, |item| &item[..3]);
        assert_eq!(shown(3), ["ran out 0", "ran out 1", "revoked"]);
        assert_eq!(shown(30).len(), 21);
    }

    #[test]
    fn equal_events_within_a_second_become_one_line() {
        let event = |id: i64, millis: u64, kind: EventKind| {
            let at = Timestamp::at(Duration::from_millis(millis));
            Event::new(at, at, Some(LeaseId(id)), kind)
        };
        let granted = |id: i64| event(id, id as u64 * 10, EventKind::granted_elsewhere(Some(10)));
        let mut events: Vec<Event> = (0..200).map(granted).collect();
        events.extend((0..5).map(|id| event(id, 2_000, EventKind::error("the same"))));
        events.push(event(300, 9_000, EventKind::granted_elsewhere(Some(10))));
        let lines: Vec<(usize, u128)> =
            fold(&events).iter().map(|line| (line.more, line.until.since_start().as_millis())).collect();
        let problems = [(0, 2_000); 5];
        assert_eq!(lines[..3], [(0, 0), (0, 10), (197, 1_990)]);
        assert_eq!(lines[3..8], problems);
        assert_eq!(lines[8..], [(0, 9_000)], "later");
    }
}
