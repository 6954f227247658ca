//! The events view: which events it shows, its cursor and its scroll position.

use super::events::all_keys;
use super::view_filter::{ViewFilter, ViewFilterField};
use super::{EndCause, Event, EventKind, EventLog, EventName, KeyState, LeaseStore};
use crate::app::keymap::Action;
use etcd_lease::LeaseId;

/// A category of events, for the filter of the events view. An event can be in several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventCategory {
    /// Everything that may need attention: late or endangered leases, dropped responses, losses, failures, drills.
    Problems,
    /// Renewals, and keeping alive started or stopped.
    Renewals,
    /// Leases granted and ended, keys attached and detached.
    Lifecycle,
    /// The connection, the cluster, the leader and the raft term.
    Link,
}

impl EventCategory {
    /// The categories in the order in which the key selects them. `None` is all events.
    pub const TURN: [Option<EventCategory>; 5] = [
        Some(EventCategory::Problems),
        None,
        Some(EventCategory::Renewals),
        Some(EventCategory::Lifecycle),
        Some(EventCategory::Link),
    ];

    /// The name shown on the screen.
    pub fn name(self) -> &'static str {
        match self {
            EventCategory::Problems => "problems",
            EventCategory::Renewals => "renewals",
            EventCategory::Lifecycle => "lifecycle",
            EventCategory::Link => "connection",
        }
    }

    /// Whether an event is in the category.
    pub fn has(self, event: &EventKind) -> bool {
        use EventName::{
            Absent, Attached, Back, Cluster, Connection, Detached, Down, Expired, Gone, Granted, Kept, Leader, Moved,
            Paused,
        };
        use EventName::{RanOut, Refilled, Renewed, Replaced, Revoked, Term, Unrenewed};
        let name = event.name();
        match self {
            EventCategory::Problems => is_problem(event),
            EventCategory::Renewals => matches!(name, Kept | Paused | Renewed | Refilled | Unrenewed),
            EventCategory::Lifecycle => {
                matches!(
                    name,
                    Granted
                        | Absent
                        | Expired
                        | RanOut
                        | Revoked
                        | Replaced
                        | Gone
                        | Attached
                        | Detached
                        | Moved
                        | Down
                        | Back
                )
            }
            EventCategory::Link => matches!(name, Cluster | Connection | Leader | Term),
        }
    }

    /// The category that the key selects after `present`.
    pub fn after(present: Option<EventCategory>) -> Option<EventCategory> {
        let turn = EventCategory::TURN;
        let place = turn.iter().position(|one| *one == present).unwrap_or(0);
        turn[(place + 1) % turn.len()]
    }
}

/// Whether an event may need attention. The loss of the connection or the leader is a problem, a new one is not; another
/// cluster that answers is one, a new member is not. Neither is the end of a key whose lease was revoked, nor the end of a
/// lease that was not in use.
fn is_problem(event: &EventKind) -> bool {
    use EventName::{Absent, Back, Down, Drill, Dropped, Error, Expired, Gone, Late, Lost, Missed, Risk};
    let is_lost_link = matches!(
        event,
        EventKind::Disconnected { .. }
            | EventKind::Unreached { .. }
            | EventKind::Refused { .. }
            | EventKind::NoLeader { .. }
            | EventKind::ClusterChanged { cause: "restored" | "replaced" | "mixed", .. }
    );
    let is_on_purpose = match event {
        EventKind::Down { end, .. } => *end == Some(EndCause::Revoked),
        EventKind::LeaseEnded(ended) => ended.is_unused,
        _ => false,
    };
    is_lost_link
        || !is_on_purpose
            && matches!(
                event.name(),
                Absent | Back | Down | Drill | Dropped | Error | Expired | Gone | Late | Lost | Missed | Risk
            )
}

/// Where the events view stays while it does not follow the newest event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hold {
    /// Number of the newest event that the view shows.
    newest: u64,
    /// Number of the event under the cursor.
    cursor: u64,
    /// Index of the first visible line.
    top: usize,
}

