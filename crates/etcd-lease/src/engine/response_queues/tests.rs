use std::time::Duration;

use super::*;
use simkit::Timestamp;

const ONE: LeaseId = LeaseId(1);
const OTHER: LeaseId = LeaseId(2);
const RENEWAL: AnsweredRenewal = AnsweredRenewal {
    ttl: 10,
    at: Timestamp::START,
    interval: None,
    left: None,
    round_trip: Duration::ZERO,
    revision: 1,
};

#[derive(Debug)]
struct NoListener;

impl ReadListener for NoListener {
    fn on_read(&self, _: SlotId, _: LeaseId) {}
}

/// The open queues of some leases, each in the slot with the number of its id.
fn queues_of<const N: usize>(capacity: usize, leases: [LeaseId; N]) -> ResponseQueues {
    let queues = ResponseQueues::new(capacity, Arc::new(NoListener));
    leases.iter().for_each(|id| open(&queues, *id));
    queues
}

fn slot(id: LeaseId) -> SlotId {
    SlotId::try_from(id.0).unwrap()
}

fn open(queues: &ResponseQueues, id: LeaseId) {
    queues.open(id);
    queues.set_slot(id, slot(id));
}

fn poll(queues: &ResponseQueues) -> Poll<Option<Delivery>> {
    queues.poll_next(&mut Context::from_waker(Waker::noop()))
}

/// The leases of the next responses, in the order in which they are read.
fn read(queues: &ResponseQueues) -> Vec<LeaseId> {
    let next = || match poll(queues) {
        Poll::Ready(Some(Delivery::Response(response))) => Some(response.id),
        _ => None,
    };
    std::iter::from_fn(next).collect()
}

#[test]
fn the_list_of_readable_leases_stays_short_without_a_reader() {
    const LEASES: i64 = 10;
    let queues = queues_of(1, []);
    for round in 0..1_000 {
        for id in (1..=LEASES).map(LeaseId) {
            queues.close(id);
            open(&queues, id);
            queues.end(slot(id), id, Ended::Closed);
        }
        assert!(queues.state().readable.ids.len() < 100, "after {round} rounds");
    }
    // Each of these is closed for ever.
    for id in (100..10_000).map(LeaseId) {
        open(&queues, id);
        queues.end(slot(id), id, Ended::Closed);
        queues.close(id);
    }
    assert!(queues.state().readable.ids.len() < 100);
    assert!(queues.state().readable.closed.len() < 100);
    for _ in 0..LEASES {
        assert!(matches!(poll(&queues), Poll::Ready(Some(Delivery::Ended(_, Ended::Closed)))));
    }
    assert_eq!(poll(&queues), Poll::Ready(None));
}

#[test]
fn what_comes_about_an_earlier_lease_is_not_for_the_queue_of_the_next_one() {
    let queues = queues_of(1, []);
    queues.open(ONE);
    queues.set_slot(ONE, 0);
    // The id was granted again. The engine still reports on the earlier lease.
    queues.reopen(ONE);
    assert_eq!(queues.deliver(0, ONE, &RENEWAL), Delivered::NotSubscribed);
    queues.end(0, ONE, Ended::NotFound);
    assert_eq!(poll(&queues), Poll::Pending);
    queues.set_slot(ONE, 1);
    queues.end(0, ONE, Ended::NotFound);
    assert_eq!(poll(&queues), Poll::Pending);
    assert_eq!(queues.deliver(1, ONE, &RENEWAL), Delivered::Queued);
    queues.end(1, ONE, Ended::Expired);
    assert_eq!(read(&queues), [ONE]);
    assert_eq!(poll(&queues), Poll::Ready(None), "the end was read");
}

#[test]
fn without_capacity_a_paused_lease_gets_no_response_while_the_reader_waits_for_another() {
    let queues = queues_of(0, [ONE, OTHER]);
    queues.pause(ONE, true);
    assert_eq!(poll(&queues), Poll::Pending);
    assert!(matches!(queues.deliver(slot(ONE), ONE, &RENEWAL), Delivered::Dropped(_)));
    assert_eq!(queues.deliver(slot(OTHER), OTHER, &RENEWAL), Delivered::Queued);
    assert_eq!((queues.gauge(ONE).depth, read(&queues)), (0, vec![OTHER]));
}

#[test]
fn a_lease_that_is_closed_and_opened_again_gets_one_turn_in_each_round() {
    let queues = queues_of(4, [ONE, OTHER]);
    let deliver = |id| assert_eq!(queues.deliver(slot(id), id, &RENEWAL), Delivered::Queued);
    [ONE, OTHER].into_iter().for_each(deliver);
    queues.close(ONE);
    open(&queues, ONE);
    [ONE, OTHER, ONE, OTHER, ONE].into_iter().for_each(deliver);
    assert_eq!(read(&queues), [ONE, OTHER, ONE, OTHER, ONE, OTHER]);
}
