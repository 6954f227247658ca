//! A simulated etcd for the scheduler: streams, outages, revokes and expiries as plain data, in virtual time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use etcd_lease::keepalive::{Action, Notice, Scheduler, SlotId, StreamEnd, Timeouts};
use etcd_lease::{Ended, Header, LeaseId, RenewalSchedule, TimeToLive};
use simkit::Timestamp;

/// A small seeded generator (splitmix64).
#[derive(Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Rng(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low)
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A lease in the simulated etcd.
#[derive(Debug)]
struct SimulatedLease {
    ttl: u64,
    deadline: Timestamp,
    forbidden: bool,
}

/// A disturbance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// The server is down: streams break, and none opens.
    Down,
    /// Requests are answered only afterwards.
    Hung,
    /// All streams break once.
    Cut,
    /// The engine itself does not run.
    Stopped,
    /// A new leader gives every lease its full TTL again.
    Refill,
    /// Expired leases are not removed for a while.
    Backlog,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Answer { lane: usize, generation: u32 },
    Broken { lane: usize, generation: u32 },
    AskAnswer { slot: SlotId, id: LeaseId, sent: Timestamp },
    AskTimeout { slot: SlotId, id: LeaseId, sent: Timestamp },
    DisturbanceEnds,
}

/// A server, its streams, and the scheduler under test.
pub(crate) struct Simulation {
    pub(crate) now: Timestamp,
    pub(crate) scheduler: Scheduler,
    held: BTreeMap<LeaseId, SimulatedLease>,
    /// When each lease was removed, and whether it had expired.
    pub(crate) removed: BTreeMap<LeaseId, (Timestamp, bool)>,
    pub(crate) forbidden: BTreeSet<LeaseId>,
    /// Requests in order, and the generation of the stream, by lane.
    lanes: BTreeMap<usize, (u32, VecDeque<LeaseId>)>,
    asked: Vec<(SlotId, LeaseId, Timestamp)>,
    events: BTreeSet<(Timestamp, u64, Event)>,
    order: u64,
    disturbance: Option<Disturbance>,
    latency: Duration,
    pub(crate) ended: BTreeMap<LeaseId, (Timestamp, Ended)>,
    pub(crate) renewals: u64,
    pub(crate) turns: u64,
    pub(crate) sends: u64,
    /// When each lease was granted or renewed last.
    pub(crate) last_answer: BTreeMap<LeaseId, Timestamp>,
    pub(crate) answered_any: BTreeMap<LeaseId, Timestamp>,
}

impl Simulation {
    pub(crate) fn new(pace: RenewalSchedule, latency: Duration) -> Self {
        Simulation {
            now: Timestamp::from_nanos(1),
            scheduler: Scheduler::new(pace, 4, Timeouts::at_speed(1)),
            held: BTreeMap::new(),
            removed: BTreeMap::new(),
            forbidden: BTreeSet::new(),
            lanes: BTreeMap::new(),
            asked: Vec::new(),
            events: BTreeSet::new(),
            order: 0,
            disturbance: None,
            latency,
            ended: BTreeMap::new(),
            renewals: 0,
            turns: 0,
            sends: 0,
            last_answer: BTreeMap::new(),
            answered_any: BTreeMap::new(),
        }
    }

    /// Grants a lease and keeps it alive. `is_granted` says whether the scheduler knows the TTL.
    pub(crate) fn grant(&mut self, id: i64, ttl: u64, is_granted: bool) {
        let id = LeaseId(id);
        self.held.insert(id, SimulatedLease { ttl, deadline: self.now + Duration::from_secs(ttl), forbidden: false });
        self.answered_any.insert(id, self.now);
        self.last_answer.insert(id, self.now);
        if is_granted {
            self.scheduler.grant(self.now, id, i64::try_from(ttl).unwrap(), self.now, None);
        } else {
            self.scheduler.adopt(self.now, id, None);
        }
    }

    pub(crate) fn revoke(&mut self, id: LeaseId) {
        if self.held.remove(&id).is_some() {
            self.removed.insert(id, (self.now, false));
        }
    }