/// What the events view shows. It follows the newest events until the user selects one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsView {
    /// The only category shown. `None` shows all.
    pub category: Option<EventCategory>,
    /// The filter.
    pub filter: ViewFilter,
    hold: Option<Hold>,
}

impl Default for EventsView {
    fn default() -> Self {
        EventsView { category: EventCategory::TURN[0], filter: ViewFilter::default(), hold: None }
    }
}

/// The state that the events view reads.
#[derive(Clone, Copy, Debug)]
pub struct EventSources<'a> {
    /// The log.
    pub events: &'a EventLog,
    /// The leases, for the keys of an event's lease.
    pub leases: &'a LeaseStore,
    /// The keys.
    pub keys: &'a KeyState,
}

impl EventsView {
    /// Whether the view follows the newest events. It then has no cursor, because the line under it would change.
    pub fn follows(&self) -> bool {
        self.hold.is_none()
    }

    /// All lines in the order in which the events happened, without repeats.
    pub fn lines<'a>(&self, from: EventSources<'a>) -> Vec<&'a Event> {
        let until = self.hold.map_or(u64::MAX, |hold| hold.newest);
        let mut lines: Vec<&Event> = from.events.collapsed(until).filter(|event| self.shows(event, from)).collect();
        Event::sort(&mut lines);
        lines
    }

    /// Number of lines newer than the selected one, including those that happened since the view stopped following.
    pub fn newer(&self, from: EventSources<'_>) -> usize {
        let Some(hold) = self.hold else { return 0 };
        from.events.collapsed(u64::MAX).filter(|event| event.number > hold.cursor && self.shows(event, from)).count()
    }

    /// The newest `room` lines of the category in the order in which they happened, for the pane beside the leases. The
    /// filter does not apply to it.
    pub fn newest<'a>(&self, events: &'a EventLog, room: usize) -> Vec<&'a Event> {
        let mut lines: Vec<&Event> =
            events.collapsed(u64::MAX).rev().filter(|event| self.has(event)).take(room).collect();
        lines.reverse();
        Event::sort(&mut lines);
        lines
    }

    /// Index of the first visible line if `room` lines fit.
    pub fn top(&self, count: usize, room: usize) -> usize {
        let most = count.saturating_sub(room);
        self.hold.map_or(most, |hold| hold.top.min(most))
    }

    /// Whether the cursor is on this event.
    pub fn is_selected(&self, event: &Event) -> bool {
        self.hold.is_some_and(|hold| hold.cursor == event.number)
    }

    /// The lease of the event under the cursor. `None` if there is none, or if the log has dropped the event.
    pub(super) fn lease(&self, events: &EventLog) -> Option<LeaseId> {
        let cursor = self.hold?.cursor;
        events.lines().find(|event| event.number == cursor)?.lease
    }

    fn has(&self, event: &Event) -> bool {
        self.category.is_none_or(|category| category.has(&event.kind))
    }

    /// Whether the view has a line for an event that the category and the filter show.
    pub fn shows(&self, event: &Event, from: EventSources<'_>) -> bool {
        !event.is_minor && self.has(event) && (!self.filter.is_active() || self.filter.matches(&facts(event, from)))
    }

    /// Moves the cursor. Beyond the last line, the view follows the newest events again.
    pub(super) fn go(&mut self, from: EventSources<'_>, room: usize, action: Action) {
        let Some(newest) = from.events.newest() else { return };
        let lines = self.lines(from);
        let Some(last) = lines.len().checked_sub(1) else {
            // The log has dropped the lines, or none matches any more.
            self.hold = None;
            return;
        };
        let (row, is_there) = match self.hold {
            // If the event under the cursor is gone, the next one that is left. Lines are sorted by time, not by number.
            Some(hold) => {
                let left = lines.iter().enumerate().filter(|(_, event)| event.number >= hold.cursor);
                let nearest = left.min_by_key(|(_, event)| event.number);
                nearest.map_or((last, true), |(row, event)| (row, event.number == hold.cursor))
            }
            None => (last + 1, true),
        };
        let page = room.saturating_sub(1).max(1);
        // A page down stops at the last line. Only from there does it go beyond.
        let to = match action {
            Action::Up => row.saturating_sub(1),
            Action::Down => row + usize::from(is_there),
            Action::PageUp => row.saturating_sub(page),
            Action::PageDown => (row + page).min(last.max(row + 1)),
            Action::HalfUp => row.saturating_sub(page.div_ceil(2)),
            Action::HalfDown => (row + page.div_ceil(2)).min(last.max(row + 1)),
            Action::Last => last + 1,
            _ => 0,
        };
        if to > last {
            self.hold = None;
            return;
        }
        let top = self.top(lines.len(), room);
        let top = top.min(to).max((to + 1).saturating_sub(room));
        let newest = self.hold.map_or(newest, |hold| hold.newest);
        self.hold = Some(Hold { newest, cursor: lines[to].number, top });
    }

    /// Shows the newest events of the next category.
    pub(super) fn next_category(&mut self) {
        self.category = EventCategory::after(self.category);
        self.hold = None;
    }

    /// Follows the newest events again. Returns false if the view did so already.
    pub(super) fn follow(&mut self) -> bool {
        self.hold.take().is_some()
    }

    /// Shows the first category again. Returns false if it was shown already.
    pub(super) fn reset_category(&mut self) -> bool {
        let first = EventCategory::TURN[0];
        std::mem::replace(&mut self.category, first) != first
    }
}

