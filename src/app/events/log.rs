//! The newest events, with many of one name combined.

use std::collections::{HashMap, VecDeque};

use super::{Event, EventKind, EventName, EventTime};
use crate::app::metrics::EventMetrics;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The newest events. Many events of the same name within a second are combined into one line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventLog {
    lines: VecDeque<Event>,
    /// Number of events at the end with the same name and second.
    run: usize,
    /// Number of lines so far, including dropped ones.
    count: u64,
    /// Number of lines about the cluster.
    of_cluster: usize,
    /// The number of the last line about a lease whose time left was reset, and how many such events its second had.
    refills: Option<(u64, usize)>,
    /// The last line of each name and lease, by its number.
    last_lines: HashMap<(EventName, Option<LeaseId>), u64>,
    /// The time of the message being processed.
    pub(in crate::app) now: Timestamp,
    /// Whether an event was added since the last `reset_changed`.
    has_changed: bool,
    /// Every event since the last `drain_recorded`. `None` while recording is off.
    recorded: Option<Vec<Event>>,
    /// Counters of every event. `None` while they are not counted.
    metrics: Option<Box<EventMetrics>>,
    /// Events of keys, by the lease from which the key was deleted.
    held: HashMap<LeaseId, Vec<(EventTime, LeaseId, EventKind)>>,
    /// Number of events in `held`.
    held_count: usize,
}

/// Maximum number of lines.
const CAPACITY: usize = 2_000;
/// Number of lines about the cluster that a flood of other lines does not drop.
const CLUSTER_CAPACITY: usize = 500;
/// Maximum number of events of keys that wait for a lease. Further ones are added at once.
const MAX_HELD: usize = 2_000;
/// Number of events with the same name in one second after which the rest is combined into one line.
const CROWD: usize = 4;