    pub(crate) fn forbid(&mut self, id: LeaseId) {
        if let Some(held) = self.held.get_mut(&id) {
            held.forbidden = true;
            self.forbidden.insert(id);
        }
    }

    pub(crate) fn holds(&self, id: LeaseId) -> bool {
        self.held.contains_key(&id)
    }

    /// Starts a disturbance. There is only one at a time.
    pub(crate) fn start(&mut self, disturbance: Disturbance, lasting: Duration) {
        if self.disturbance.is_some() {
            return;
        }
        match disturbance {
            Disturbance::Down | Disturbance::Cut => self.break_streams(),
            Disturbance::Refill => {
                let now = self.now;
                self.held.values_mut().for_each(|held| held.deadline = now + Duration::from_secs(held.ttl + 1));
                return self.break_streams();
            }
            _ => (),
        }
        if disturbance != Disturbance::Cut {
            self.disturbance = Some(disturbance);
            self.at(self.now + lasting, Event::DisturbanceEnds);
        }
    }

    fn at(&mut self, when: Timestamp, event: Event) {
        self.order += 1;
        self.events.insert((when, self.order, event));
    }

    fn break_streams(&mut self) {
        for (lane, (generation, _)) in std::mem::take(&mut self.lanes) {
            self.at(self.now + ms(1), Event::Broken { lane, generation });
        }
    }

    /// Runs until a time.
    pub(crate) fn run_until(&mut self, end: Timestamp) {
        while self.now < end {
            let event = self.events.first().map(|(when, ..)| *when);
            let wake = self.scheduler.wake_at().filter(|_| self.disturbance != Some(Disturbance::Stopped));
            let next = event.into_iter().chain(wake).chain([end]).min().unwrap();
            self.now = self.now.max(next);
            self.expire();
            while let Some((when, ..)) = self.events.first()
                && *when <= self.now
            {
                let (_, _, event) = self.events.pop_first().unwrap();
                self.happen(event);
            }
            if self.disturbance != Some(Disturbance::Stopped) {
                self.turn();
            }
        }
    }

    /// Removes expired leases. A real etcd does it every 500 ms.
    fn expire(&mut self) {
        if self.disturbance == Some(Disturbance::Backlog) || self.disturbance == Some(Disturbance::Down) {
            return;
        }
        let now = self.now;
        let over: Vec<_> =
            self.held.iter().filter(|(_, held)| held.deadline + ms(300) <= now).map(|(id, _)| *id).collect();
        for id in over {
            self.held.remove(&id);
            self.removed.insert(id, (now, true));
            let blocked: Vec<_> = self.lanes.iter().filter(|(_, (_, line))| line.front() == Some(&id)).collect();
            let blocked: Vec<_> = blocked.into_iter().map(|(lane, (generation, _))| (*lane, *generation)).collect();
            blocked.into_iter().for_each(|(lane, generation)| self.at(now, Event::Answer { lane, generation }));
        }
    }

    fn happen(&mut self, event: Event) {
        // Events during a stop of the engine arrive after it.
        if self.disturbance == Some(Disturbance::Stopped) && event != Event::DisturbanceEnds {
            return self.at(self.now + ms(50), event);
        }
        match event {
            Event::DisturbanceEnds => {
                self.disturbance = None;
                let lanes: Vec<_> = self.lanes.iter().map(|(lane, (generation, _))| (*lane, *generation)).collect();
                lanes.into_iter().for_each(|(lane, generation)| self.at(self.now, Event::Answer { lane, generation }));
                for (slot, id, sent) in std::mem::take(&mut self.asked) {
                    self.at(self.now + self.latency, Event::AskAnswer { slot, id, sent });
                }
            }
            Event::Broken { lane, generation } => {
                self.scheduler.stream_ended(self.now, lane, generation, StreamEnd::Broken("cut".to_owned()));
            }
            Event::Answer { lane, generation } => self.serve(lane, generation),
            Event::AskAnswer { slot, id, sent } => {
                let answer = self.time_to_live(id);
                self.answered_any.insert(id, self.now);
                self.scheduler.on_ttl_reply(self.now, slot, id, sent, Ok(&answer));
            }
            Event::AskTimeout { slot, id, sent } => {
                if let Some(index) = self.asked.iter().position(|asked| *asked == (slot, id, sent)) {
                    self.asked.swap_remove(index);
                    self.scheduler.on_ttl_reply(self.now, slot, id, sent, Err("no answer".to_owned()));
                }
            }
        }
    }

