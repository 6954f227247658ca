//! What the engine tells whoever watches it: the newest status of each lease, and the latest events.
//!
//! Watching is not reading the responses: it is conflated and bounded, and never makes the engine wait. A stalled
//! consumer does not blind the board, a slow watcher invents no drops.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::inbox::Inbox;
use crate::EngineEvent;
use crate::LeaseId;
use crate::LeaseStatus;
use crate::QueueGauge;

/// Events that are kept for a watcher that does not come by; older ones are counted and forgotten.
const EVENTS: usize = 4_096;

/// Whoever takes responses of one lease.
pub(super) type Subscribers = Arc<[Arc<Inbox>]>;

/// The board that an engine writes on. Cheap to clone: all clones are the same board, for one watcher.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Nothing is written before somebody watches.
    watched: AtomicBool,
    changed: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    statuses: HashMap<LeaseId, LeaseStatus>,
    subscribers: HashMap<LeaseId, Subscribers>,
    moved: HashSet<LeaseId>,
    events: VecDeque<EngineEvent>,
    events_lost: u64,
}

/// What is new on the board.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoardNews {
    /// The newest status of every lease that changed.
    pub statuses: Vec<LeaseStatus>,
    /// Queues that were read since, of leases whose status has not changed otherwise.
    pub queues: Vec<(LeaseId, QueueGauge)>,
    /// What happened, oldest first.
    pub events: Vec<EngineEvent>,
    /// How many events were forgotten because nobody came by.
    pub events_lost: u64,
}

impl Board {
    /// Waits until there is something new.
    pub async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Takes what is new.
    pub fn drain(&self) -> BoardNews {
        let (mut statuses, moved, subscribers, events, events_lost) = {
            let mut state = self.state();
            let moved = std::mem::take(&mut state.moved);
            let wanted = moved.iter().chain(state.statuses.keys()).copied().collect::<HashSet<_>>();
            let subscribers: HashMap<LeaseId, Subscribers> =
                wanted.into_iter().filter_map(|id| Some((id, Arc::clone(state.subscribers.get(&id)?)))).collect();
            let statuses = std::mem::take(&mut state.statuses);
            let over: Vec<LeaseId> = statuses.values().filter(|status| status.ended.is_some()).map(|s| s.id).collect();
            for id in over {
                state.subscribers.remove(&id);
            }
            let events = std::mem::take(&mut state.events);
            (statuses, moved, subscribers, events, std::mem::take(&mut state.events_lost))
        };
        let mut queues = Vec::new();
        for (id, subscribers) in subscribers {
            let gauge = gauge(&subscribers, id);
            match statuses.get_mut(&id) {
                // The last word on an ended lease has its queue already.
                Some(status) if status.ended.is_none() => status.queue = gauge,
                None if moved.contains(&id) => queues.push((id, gauge)),
                _ => (),
            }
        }
        BoardNews { statuses: statuses.into_values().collect(), queues, events: events.into(), events_lost }
    }

    pub(super) fn watch(&self) {
        self.0.watched.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_watched(&self) -> bool {
        self.0.watched.load(Ordering::Relaxed)
    }

    pub(super) fn write(&self, statuses: Vec<(LeaseStatus, Subscribers)>, events: Vec<EngineEvent>) {
        if statuses.is_empty() && events.is_empty() {
            return;
        }
        let mut state = self.state();
        for (status, subscribers) in statuses {
            state.subscribers.insert(status.id, subscribers);
            state.statuses.insert(status.id, status);
        }
        state.events.extend(events);
        let surplus = state.events.len().saturating_sub(EVENTS);
        state.events.drain(..surplus);
        state.events_lost += surplus as u64;
        drop(state);
        self.0.changed.notify_one();
    }

    /// Somebody has read a response.
    pub(super) fn queue_moved(&self, id: LeaseId) {
        if self.is_watched() {
            self.state().moved.insert(id);
            self.0.changed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of several queues the fullest counts, and all drops.
pub(super) fn gauge(subscribers: &Subscribers, id: LeaseId) -> QueueGauge {
    subscribers.iter().map(|inbox| inbox.gauge(id)).fold(QueueGauge::default(), |sum, one| QueueGauge {
        depth: sum.depth.max(one.depth),
        capacity: sum.capacity.max(one.capacity),
        dropped: sum.dropped + one.dropped,
    })
}