impl EventLog {
    /// The lines, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.lines.iter()
    }

    /// Starts recording every event for [`drain_recorded`](EventLog::drain_recorded), including events that the log
    /// combines.
    pub fn record_all(&mut self) {
        self.recorded = Some(Vec::new());
    }

    /// Whether events are recorded.
    pub fn is_recording(&self) -> bool {
        self.recorded.is_some()
    }

    /// Returns and clears the recorded events, in the order in which they became known.
    pub fn drain_recorded(&mut self) -> Vec<Event> {
        self.recorded.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Stops recording.
    pub(in crate::app) fn stop_recording(&mut self) {
        self.recorded = None;
    }

    /// Counts all events from now on, unless they are counted already. The screen does not show the minor ones.
    pub(in crate::app) fn start_metrics(&mut self) -> &EventMetrics {
        self.metrics.get_or_insert_default()
    }

    /// The counters of events, if they are counted.
    pub(in crate::app) fn metrics(&self) -> Option<&EventMetrics> {
        self.metrics.as_deref()
    }

    /// Adds an event to the log, to the recording and to the counters. If its second already has many events of the same
    /// name, the event is combined with them into one line.
    pub(in crate::app) fn push(&mut self, when: impl Into<EventTime>, lease: Option<LeaseId>, kind: EventKind) {
        let event = self.event(when, lease, kind);
        self.has_changed = true;
        self.metrics.iter_mut().for_each(|metrics| metrics.observe(&event.kind));
        self.recorded.iter_mut().for_each(|recorded| recorded.push(event.clone()));
        match self.crowded(&event) {
            Some(number) => self.coalesce(number, event.at),
            None => self.append(event),
        }
    }

    /// Counts an event of its name and second. If there are many, returns the number of the line that combines them. Other
    /// events can come between the refills of an election, so refills are counted separately.
    fn crowded(&mut self, event: &Event) -> Option<u64> {
        self.run = if self.lines.back().is_some_and(|last| continues(last, event)) { self.run + 1 } else { 1 };
        let last = self.lines.back().map(|last| last.number);
        if event.name() != EventName::Refilled {
            return if self.run > CROWD { last } else { None };
        }
        let known =
            self.refills.filter(|(number, _)| self.line_mut(*number).is_some_and(|line| continues(line, event)));
        let (number, count) = known.map_or((self.count, 1), |(number, count)| (number, count + 1));
        let is_crowded = count > CROWD;
        self.refills = Some((if is_crowded { number } else { self.count }, count));
        if is_crowded { Some(number) } else { None }
    }

    /// Counts a further event at `at` in a line, and sorts the line after the others of its second.
    fn coalesce(&mut self, number: u64, at: Timestamp) {
        let latest = self.lines.iter().rev().take(CROWD).map(|line| line.at).fold(at, Timestamp::max);
        let Some(line) = self.line_mut(number) else { return };
        let latest = if line.name() == EventName::Refilled { at.max(line.at) } else { latest };
        let (is_repeat, of_line) = (line.repeats > 1, (line.name(), line.lease));
        line.coalesce(latest);
        // The line names no lease any more, so dropping it would not remove this entry.
        if self.last_lines.get(&of_line) == Some(&number) {
            self.last_lines.remove(&of_line);
        }
        if is_repeat {
            self.show_repeated(number);
        }
    }

    /// Holds an event of a key until [`release`](EventLog::release) of the lease from which the key was deleted, so that the
    /// event of that deletion comes first. Only then is it known how the lease lost its keys. If too many events are held,
    /// adds the event at once.
    pub(in crate::app) fn hold(&mut self, deleted_from: LeaseId, when: EventTime, lease: LeaseId, kind: EventKind) {
        if self.held_count == MAX_HELD {
            return self.push(when, Some(lease), kind);
        }
        self.held_count += 1;
        self.held.entry(deleted_from).or_default().push((when, lease, kind));
    }

    /// Adds the events that were held until it was known how this lease lost its keys.
    pub(in crate::app) fn release(&mut self, deleted_from: LeaseId) {
        for (when, lease, kind) in self.held.remove(&deleted_from).unwrap_or_default() {
            self.held_count -= 1;
            self.push(when, Some(lease), kind);
        }
    }

    /// Returns whether an event was added to the log since the last call.
    pub(in crate::app) fn reset_changed(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// Adds an event only to the recording and to the counters, because it is too minor for the screen.
    pub(in crate::app) fn push_verbose(
        &mut self,
        when: impl Into<EventTime>,
        lease: Option<LeaseId>,
        kind: impl FnOnce() -> EventKind,
    ) {
        if self.recorded.is_some() || self.metrics.is_some() {
            let event = Event { is_minor: true, ..self.event(when, lease, kind()) };
            self.metrics.iter_mut().for_each(|metrics| metrics.observe(&event.kind));
            self.recorded.iter_mut().for_each(|recorded| recorded.push(event.clone()));
        }
    }

    fn event(&self, when: impl Into<EventTime>, lease: Option<LeaseId>, kind: EventKind) -> Event {
        let when = when.into();
        Event { number: self.count, ..Event::new(when, self.now.max(when.at), lease, kind) }
    }

    fn append(&mut self, mut event: Event) {
        let repeated = self.last_lines.insert((event.name(), event.lease), event.number);
        if let Some(before) = repeated.and_then(|number| self.line_mut(number))
            && event.repeats_event(before)
        {
            before.repeated_by = Some(event.number);
            event.repeats = before.repeats.saturating_add(1);
        }
        self.count += 1;
        if self.lines.len() == CAPACITY {
            self.drop_oldest();
        }
        self.of_cluster += usize::from(is_of_cluster(&event));
        self.lines.push_back(event);
    }

    /// Shows the line again that line `number` repeated, because line `number` became a count.
    fn show_repeated(&mut self, number: u64) {
        let repeated = self.lines.iter_mut().rev().find(|line| line.repeated_by == Some(number));
        repeated.into_iter().for_each(|line| line.repeated_by = None);
    }

    /// The line with this number. `None` if the log has dropped it.
    fn line_mut(&mut self, number: u64) -> Option<&mut Event> {
        let place = self.lines.binary_search_by_key(&number, |line| line.number).ok()?;
        self.lines.get_mut(place)
    }

    /// Drops the oldest line: one about a lease, unless there are many about the cluster.
    fn drop_oldest(&mut self) {
        let drops_cluster = self.of_cluster > CLUSTER_CAPACITY;
        let place = self.lines.iter().position(|line| is_of_cluster(line) == drops_cluster).unwrap_or(0);
        let Some(oldest) = self.lines.remove(place) else { return };
        self.of_cluster -= usize::from(is_of_cluster(&oldest));
        let of_oldest = (oldest.name(), oldest.lease);
        if self.last_lines.get(&of_oldest) == Some(&oldest.number) {
            self.last_lines.remove(&of_oldest);
        }
    }

    /// The number of the newest line. `None` if there is none.
    pub(in crate::app) fn newest(&self) -> Option<u64> {
        Some(self.lines.back()?.number)
    }

    /// The lines up to number `until`, oldest first, without those that a later one of them repeats.
    pub(in crate::app) fn collapsed(&self, until: u64) -> impl DoubleEndedIterator<Item = &Event> {
        let lines = self.lines.iter().filter(move |line| line.number <= until);
        lines.filter(move |line| line.repeated_by.is_none_or(|next| next > until))
    }
}

/// Whether a line is about the cluster. There are few such lines, and they explain many lines about leases. Alarms are
/// errors without a lease.
fn is_of_cluster(line: &Event) -> bool {
    line.name().is_of_cluster() || line.name() == EventName::Error && line.lease.is_none()
}

/// Whether an event has the name and the second of a line.
fn continues(line: &Event, event: &Event) -> bool {
    let second = |moment: Timestamp| moment.since_start().as_secs();
    line.name() == event.name() && second(line.at) == second(event.at)
}

impl Event {
    /// Turns the line into a count of further events in the same second, or increments the count. `latest` is the time
    /// of the latest event, so that the line sorts after all of them.
    fn coalesce(&mut self, latest: Timestamp) {
        self.at = latest;
        let count = if let EventKind::More { count, .. } = self.kind { count + 1 } else { 2 };
        self.lease = None;
        self.repeats = 1;
        self.kind = EventKind::More { name: self.name(), count };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::Awaited;
    use crate::inference::TimeRange;

    fn at(millis: u64) -> Timestamp {
        Timestamp::at(Duration::from_millis(millis))
    }

    #[test]
    fn many_events_in_one_second_share_a_line() {
        let mut log = EventLog::default();
        (0..20).for_each(|millis| log.push(at(millis), Some(LeaseId(1)), EventKind::Kept));
        assert_eq!(log.lines().len(), CROWD);
        let last = log.lines().next_back().unwrap();
        assert_eq!((last.name(), last.text().as_str()), (EventName::Kept, "17 more in this second"));
        let mut lines: Vec<&Event> = log.lines().collect();
        Event::sort(&mut lines);
        assert_eq!(lines.last().map(|line| line.name()), Some(EventName::Kept));
        assert!(
            matches!(lines[CROWD - 1].kind, EventKind::More { .. }),
            "after the lines of the same second: {lines:?}"
        );
        log.push(at(1_000), None, EventKind::error("later"));
        assert_eq!(log.lines().next_back().unwrap().text(), "later");
    }

    #[test]
    fn nothing_stays_of_lines_that_were_dropped() {
        let mut log = EventLog::default();
        for number in 0..20_000 {
            // Six in a second, so that the last ones become a count.
            log.push(at(number * 150), Some(LeaseId(number as i64)), EventKind::Kept);
            log.hold(LeaseId(number as i64), at(number).into(), LeaseId(1), EventKind::Paused);
        }
        assert!(log.last_lines.len() <= CAPACITY, "{}", log.last_lines.len());
        assert_eq!(log.held.len(), MAX_HELD);
        (0..20_000).for_each(|number| log.release(LeaseId(number)));
        assert_eq!((log.held.len(), log.held_count), (0, 0));
        assert!(log.last_lines.len() <= CAPACITY, "{}", log.last_lines.len());
    }

    fn repeats(log: &EventLog, until: u64) -> Vec<(u64, u32)> {
        log.collapsed(until).map(|line| (line.at.since_start().as_secs(), line.repeats())).collect()
    }

    #[test]
    fn repeats_of_one_lease_share_a_line_with_the_newest_time() {
        let mut log = EventLog::default();
        let risk = || EventKind::Risk {
            awaited: Awaited::Renewal,
            left: Duration::from_secs(1),
            expected: Some(Duration::from_secs(3)),
        };
        for second in 0..40 {
            log.push(at(1_000 * second), Some(LeaseId(1 + second as i64 % 2)), risk());
        }
        assert_eq!(repeats(&log, u64::MAX), [(38, 20), (39, 20)]);
        assert_eq!(repeats(&log, 20), [(19, 10), (20, 11)], "as of an earlier line");
        log.push(at(1_000_000), Some(LeaseId(1)), risk());
        assert_eq!(repeats(&log, u64::MAX), [(38, 20), (39, 20), (1_000, 1)], "after a long time it is a new line");
    }

    #[test]
    fn other_facts_of_one_lease_are_no_repeats() {
        let mut log = EventLog::default();
        for second in 0..4 {
            let key = format!("/{}", second / 2).into_bytes();
            log.push(at(1_000 * second), Some(LeaseId(1)), EventKind::Attached { key, revision: None });
        }
        assert_eq!(repeats(&log, u64::MAX), [(1, 2), (3, 2)]);
    }

    #[test]
    fn a_count_hides_no_earlier_line() {
        let mut log = EventLog::default();
        log.push(at(0), Some(LeaseId(4)), EventKind::Kept);
        (1..=9).for_each(|id| log.push(at(5_000), Some(LeaseId(id)), EventKind::Kept));
        assert_eq!(log.collapsed(u64::MAX).filter(|line| line.lease == Some(LeaseId(4))).count(), 1);
        assert_eq!(log.collapsed(u64::MAX).count(), 1 + CROWD);
    }

    #[test]
    fn old_lines_are_dropped() {
        let mut log = EventLog::default();
        (0..3_000).for_each(|second| log.push(at(second * 1_000), None, EventKind::error(second.to_string())));
        assert_eq!(log.lines().len(), CAPACITY);
        assert_eq!(log.lines().next().unwrap().text(), "1000");
    }

    #[test]
    fn a_flood_about_leases_drops_no_line_about_the_cluster() {
        let mut log = EventLog::default();
        log.push(at(0), None, EventKind::Term { old: 2, new: 3 });
        log.push(at(0), None, EventKind::error("alarm"));
        (1..9_000).for_each(|second| log.push(at(second * 1_000), Some(LeaseId(1)), EventKind::Kept));
        let names: Vec<EventName> = log.lines().take(3).map(|line| line.name()).collect();
        assert_eq!(names, [EventName::Term, EventName::Error, EventName::Kept]);
        assert_eq!(log.lines().len(), CAPACITY);
        (9_000..18_000).for_each(|term| log.push(at(term * 1_000), None, EventKind::Term { old: term, new: term + 1 }));
        let of_leases = log.lines().filter(|line| !is_of_cluster(line)).count();
        assert_eq!(
            (log.lines().len(), of_leases),
            (CAPACITY, CAPACITY - CLUSTER_CAPACITY - 1),
            "nor the other way round"
        );
    }

    #[test]
    fn the_refills_of_an_election_share_a_line_although_other_events_come_between() {
        let mut log = EventLog::default();
        for id in 0..900 {
            let refilled = EventKind::Refilled { ttl: Some(10), term: Some(3), left: None };
            log.push(at(7_200), Some(LeaseId(id)), refilled);
            log.push(at(9_000 + 1_000 * (id as u64 % 2)), Some(LeaseId(id)), EventKind::Paused);
        }
        let refilled: Vec<String> =
            log.lines().filter(|line| line.name() == EventName::Refilled).map(Event::text).collect();
        assert_eq!(refilled.len(), CROWD, "{refilled:?}");
        assert_eq!(refilled[CROWD - 1], "897 more in this second");
    }

    #[test]
    fn a_recording_has_every_event_and_minor_ones_too() {
        let mut log = EventLog::default();
        log.push_verbose(at(0), None, || unreachable!("recording is off"));
        log.record_all();
        log.now = at(30);
        (0..20).for_each(|millis| log.push(at(millis), Some(LeaseId(1)), EventKind::Kept));
        let bounds = TimeRange { earliest: at(20), latest: at(40) };
        log.push_verbose(bounds, Some(LeaseId(2)), || EventKind::Paused);
        let recorded = log.drain_recorded();
        assert_eq!((recorded.len(), log.lines().len()), (21, CROWD));
        let is_minor = |event: &Event| event.is_minor;
        assert_eq!(recorded.iter().position(is_minor), Some(20));
        let Event { at: when, doubt, seen_at, .. } = recorded[20];
        assert_eq!((when, doubt, seen_at), (at(30), Duration::from_millis(10), at(30)));
        assert_eq!(log.drain_recorded(), []);
    }
}