    fn is_silent(&self) -> bool {
        matches!(self.disturbance, Some(Disturbance::Hung | Disturbance::Down))
    }

    /// Serves the first request of a stream.
    fn serve(&mut self, lane: usize, generation: u32) {
        if self.is_silent() {
            return;
        }
        let Some((of, line)) = self.lanes.get_mut(&lane).filter(|(of, _)| *of == generation) else { return };
        let (of, Some(&id)) = (*of, line.front()) else { return };
        let now = self.now;
        match self.held.get_mut(&id) {
            Some(held) if held.deadline <= now => return, // it blocks until the lease is removed
            Some(held) if held.forbidden => {
                self.lanes.remove(&lane);
                return self.scheduler.stream_ended(
                    now,
                    lane,
                    of,
                    StreamEnd::Forbidden("permission denied".to_owned()),
                );
            }
            Some(held) => {
                held.deadline = now + Duration::from_secs(held.ttl);
                self.last_answer.insert(id, now);
                self.renewals += 1;
            }
            None => (),
        }
        let ttl = self.held.get(&id).map_or(0, |held| i64::try_from(held.ttl).unwrap());
        self.answered_any.insert(id, now);
        if let Some((_, line)) = self.lanes.get_mut(&lane) {
            line.pop_front();
            if !line.is_empty() {
                self.at(now + ms(1), Event::Answer { lane, generation });
            }
        }
        self.scheduler.on_renewal_reply(now, lane, of, id, ttl, 1);
    }

    fn time_to_live(&self, id: LeaseId) -> TimeToLive {
        let (ttl, granted_ttl) = self.held.get(&id).map_or((-1, 0), |held| {
            let left = held.deadline.signed_since(self.now);
            #[expect(clippy::cast_possible_truncation, reason = "truncating toward zero is what etcd does")]
            (left as i64, i64::try_from(held.ttl).unwrap())
        });
        TimeToLive { id, ttl, granted_ttl, keys: Vec::new(), header: Header::default() }
    }

    fn turn(&mut self) {
        self.turns += 1;
        let output = self.scheduler.turn(self.now);
        for act in output.actions {
            self.act(act);
        }
        for (_, id, notice) in output.notices {
            if let Notice::Ended(last) = notice {
                let before = self.ended.insert(id, (self.now, last.ended.unwrap()));
                assert_eq!(before, None, "{id} ends once");
            }
        }
    }

    fn act(&mut self, act: Action) {
        match act {
            Action::Open { lane, generation } => {
                if self.disturbance == Some(Disturbance::Down) {
                    self.at(self.now + ms(1), Event::Broken { lane, generation });
                } else {
                    self.lanes.insert(lane, (generation, VecDeque::new()));
                }
            }
            Action::Close { lane } => {
                self.lanes.remove(&lane);
            }
            Action::Send { lane, id } => self.send(lane, id),
            Action::QueryTtl { slot, id } => {
                let sent = self.now;
                if self.is_silent() {
                    self.asked.push((slot, id, sent));
                    self.at(sent + ms(1_000), Event::AskTimeout { slot, id, sent });
                } else {
                    self.at(sent + self.latency, Event::AskAnswer { slot, id, sent });
                }
            }
        }
    }

    fn send(&mut self, lane: usize, id: LeaseId) {
        self.sends += 1;
        let elsewhere = self.lanes.values().any(|(_, line)| line.contains(&id));
        assert!(!elsewhere, "{id} is in flight twice");
        let at = self.now + self.latency;
        if let Some((generation, line)) = self.lanes.get_mut(&lane) {
            line.push_back(id);
            let generation = *generation;
            if line.len() == 1 {
                self.at(at, Event::Answer { lane, generation });
            }
        }
    }
}
