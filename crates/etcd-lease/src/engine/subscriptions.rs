//! The subscribers of each lease, by the scheduler's slot.

use std::sync::Arc;

use super::response_queues::{Delivered, ResponseQueues};
use super::status_feed::Writer;
use super::subscribers::Subscribers;
use crate::keepalive::{AnsweredRenewal, SlotId};
use crate::{Ended, EngineEventKind, LeaseId, LeaseStatus};
use simkit::Timestamp;

/// The subscribers of every lease that is kept alive.
#[derive(Debug, Default)]
pub(super) struct Subscriptions(Vec<Option<Subscribers>>);

impl Subscriptions {
    pub(super) fn get(&self, slot: SlotId) -> Option<&Subscribers> {
        self.0.get(slot as usize)?.as_ref()
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = SlotId> + use<> {
        0..SlotId::try_from(self.0.len()).unwrap_or(SlotId::MAX)
    }

    /// Adds a subscriber. One that unsubscribed and subscribed again before the engine noticed is not added twice.
    pub(super) fn add(&mut self, slot: SlotId, id: LeaseId, queues: Arc<ResponseQueues>) {
        queues.set_slot(id, slot);
        let index = slot as usize;
        if self.0.len() <= index {
            self.0.resize(index + 1, None);
        }
        let present = self.0[index].iter().flat_map(|subscribers| subscribers.queues().iter().cloned());
        let others = present.filter(|other| !Arc::ptr_eq(other, &queues)).collect::<Vec<_>>();
        self.0[index] = Some(others.into_iter().chain([queues]).collect());
    }

    /// Ends and removes every subscriber of the lease but one.
    pub(super) fn end_others(&mut self, slot: SlotId, id: LeaseId, one: &Arc<ResponseQueues>, reason: &Ended) {
        let Some(Some(present)) = self.0.get_mut(slot as usize) else { return };
        let (kept, ended): (Vec<_>, Vec<_>) =
            present.queues().iter().cloned().partition(|queues| Arc::ptr_eq(queues, one));
        *present = kept.into_iter().collect();
        ended.iter().for_each(|queues| queues.end(slot, id, reason.clone()));
    }

    /// Removes every subscriber that closed its queue of the lease. Returns whether no subscriber remains; false if the
    /// slot has had none.
    pub(super) fn remove_closed(&mut self, slot: SlotId, id: LeaseId) -> bool {
        let Some(present) = self.get(slot) else { return false };
        let rest: Subscribers = present.queues().iter().filter(|queues| queues.is_open(id)).cloned().collect();
        let is_empty = rest.queues().is_empty();
        self.0[slot as usize] = Some(rest);
        is_empty
    }

    /// Delivers a renewal to every subscriber. A full queue drops the response, which is logged.
    pub(super) fn deliver(&self, slot: SlotId, id: LeaseId, renewal: &AnsweredRenewal, feed: &mut Writer<'_>) {
        feed.renewed(slot, id, renewal);
        for queues in self.get(slot).into_iter().flat_map(Subscribers::queues) {
            if let Delivered::Dropped(queue) = queues.deliver(slot, id, renewal) {
                tracing::warn!(
                    lease = %id,
                    "queue-size" = queue.depth,
                    "queue-capacity" = queue.capacity,
                    "lease keepalive response queue is full; dropping response send"
                );
                let (queue_size, queue_capacity) = (queue.depth, queue.capacity);
                feed.event(renewal.at, Some(id), || EngineEventKind::Dropped { queue_size, queue_capacity });
            }
        }
    }

    /// Ends the queues of a lease because the engine is gone.
    pub(super) fn close(&mut self, slot: SlotId, id: LeaseId) {
        let subscribers = self.0.get_mut(slot as usize).and_then(Option::take);
        subscribers.iter().flat_map(Subscribers::queues).for_each(|queues| queues.end(slot, id, Ended::Closed));
    }

    /// Removes the subscribers of the lease in a slot and ends their queues. Logs the end, and writes its event and the last
    /// status of the lease. A queue that was opened again for a newer lease with this id is left as it is.
    pub(super) fn end(
        &mut self,
        slot: SlotId,
        ended: Ended,
        mut last: Box<LeaseStatus>,
        now: Timestamp,
        feed: &mut Writer<'_>,
    ) {
        let Some(subscribers) = self.0.get_mut(slot as usize).and_then(Option::take) else { return };
        tracing::info!(lease = %last.id, reason = %ended, "keepalive ended");
        last.queue = subscribers.gauge(last.id);
        subscribers.queues().iter().for_each(|queues| queues.end(slot, last.id, ended.clone()));
        feed.event(now, Some(last.id), || EngineEventKind::Ended(ended));
        feed.end(slot, last);
    }
}
