//! What has happened, newest last.
//!
//! An [`Event`] is its facts ([`EventKind`]); the sentence on the screen, the line and the JSON object of `leasetop events` are
//! made from them, and so say the same.

mod filter;
mod kind;
mod name;
mod sentence;

use std::collections::VecDeque;
use std::time::Duration;

pub use filter::matches_filter;
pub use kind::{EventKind, LeaseEnded, RenewalSource, Renewed};
pub use name::EventName;
pub(super) use sentence::keys_in_words;

use crate::inference::TimeRange;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// When something happened, as far as known: a moment, or the middle of what is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTime {
    /// The moment.
    pub at: Timestamp,
    /// How far the truth can lie from it.
    pub doubt: Duration,
}

impl From<Timestamp> for EventTime {
    fn from(at: Timestamp) -> Self {
        EventTime { at, doubt: Duration::ZERO }
    }
}

impl From<TimeRange> for EventTime {
    fn from(bounds: TimeRange) -> Self {
        EventTime { at: bounds.middle(), doubt: bounds.half_width() }
    }
}

/// Something that happened: one line of the events panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it happened, as far as known.
    pub at: Timestamp,
    /// How far the truth can lie from that.
    pub doubt: Duration,
    /// When it was known.
    pub seen_at: Timestamp,
    /// To which lease; none for the link, and where several are told in one line.
    pub lease: Option<LeaseId>,
    /// What.
    pub kind: EventKind,
    /// The how many-th line it is, from the start on.
    pub(super) number: u64,
}

impl Event {
    /// Something that happened at a moment and was known at another.
    pub fn new(when: impl Into<EventTime>, seen_at: Timestamp, lease: Option<LeaseId>, kind: EventKind) -> Event {
        let EventTime { at, doubt } = when.into();
        Event { at, doubt, seen_at, lease, kind, number: 0 }
    }

    /// Its kind.
    pub fn name(&self) -> EventName {
        self.kind.name()
    }

    /// Puts events in the order in which they happened; those of one moment stay in the order in which they were known.
    pub fn sort(events: &mut [&Event]) {
        events.sort_by_key(|event| event.at);
    }

    /// What it means, in a sentence that a terminal shows and does not obey.
    pub fn text(&self) -> String {
        self.kind.text()
    }
}

/// The newest events. A crowd of one kind within a second is told in a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventLog {
    lines: VecDeque<Event>,
    /// Lines of the same word and second at the end.
    run: usize,
    /// Lines so far, the forgotten included.
    count: u64,
    /// The moment of the message that is being taken in.
    pub(super) now: Timestamp,
    /// Whether an event was added since this was last asked.
    has_news: bool,
    /// Every single event since it was last asked for, where somebody wants to know.
    recorded: Option<Vec<Event>>,
}

/// Lines that are kept.
const CAPACITY: usize = 2_000;
/// Lines of one kind in one second before the rest of them is told in a line.
const CROWD: usize = 4;

impl EventLog {
    /// The lines, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.lines.iter()
    }

    /// From now on every event is kept for [`take_recorded`](EventLog::take_recorded), and no crowd is told in a line there.
    pub fn record_all(&mut self) {
        self.recorded = Some(Vec::new());
    }

    /// Every single event since this was last asked, in the order in which they were known.
    pub fn take_recorded(&mut self) -> Vec<Event> {
        self.recorded.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes in an event for the screen, and for whoever wants to know all.
    pub(super) fn push(&mut self, when: impl Into<EventTime>, lease: Option<LeaseId>, kind: EventKind) {
        let event = self.event(when, lease, kind);
        self.has_news = true;
        self.recorded.iter_mut().for_each(|recorded| recorded.push(event.clone()));
        self.run = if self.continues(&event) { self.run + 1 } else { 1 };
        let latest = self.lines.iter().rev().take(CROWD).map(|line| line.at).fold(event.at, Timestamp::max);
        match self.lines.back_mut() {
            Some(last) if self.run > CROWD => last.coalesce(latest),
            _ => self.append(event),
        }
    }

    /// Whether an event was added for the screen since this was last asked.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.has_news)
    }

    /// Takes in what is too small for the screen: it is for those alone who want to know all.
    pub(super) fn push_verbose(
        &mut self,
        when: impl Into<EventTime>,
        lease: Option<LeaseId>,
        kind: impl FnOnce() -> EventKind,
    ) {
        if self.recorded.is_some() {
            let event = self.event(when, lease, kind());
            self.recorded.iter_mut().for_each(|recorded| recorded.push(event.clone()));
        }
    }

    fn event(&self, when: impl Into<EventTime>, lease: Option<LeaseId>, kind: EventKind) -> Event {
        let when = when.into();
        Event { number: self.count, ..Event::new(when, self.now.max(when.at), lease, kind) }
    }

    fn continues(&self, event: &Event) -> bool {
        let second = |moment: Timestamp| moment.since_start().as_secs();
        self.lines.back().is_some_and(|last| last.name() == event.name() && second(last.at) == second(event.at))
    }

    fn append(&mut self, event: Event) {
        self.count += 1;
        if self.lines.len() == CAPACITY {
            self.lines.pop_front();
        }
        self.lines.push_back(event);
    }
}

impl Event {
    /// Counts one more of the same second, the latest of which was then: all of them stand before the line that counts them.
    fn coalesce(&mut self, latest: Timestamp) {
        self.at = latest;
        let count = if let EventKind::More { count, .. } = self.kind { count + 1 } else { 2 };
        self.lease = None;
        self.kind = EventKind::More { name: self.name(), count };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::at(Duration::from_millis(millis))
    }

    #[test]
    fn a_crowd_in_one_second_is_told_in_a_line() {
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
            "after those whose fellows it counts: {lines:?}"
        );
        log.push(at(1_000), None, EventKind::error("later"));
        assert_eq!(log.lines().next_back().unwrap().text(), "later");
    }

    #[test]
    fn old_lines_make_room() {
        let mut log = EventLog::default();
        (0..3_000).for_each(|second| log.push(at(second * 1_000), None, EventKind::error(second.to_string())));
        assert_eq!(log.lines().len(), CAPACITY);
        assert_eq!(log.lines().next().unwrap().text(), "1000");
    }

    #[test]
    fn who_wants_to_know_all_is_told_each_of_a_crowd_and_the_small_ones_too() {
        let mut log = EventLog::default();
        log.push_verbose(at(0), None, || unreachable!("nobody wants to know"));
        log.record_all();
        log.now = at(30);
        (0..20).for_each(|millis| log.push(at(millis), Some(LeaseId(1)), EventKind::Kept));
        let bounds = TimeRange { earliest: at(20), latest: at(40) };
        log.push_verbose(bounds, Some(LeaseId(2)), || EventKind::Paused);
        let recorded = log.take_recorded();
        assert_eq!((recorded.len(), log.lines().len()), (21, CROWD));
        let Event { at: when, doubt, seen_at, .. } = recorded[20];
        assert_eq!((when, doubt, seen_at), (at(30), Duration::from_millis(10), at(30)));
        assert_eq!(log.take_recorded(), []);
    }
}
