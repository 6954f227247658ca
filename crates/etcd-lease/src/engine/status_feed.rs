//! The newest status of each lease that an engine keeps alive, and the latest events.
//!
//! The engine writes a status in place, in a slab that is indexed by the scheduler's slot, and the reader visits the
//! statuses that changed. Statuses are independent of responses: a status that changes twice before it is read is read
//! once, and a slow reader causes no dropped responses. Without a reader nothing is written and no lock is taken.

mod slab;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use self::slab::{Entry, Slab};
use super::response_queues::ReadListener;
use super::subscribers::Subscribers;
use crate::keepalive::{AnsweredRenewal, Scheduler, SlotId};
use crate::{Cadence, EngineEvent, EngineEventKind, LeaseId, LeaseStatus};
use simkit::Timestamp;

/// Maximum number of unread events. Older ones are counted and dropped.
const EVENTS: usize = 4_096;

/// Number of statuses visited per lock, so that a slow reader does not delay the engine.
const VISITED_TOGETHER: usize = 64;

/// Reads the statuses and events of an engine.
///
/// A new reader gets every lease that is kept alive. Use one reader per engine, because all feeds of an engine share
/// the unread state.
#[derive(Debug)]
pub struct StatusFeed(Arc<Feed>);

/// What changed since the last [`StatusFeed::drain`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatusUpdate {
    /// The newest status of every lease that changed, and the last status of every lease that ended. The ended ones
    /// come first.
    pub statuses: Vec<LeaseStatus>,
    /// The events, oldest first.
    pub events: Vec<EngineEvent>,
    /// How many events were dropped because they were not read in time.
    pub events_lost: u64,
}

/// The state that the engine and the readers share.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// Changed only under the lock of `state`.
    readers: AtomicUsize,
    changed: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    slab: Slab,
    /// Slots to visit. They may include slots of ended leases, and a slot may occur twice.
    changed: Vec<SlotId>,
    /// The last statuses of the leases that ended, with the number of a renewal that is unread.
    ended: Vec<(Option<u64>, Box<LeaseStatus>)>,
    /// Events with their numbers.
    events: VecDeque<(u64, EngineEvent)>,
    events_lost: u64,
    /// Numbers events and renewals in the order in which they happened.
    next_number: u64,
}

impl StatusFeed {
    pub(super) fn new(feed: Arc<Feed>) -> Self {
        {
            let _state = feed.state();
            feed.readers.fetch_add(1, Ordering::Relaxed);
        }
        StatusFeed(feed)
    }

    /// Waits until something has changed.
    pub async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Visits the newest status of every lease that changed, and the last status of every lease that ended; the ended
    /// ones first. Returns the events, and no statuses. A renewal is not an event here: the status contains it.
    ///
    /// The engine may have to wait while `visit` runs.
    pub fn visit(&self, mut visit: impl FnMut(&LeaseStatus)) -> StatusUpdate {
        self.0.visit(|status, _| visit(status));
        let (events, events_lost) = self.0.take_events();
        StatusUpdate { statuses: Vec::new(), events: in_order(events), events_lost }
    }

    /// Returns a copy of what changed. Every renewal is an event.
    pub fn drain(&self) -> StatusUpdate {
        let (mut statuses, mut renewals) = (Vec::new(), Vec::new());
        self.0.visit(|status, renewed| {
            if let Some(number) = renewed {
                renewals.extend(last_renewal(status).map(|event| (number, event)));
            }
            statuses.push(status.clone());
        });
        let (mut events, events_lost) = self.0.take_events();
        events.extend(renewals);
        StatusUpdate { statuses, events: in_order(events), events_lost }
    }
}

#[cfg(test)]
impl StatusFeed {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
impl Feed {
    /// The number of statuses.
    pub(super) fn len(&self) -> usize {
        let state = self.state();
        state.slab.len() + state.ended.len()
    }
}

impl Drop for StatusFeed {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if self.0.readers.fetch_sub(1, Ordering::Relaxed) == 1 {
            *state = State::default();
        }
    }
}

impl Feed {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_read(&self) -> bool {
        self.readers.load(Ordering::Relaxed) > 0
    }

    /// Creates a writer. Dropping it wakes the reader if anything was written.
    pub(super) fn writer(&self) -> Writer<'_> {
        let mut writer = Writer { feed: self, state: None, has_written: false };
        if self.is_read() {
            let state = self.state();
            // The last reader may have been dropped in between.
            if self.is_read() {
                writer.state = Some(state);
            }
        }
        writer
    }

    fn visit(&self, mut visit: impl FnMut(&LeaseStatus, Option<u64>)) {
        let mut changed = {
            let mut state = self.state();
            state.visit_ended(&mut visit);
            std::mem::take(&mut state.changed)
        };
        for slots in changed.chunks(VISITED_TOGETHER) {
            let mut state = self.state();
            state.visit_ended(&mut visit);
            slots.iter().for_each(|slot| state.visit(*slot, &mut visit));
        }
        // The engine uses the memory of the list again.
        changed.clear();
        let mut state = self.state();
        if state.changed.is_empty() {
            state.changed = changed;
        }
    }

    fn take_events(&self) -> (Vec<(u64, EngineEvent)>, u64) {
        let mut state = self.state();
        let events = state.events.drain(..).collect();
        (events, std::mem::take(&mut state.events_lost))
    }
}

