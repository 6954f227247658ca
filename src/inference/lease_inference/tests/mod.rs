//! Compares the true state of a lease with what polls infer.

mod patterns;
mod polls;
mod removals;
mod renewals;
mod renewers;
mod replies;

use super::*;
use etcd_lease::{Header, LeaseId};

const SECOND: u64 = 1_000_000_000;
const MILLI: u64 = 1_000_000;

fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

/// The true state of a lease on a server.
struct Truth {
    ttl: u64,
    deadline: u64,
    term: u64,
    renewed: Vec<u64>,
    seed: u64,
}

impl Truth {
    /// Granted at 100 s.
    fn granted(ttl: u64, seed: u64) -> Self {
        Truth { ttl, deadline: (100 + ttl) * SECOND, term: 2, renewed: Vec::new(), seed: seed | 1 }
    }

    fn roll(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below.max(1)
    }

    fn renew(&mut self, now: u64) {
        self.deadline = now + self.ttl * SECOND;
        self.renewed.push(now);
    }

    /// A new leader resets every lease to the full TTL plus one second.
    fn refill(&mut self, now: u64) {
        self.deadline = now + (self.ttl + 1) * SECOND;
        self.term += 1;
    }

    /// The server's reply at `now`.
    fn answer(&self, now: u64) -> TimeToLive {
        let left = i64::try_from(self.deadline).unwrap() - i64::try_from(now).unwrap();
        TimeToLive {
            id: LeaseId(1),
            ttl: left / SECOND.cast_signed(),
            granted_ttl: self.ttl.cast_signed(),
            keys: Vec::new(),
            header: Header { raft_term: self.term, ..Header::default() },
        }
    }

    /// Polls with a round trip of up to `round_trip`. The server reads the time left somewhere in between. Returns what
    /// was inferred and when the reply arrived.
    fn poll(&mut self, observed: &mut LeaseInference, sent: u64, round_trip: u64) -> (Inferred, u64) {
        let trip = self.roll(round_trip) + 1;
        let looked = sent + self.roll(trip);
        (observed.apply_reply(&self.answer(looked), at(sent), at(sent + trip)).inferred, sent + trip)
    }
}

/// Polls by plan until `until`, with these renewals. Returns when the last poll was sent.
fn live(truth: &mut Truth, observed: &mut LeaseInference, renewals: &[u64], until: u64, round_trip: u64) -> u64 {
    watch(truth, observed, renewals, until, round_trip, |_| ())
}

/// Like [`live`], and inspects the inference after each poll.
fn watch(
    truth: &mut Truth,
    observed: &mut LeaseInference,
    renewals: &[u64],
    until: u64,
    round_trip: u64,
    mut look: impl FnMut(&LeaseInference),
) -> u64 {
    let mut renewals = renewals.iter().copied().peekable();
    let (mut now, mut last) = (100 * SECOND, 100 * SECOND);
    loop {
        let poll = observed.next_poll(at(now)).nanos();
        while let Some(renewal) = renewals.next_if(|&renewal| renewal < poll.min(until)) {
            truth.renew(renewal);
        }
        if poll >= until {
            return last;
        }
        last = poll;
        // The last poll ends before the lease may be removed.
        now = truth.poll(observed, poll, round_trip.min(until - poll)).1;
        look(observed);
    }
}
