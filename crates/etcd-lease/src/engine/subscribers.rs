//! The consumers of one lease.

use std::slice;
use std::sync::{Arc, Weak};

use super::response_queues::ResponseQueues;
use crate::{LeaseId, QueueGauge};

/// The queues of all consumers that receive responses of one lease. Most leases have one, which needs no allocation.
#[derive(Clone, Debug)]
pub(super) enum Subscribers {
    One(Arc<ResponseQueues>),
    Several(Arc<Vec<Arc<ResponseQueues>>>),
}

impl Subscribers {
    pub(super) fn queues(&self) -> &[Arc<ResponseQueues>] {
        match self {
            Subscribers::One(queues) => slice::from_ref(queues),
            Subscribers::Several(all) => all,
        }
    }

    /// The combined state of all queues of one lease: the maximum depth and the total number of drops.
    pub(super) fn gauge(&self, id: LeaseId) -> QueueGauge {
        self.queues().iter().map(|queues| queues.gauge(id)).fold(QueueGauge::default(), |sum, one| QueueGauge {
            depth: sum.depth.max(one.depth),
            capacity: sum.capacity.max(one.capacity),
            dropped: sum.dropped + one.dropped,
        })
    }

    pub(super) fn downgrade(&self) -> WeakSubscribers {
        match self {
            Subscribers::One(queues) => WeakSubscribers::One(Arc::downgrade(queues)),
            Subscribers::Several(all) => WeakSubscribers::Several(Arc::downgrade(all)),
        }
    }
}

impl FromIterator<Arc<ResponseQueues>> for Subscribers {
    fn from_iter<I: IntoIterator<Item = Arc<ResponseQueues>>>(queues: I) -> Self {
        let mut all: Vec<_> = queues.into_iter().collect();
        match all.pop() {
            Some(only) if all.is_empty() => Subscribers::One(only),
            last => {
                all.extend(last);
                Subscribers::Several(Arc::new(all))
            }
        }
    }
}

/// As [`Subscribers`], without keeping unread responses alive.
#[derive(Debug)]
pub(super) enum WeakSubscribers {
    One(Weak<ResponseQueues>),
    Several(Weak<Vec<Arc<ResponseQueues>>>),
}

impl WeakSubscribers {
    pub(super) fn upgrade(&self) -> Option<Subscribers> {
        match self {
            WeakSubscribers::One(queues) => queues.upgrade().map(Subscribers::One),
            WeakSubscribers::Several(all) => all.upgrade().map(Subscribers::Several),
        }
    }

    /// Whether these are the same subscribers.
    pub(super) fn is(&self, subscribers: &Subscribers) -> bool {
        match (self, subscribers) {
            (WeakSubscribers::One(queues), Subscribers::One(other)) => {
                std::ptr::eq(queues.as_ptr(), Arc::as_ptr(other))
            }
            (WeakSubscribers::Several(all), Subscribers::Several(other)) => {
                std::ptr::eq(all.as_ptr(), Arc::as_ptr(other))
            }
            _ => false,
        }
    }
}