impl ReadListener for Feed {
    fn on_read(&self, slot: SlotId, id: LeaseId) {
        let mut writer = self.writer();
        let Some(state) = &mut writer.state else { return };
        // The slot may have been reused for another lease since the response was queued.
        if state.slab.get(slot).is_some_and(|entry| entry.status.id == id) {
            state.mark_changed(slot);
            writer.has_written = true;
        }
    }
}

/// Writes statuses and events under the feed's lock. Without a reader it does nothing.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    feed: &'a Feed,
    state: Option<MutexGuard<'a, State>>,
    has_written: bool,
}

impl Writer<'_> {
    /// Whether anyone reads.
    pub(super) fn is_read(&self) -> bool {
        self.state.is_some()
    }

    pub(super) fn event(&mut self, at: Timestamp, lease: Option<LeaseId>, kind: impl FnOnce() -> EngineEventKind) {
        if let Some(state) = &mut self.state {
            let number = state.number();
            state.push_event(number, EngineEvent { at, lease, kind: kind() });
            self.has_written = true;
        }
    }

    /// Records a renewal before its status is written. The status still contains the previous renewal, which becomes an
    /// event if it is unread.
    pub(super) fn renewed(&mut self, slot: SlotId, id: LeaseId, renewal: &AnsweredRenewal) {
        let Some(state) = &mut self.state else { return };
        let number = state.number();
        let Some(entry) = state.slab.get(slot).filter(|entry| entry.status.id == id) else {
            let AnsweredRenewal { ttl, at, interval, left, round_trip, .. } = *renewal;
            return self.event(at, Some(id), || EngineEventKind::Renewed { ttl, interval, left, round_trip });
        };
        if let Some(unread) = entry.renewed.replace(number)
            && let Some(event) = last_renewal(&entry.status)
        {
            state.push_event(unread, event);
        }
    }

    /// Writes the status of the lease in a slot.
    pub(super) fn update(&mut self, scheduler: &Scheduler, slot: SlotId, subscribers: &Subscribers) {
        let Some(state) = &mut self.state else { return };
        if let Some(entry) = state.slab.get(slot) {
            scheduler.write_status(slot, &mut entry.status);
            if !entry.subscribers.is(subscribers) {
                entry.subscribers = subscribers.downgrade();
            }
        } else if let Some(status) = scheduler.status(slot) {
            let subscribers = subscribers.downgrade();
            state.slab.insert(slot, Entry { status, subscribers, renewed: None, is_changed: false });
        }
        state.mark_changed(slot);
        self.has_written = true;
    }

    /// Writes the last status of a lease. Its slot may be reused.
    pub(super) fn end(&mut self, slot: SlotId, last: Box<LeaseStatus>) {
        if let Some(state) = &mut self.state {
            let renewed = state.slab.remove(slot).and_then(|entry| entry.renewed);
            state.ended.push((renewed, last));
            self.has_written = true;
        }
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        self.state = None;
        if self.has_written {
            self.feed.changed.notify_one();
        }
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    fn push_event(&mut self, number: u64, event: EngineEvent) {
        if self.events.len() == EVENTS {
            self.events.pop_front();
            self.events_lost += 1;
        }
        self.events.push_back((number, event));
    }

    /// Lists a slot for the next visit, unless it is empty or already listed.
    fn mark_changed(&mut self, slot: SlotId) {
        if let Some(entry) = self.slab.get(slot)
            && !entry.is_changed
        {
            entry.is_changed = true;
            self.changed.push(slot);
        }
    }

    fn visit_ended(&mut self, visit: &mut impl FnMut(&LeaseStatus, Option<u64>)) {
        for (renewed, last) in std::mem::take(&mut self.ended) {
            visit(&last, renewed);
        }
    }

    fn visit(&mut self, slot: SlotId, visit: &mut impl FnMut(&LeaseStatus, Option<u64>)) {
        let Some(entry) = self.slab.get(slot) else { return };
        if !std::mem::take(&mut entry.is_changed) {
            return;
        }
        if let Some(subscribers) = entry.subscribers.upgrade() {
            entry.status.queue = subscribers.gauge(entry.status.id);
        }
        visit(&entry.status, entry.renewed.take());
    }
}

/// The last renewal in a status, as an event.
fn last_renewal(status: &LeaseStatus) -> Option<EngineEvent> {
    let (ttl, at, round_trip) = (status.granted_ttl?, status.last_answer?, status.round_trip?);
    let Cadence { last: interval, last_left: left, .. } = status.cadence;
    let kind = EngineEventKind::Renewed { ttl, interval, left, round_trip };
    Some(EngineEvent { at, lease: Some(status.id), kind })
}

fn in_order(mut events: Vec<(u64, EngineEvent)>) -> Vec<EngineEvent> {
    events.sort_unstable_by_key(|(number, _)| *number);
    events.into_iter().map(|(_, event)| event).collect()
}