/// The texts of an event that the filter searches.
fn facts(event: &Event, from: EventSources<'_>) -> Vec<(ViewFilterField, String)> {
    let mut facts = vec![
        (ViewFilterField::Kind, event.name().as_str().to_owned()),
        (ViewFilterField::Kind, event.name().short().to_owned()),
        (ViewFilterField::Text, event.text()),
    ];
    let Some(id) = event.lease else { return facts };
    facts.push((ViewFilterField::Lease, id.to_string()));
    facts.push((ViewFilterField::Lease, id.0.to_string()));
    let keys = all_keys(from.keys, id, from.leases.get(id), &event.kind);
    facts.extend(keys.into_iter().map(|key| (ViewFilterField::Key, String::from_utf8_lossy(&key).into_owned())));
    facts
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::{AppConfig, AppState};
    use simkit::Timestamp;

    /// An event whose text is a number.
    fn event(name: EventName, count: usize) -> EventKind {
        EventKind::More { name, count }
    }

    fn state(names: &[EventName]) -> AppState {
        let mut app = AppState::new(AppConfig::default(), Timestamp::START);
        names.iter().enumerate().for_each(|(second, name)| add(&mut app, *name, second));
        app.view.events_view.category = None;
        app
    }

    fn add(app: &mut AppState, name: EventName, second: usize) {
        app.events.push(Timestamp::at(Duration::from_secs(second as u64)), None, event(name, second));
    }

    fn number(event: &Event) -> usize {
        if let EventKind::More { count, .. } = event.kind { count } else { usize::MAX }
    }

    /// The visible lines, and the selected one.
    fn shown(app: &AppState) -> (Vec<usize>, Option<usize>) {
        let view = &app.view.events_view;
        let lines = view.lines(app.event_sources());
        let selected = lines.iter().find(|event| view.is_selected(event)).map(|event| number(event));
        let top = view.top(lines.len(), 3);
        (lines[top..].iter().take(3).map(|event| number(event)).collect(), selected)
    }

    fn go(app: &mut AppState, action: Action) {
        let sources = EventSources { events: &app.events, leases: &app.leases, keys: &app.keys };
        app.view.events_view.go(sources, 3, action);
    }

    #[test]
    fn the_view_follows_until_a_line_is_selected() {
        let mut app = state(&[EventName::Renewed; 10]);
        assert_eq!(shown(&app), (vec![7, 8, 9], None));
        go(&mut app, Action::Down);
        assert!(app.view.events_view.follows(), "there is nothing below");
        go(&mut app, Action::Up);
        assert_eq!(shown(&app), (vec![7, 8, 9], Some(9)));
        let newer = |app: &AppState| app.view.events_view.newer(app.event_sources());
        assert_eq!(newer(&app), 0);
        add(&mut app, EventName::Renewed, 99);
        assert_eq!((shown(&app), newer(&app)), ((vec![7, 8, 9], Some(9)), 1));
        (0..3).for_each(|_| go(&mut app, Action::Up));
        assert_eq!((shown(&app), newer(&app)), ((vec![6, 7, 8], Some(6)), 4));
        go(&mut app, Action::First);
        assert_eq!(shown(&app), (vec![0, 1, 2], Some(0)));
        (0..50).for_each(|_| go(&mut app, Action::Up));
        go(&mut app, Action::Down);
        assert_eq!(shown(&app), (vec![0, 1, 2], Some(1)), "no press was wasted beyond the end");
        go(&mut app, Action::Last);
        assert_eq!(shown(&app), (vec![8, 9, 99], None));
    }

    #[test]
    fn moving_beyond_the_last_line_follows_again() {
        let mut app = state(&[EventName::Renewed; 10]);
        go(&mut app, Action::PageUp);
        assert_eq!(shown(&app).1, Some(8));
        go(&mut app, Action::PageDown);
        assert_eq!(shown(&app).1, Some(9), "a page stops at the last line");
        go(&mut app, Action::PageDown);
        assert!(app.view.events_view.follows());
    }

    #[test]
    fn a_selected_event_that_the_log_drops_selects_no_other_lease() {
        let mut app = state(&[EventName::Renewed; 3]);
        app.events.push(Timestamp::at(Duration::from_secs(3)), Some(LeaseId(7)), EventKind::Kept);
        go(&mut app, Action::Up);
        assert_eq!(app.view.events_view.lease(&app.events), Some(LeaseId(7)));
        for second in 0..3_000 {
            add(&mut app, EventName::Gone, 100 + second);
        }
        assert_eq!(app.view.events_view.lease(&app.events), None);
    }

    #[test]
    fn categories_come_in_turn_and_every_event_has_one() {
        use EventName::{Dropped, Error, Expired, Leader, Renewed};
        let mut app = state(&[Renewed, Dropped, Expired, Leader, Error, Renewed]);
        app.view.events_view = EventsView::default();
        let mut turn = Vec::new();
        for _ in EventCategory::TURN {
            turn.push(app.view.events_view.lines(app.event_sources()).into_iter().map(number).collect::<Vec<_>>());
            app.view.events_view.next_category();
        }
        assert_eq!(turn, [vec![1, 2, 4], vec![0, 1, 2, 3, 4, 5], vec![0, 5], vec![2], vec![3]]);
        assert_eq!(app.view.events_view, EventsView::default());
    }

    #[test]
    fn the_filter_searches_kind_lease_key_and_text() {
        let mut app = state(&[]);
        let id = Some(LeaseId(0x694d_9aa8_d4d4_f304));
        let attached = EventKind::Attached { key: b"/svc/Orders/1".to_vec(), revision: None };
        app.events.push(Timestamp::START, id, attached);
        app.events.push(Timestamp::START, None, EventKind::error("no space"));
        for (filter, count) in
            [("", 2), ("orders", 1), ("kind:attached", 1), ("lease:f304", 1), ("space", 1), ("key:space", 0), ("!e", 0)]
        {
            app.view.events_view.filter.set(filter);
            assert_eq!(app.view.events_view.lines(app.event_sources()).len(), count, "{filter}");
        }
    }
}
