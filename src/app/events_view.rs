//! The events view: its category filter and its scroll position.

use super::{Event, EventLog, EventName};
use crate::app::keymap::Action;

/// A category of events, for the filter of the events view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventCategory {
    /// Renewals, and keeping alive started or stopped.
    Renewals,
    /// Dropped responses, missed answers, late or endangered leases, drills.
    Trouble,
    /// Leases granted and ended, keys attached and detached.
    Lifecycle,
    /// The connection, the leader and the raft term.
    Link,
    /// Failures and losses.
    Errors,
}

impl EventCategory {
    /// All categories in the order in which the key cycles through them.
    pub const ALL: [EventCategory; 5] = [
        EventCategory::Renewals,
        EventCategory::Trouble,
        EventCategory::Lifecycle,
        EventCategory::Link,
        EventCategory::Errors,
    ];

    /// The name shown on the screen.
    pub fn name(self) -> &'static str {
        match self {
            EventCategory::Renewals => "renewals",
            EventCategory::Trouble => "problems",
            EventCategory::Lifecycle => "lifecycle",
            EventCategory::Link => "connection",
            EventCategory::Errors => "losses and errors",
        }
    }

    /// The category of an event name.
    pub fn of(name: EventName) -> EventCategory {
        match name {
            EventName::Kept | EventName::Paused | EventName::Renewed | EventName::Refilled => EventCategory::Renewals,
            EventName::Dropped | EventName::Missed | EventName::Late | EventName::Risk | EventName::Drill => {
                EventCategory::Trouble
            }
            EventName::Granted | EventName::Expired | EventName::Revoked | EventName::Gone => EventCategory::Lifecycle,
            EventName::Attached | EventName::Detached | EventName::Moved => EventCategory::Lifecycle,
            EventName::Connection | EventName::Leader | EventName::Term => EventCategory::Link,
            EventName::Lost | EventName::Error => EventCategory::Errors,
        }
    }

    fn next(category: Option<EventCategory>) -> Option<EventCategory> {
        let place = EventCategory::ALL.iter().position(|one| Some(*one) == category);
        EventCategory::ALL.get(place.map_or(0, |place| place + 1)).copied()
    }
}

/// What the events view shows. It follows the newest events until the user scrolls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventsView {
    /// The only category shown. `None` shows all.
    pub category: Option<EventCategory>,
    /// Number of the last visible event. `None` while the view follows the newest.
    last: Option<u64>,
}

impl EventsView {
    /// Whether the view follows the newest events.
    pub fn follows(&self) -> bool {
        self.last.is_none()
    }

    /// The events that fit into `room` lines, oldest first.
    pub fn lines<'a>(&self, log: &'a EventLog, room: usize) -> Vec<&'a Event> {
        let all = self.of_category(log);
        let end = self.end(&all, room);
        all[end.saturating_sub(room)..end].to_vec()
    }

    fn of_category<'a>(&self, log: &'a EventLog) -> Vec<&'a Event> {
        log.lines()
            .filter(|event| self.category.is_none_or(|category| category == EventCategory::of(event.name())))
            .collect()
    }

    /// Number of lines up to the last visible one. Lines that the log has dropped cannot be shown.
    fn end(&self, all: &[&Event], room: usize) -> usize {
        let end = self.last.map_or(all.len(), |last| all.partition_point(|event| event.number <= last));
        end.max(room.min(all.len()))
    }

    /// Scrolls. At the end, the view follows the newest events again.
    pub(super) fn go(&mut self, log: &EventLog, room: usize, action: Action) {
        let all = self.of_category(log);
        let end = self.end(&all, room);
        let page = room.saturating_sub(1).max(1);
        let wanted = match action {
            Action::Up => end.saturating_sub(1),
            Action::Down => end + 1,
            Action::PageUp => end.saturating_sub(page),
            Action::PageDown => end + page,
            Action::HalfUp => end.saturating_sub(page.div_ceil(2)),
            Action::HalfDown => end + page.div_ceil(2),
            Action::Last => all.len(),
            _ => 0,
        };
        let end = wanted.clamp(room.min(all.len()), all.len());
        let is_at_end = end == all.len();
        self.last = if is_at_end { None } else { Some(end.checked_sub(1).map_or(0, |last| all[last].number)) };
    }

    /// Shows the newest events of the next category.
    pub(super) fn next_category(&mut self) {
        *self = EventsView { category: EventCategory::next(self.category), last: None };
    }

    /// Clears the category filter, or else the scroll position. Returns false if neither was set.
    pub(super) fn clear(&mut self) -> bool {
        self.category.take().is_some() || self.last.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::EventKind;
    use simkit::Timestamp;

    /// An event whose text is a number.
    fn event(name: EventName, count: usize) -> EventKind {
        EventKind::More { name, count }
    }

    fn log(words: &[EventName]) -> EventLog {
        let mut log = EventLog::default();
        for (second, name) in words.iter().enumerate() {
            log.push(Timestamp::at(Duration::from_secs(second as u64)), None, event(*name, second));
        }
        log
    }

    fn shown(page: EventsView, log: &EventLog) -> Vec<usize> {
        let number = |event: &&Event| if let EventKind::More { count, .. } = event.kind { count } else { usize::MAX };
        page.lines(log, 3).iter().map(number).collect()
    }

    #[test]
    fn it_follows_until_it_is_moved_and_then_holds_still() {
        let mut log = log(&[EventName::Renewed; 10]);
        let mut page = EventsView::default();
        assert_eq!(shown(page, &log), [7, 8, 9]);
        page.go(&log, 3, Action::Up);
        log.push(Timestamp::at(Duration::from_secs(99)), None, event(EventName::Renewed, 99));
        assert_eq!(shown(page, &log), [6, 7, 8]);
        page.go(&log, 3, Action::Last);
        assert!(page.follows());
        assert_eq!(shown(page, &log), [8, 9, 99]);
        page.go(&log, 3, Action::First);
        assert_eq!(shown(page, &log), [0, 1, 2]);
        (0..50).for_each(|_| page.go(&log, 3, Action::Up));
        page.go(&log, 3, Action::Down);
        assert_eq!(shown(page, &log), [1, 2, 3], "no press was wasted beyond the end");
        for count in 0..3_000 {
            log.push(Timestamp::at(Duration::from_secs(100 + count as u64)), None, event(EventName::Gone, count));
        }
        assert_eq!(shown(page, &log), [1_000, 1_001, 1_002], "what was forgotten gives way to the oldest");
    }

    #[test]
    fn kinds_come_in_turn_and_every_word_has_one() {
        let log = log(&[
            EventName::Renewed,
            EventName::Dropped,
            EventName::Expired,
            EventName::Leader,
            EventName::Error,
            EventName::Renewed,
        ]);
        let mut page = EventsView::default();
        let turn: Vec<Vec<usize>> = EventCategory::ALL
            .iter()
            .map(|_| {
                page.next_category();
                shown(page, &log)
            })
            .collect();
        assert_eq!(turn, [vec![0, 5], vec![1], vec![2], vec![3], vec![4]]);
        page.next_category();
        assert_eq!(page, EventsView::default());
    }

    #[test]
    fn clearing_goes_by_steps() {
        let log = log(&[EventName::Renewed; 10]);
        let mut page = EventsView::default();
        page.next_category();
        page.go(&log, 3, Action::Up);
        assert!(page.clear() && page.category.is_none() && !page.follows());
        assert!(page.clear() && page.follows());
        assert!(!page.clear());
    }
}
