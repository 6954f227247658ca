//! Outages of the simulated server, and what may not happen in them.

use std::collections::BTreeSet;
use std::time::Duration;

use etcd_lease::{Ended, LeaseId};
use simkit::Timestamp;

use super::{Event, Simulation};
use crate::random::ms;

/// An outage of some duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// The server is down: streams break, and none opens.
    Down,
    /// Requests are accepted and answered only afterwards.
    Hung,
    /// All streams break once.
    Cut,
    /// The engine itself does not run.
    Stopped,
    /// A new leader gives every lease its full TTL again.
    Refill,
    /// Expired leases are not removed for a while.
    Backlog,
    /// The open connections are silent; new ones work.
    DeadConnections,
    /// The leader is silent, and so are followers until the next election, and what waits in them. It ends much later.
    FrozenLeader,
}

impl Simulation {
    /// Starts an outage of this duration, unless there is one.
    pub(crate) fn start(&mut self, trouble: Disturbance, lasting: Duration) {
        if self.trouble.is_some() {
            return;
        }
        match trouble {
            Disturbance::Down | Disturbance::Cut => self.break_streams(),
            Disturbance::Refill => {
                let now = self.now;
                self.held.values_mut().for_each(|held| held.deadline = now + Duration::from_secs(held.ttl + 1));
                return self.break_streams();
            }
            _ => (),
        }
        if trouble == Disturbance::Cut {
            return;
        }
        self.trouble = Some(trouble);
        self.at(self.now + lasting, Event::TroubleEnds);
        match trouble {
            Disturbance::DeadConnections => self.dead.extend(self.streams.keys()),
            Disturbance::FrozenLeader => {
                self.dead.extend(self.streams.keys());
                self.end_path();
                self.at(self.now + (lasting / 2).clamp(ms(1_000), ms(2_000)), Event::Elected);
            }
            Disturbance::Backlog => (),
            _ => self.end_path(),
        }
    }

    pub(super) fn end_path(&mut self) {
        if let Some(since) = self.path_since.take()
            && self.now.since(since) >= ms(500)
        {
            self.paths.push((since, self.now));
        }
    }

    /// Whether a path existed for some third of the TTL while a lease could be renewed: between `from` and `to`.
    pub(crate) fn had_path(&self, from: Timestamp, to: Timestamp, ttl: Duration) -> bool {
        let now = self.path_since.map(|since| (since, self.now));
        let paths = self.paths.iter().rev().take_while(|(_, end)| *end >= from).copied().chain(now);
        paths.into_iter().any(|(start, end)| end.min(to).since(start.max(from)) >= ttl / 3)
    }

    pub(super) fn break_streams(&mut self) {
        for (lane, generation) in std::mem::take(&mut self.streams).into_keys() {
            self.at(self.now + ms(1), Event::Broken { lane, generation });
        }
        self.dead.clear();
    }

    pub(super) fn end_trouble(&mut self) {
        let was = self.trouble.take();
        self.path_since.get_or_insert(self.now);
        let dead = std::mem::take(&mut self.dead);
        if was == Some(Disturbance::DeadConnections) {
            for (lane, generation) in dead {
                self.streams.remove(&(lane, generation));
                self.at(self.now, Event::Broken { lane, generation });
            }
        }
        let streams: Vec<_> = self.streams.keys().copied().collect();
        streams.into_iter().for_each(|(lane, generation)| self.at(self.now, Event::Answer { lane, generation }));
        self.answer_queries();
    }

    fn answer_queries(&mut self) {
        for (slot, id, sent) in std::mem::take(&mut self.asked) {
            self.at(self.now + self.latency, Event::AskAnswer { slot, id, sent });
        }
    }

    /// A new leader refills all leases. The engine learns of it within some time, as from its status requests.
    pub(super) fn elect(&mut self) {
        if self.trouble != Some(Disturbance::FrozenLeader) {
            return;
        }
        let now = self.now;
        self.path_since = Some(now);
        self.held.values_mut().for_each(|held| held.deadline = now + Duration::from_secs(held.ttl + 1));
        self.scheduler.start_over(now);
        let lanes: BTreeSet<_> = self.streams.keys().map(|(lane, _)| *lane).collect();
        lanes.into_iter().for_each(|lane| self.scheduler.resend_on_new_path(now, lane));
        self.answer_queries();
    }

    pub(super) fn is_silent(&self) -> bool {
        match self.trouble {
            Some(Disturbance::Hung | Disturbance::Down) => true,
            Some(Disturbance::FrozenLeader) => self.path_since.is_none(),
            _ => false,
        }
    }

    /// No deadline is later than the server's.
    pub(super) fn check_deadlines(&self) {
        for (id, held) in &self.held {
            let known = self.scheduler.slot(*id).and_then(|slot| self.scheduler.status(slot)?.deadline);
            assert!(known.is_none_or(|known| known <= held.deadline), "{id} at {:?}: {known:?} {held:?}", self.now);
        }
    }

    /// No lease is lost while a path existed for a third of its TTL.
    pub(super) fn check_end(&self, id: LeaseId, ended: &Ended) {
        let is_revoked = self.removed.get(&id).is_some_and(|(_, expired)| !expired);
        if is_revoked || matches!(ended, Ended::Forbidden { .. } | Ended::Cancelled) {
            return;
        }
        let ttl = self.ttls[&id];
        let due = self.last_answer[&id] + ttl / 3 + ms(500);
        let had_path = self.had_path(due, self.last_answer[&id] + ttl, ttl);
        assert!(!had_path, "{id} of {ttl:?} was lost with a path to etcd at {:?}: {ended:?}", self.now);
    }
}
