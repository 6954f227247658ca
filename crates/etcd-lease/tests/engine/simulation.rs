//! A simulated etcd for the scheduler alone: streams, outages, revokes and expiries as plain data, in virtual time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use etcd_lease::keepalive::{Action, Notice, Scheduler, SlotId, StreamEnd, Timeouts};
use etcd_lease::wire::{CallError, ErrorCause};
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

/// How many random cases a test runs: `usual`, or what `LEASETOP_CASES` says (tests/measure seeds).
pub(crate) fn cases(usual: u64) -> u64 {
    std::env::var("LEASETOP_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A lease on the server.
#[derive(Debug)]
struct SimulatedLease {
    ttl: u64,
    deadline: Timestamp,
    forbidden: bool,
}

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
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Answer { lane: usize, generation: u32 },
    Broken { lane: usize, generation: u32 },
    AskAnswer { slot: SlotId, id: LeaseId, sent: Timestamp },
    AskTimeout { slot: SlotId, id: LeaseId, sent: Timestamp },
    TroubleEnds,
}

/// A server, its streams, and the scheduler under test.
pub(crate) struct Simulation {
    pub(crate) now: Timestamp,
    pub(crate) scheduler: Scheduler,
    held: BTreeMap<LeaseId, SimulatedLease>,
    /// When each lease was removed, and whether because it had expired.
    pub(crate) removed: BTreeMap<LeaseId, (Timestamp, bool)>,
    pub(crate) forbidden: BTreeSet<LeaseId>,
    /// The requests waiting on each stream, with the generation of the stream.
    lanes: BTreeMap<usize, (u32, VecDeque<LeaseId>)>,
    asked: Vec<(SlotId, LeaseId, Timestamp)>,
    events: BTreeSet<(Timestamp, u64, Event)>,
    order: u64,
    trouble: Option<Disturbance>,
    latency: Duration,
    pub(crate) ended: BTreeMap<LeaseId, (Timestamp, Ended)>,
    pub(crate) renewals: u64,
    pub(crate) turns: u64,
    pub(crate) sends: u64,
    /// When the TTL of each lease last restarted: at its grant or a renewal.
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
            trouble: None,
            latency,
            ended: BTreeMap::new(),
            renewals: 0,
            turns: 0,
            sends: 0,
            last_answer: BTreeMap::new(),
            answered_any: BTreeMap::new(),
        }
    }

    /// Grants a lease and keeps it alive, as its granter or as an adopter.
    pub(crate) fn grant(&mut self, id: i64, ttl: u64, reported: bool) {
        let id = LeaseId(id);
        self.held.insert(id, SimulatedLease { ttl, deadline: self.now + Duration::from_secs(ttl), forbidden: false });
        self.answered_any.insert(id, self.now);
        self.last_answer.insert(id, self.now);
        if reported {
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
        if trouble != Disturbance::Cut {
            self.trouble = Some(trouble);
            self.at(self.now + lasting, Event::TroubleEnds);
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

    /// Runs until `end`.
    pub(crate) fn run_until(&mut self, end: Timestamp) {
        while self.now < end {
            let event = self.events.first().map(|(when, ..)| *when);
            let wake = self.scheduler.wake_at().filter(|_| self.trouble != Some(Disturbance::Stopped));
            let next = event.into_iter().chain(wake).chain([end]).min().unwrap();
            self.now = self.now.max(next);
            self.expire();
            while let Some((when, ..)) = self.events.first()
                && *when <= self.now
            {
                let (_, _, event) = self.events.pop_first().unwrap();
                self.happen(event);
            }
            if self.trouble != Some(Disturbance::Stopped) {
                self.turn();
            }
        }
    }

    /// Removes expired leases. etcd does so every 500 ms; here it happens whenever time advances.
    fn expire(&mut self) {
        if self.trouble == Some(Disturbance::Backlog) || self.trouble == Some(Disturbance::Down) {
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
        // Replies that arrive while the engine is stopped are processed when it resumes.
        if self.trouble == Some(Disturbance::Stopped) && event != Event::TroubleEnds {
            return self.at(self.now + ms(50), event);
        }
        match event {
            Event::TroubleEnds => {
                self.trouble = None;
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
                    let error = CallError::new(ErrorCause::NoReply, "read the TTL", "m0", "no reply in time");
                    self.scheduler.on_ttl_reply(self.now, slot, id, sent, Err(error));
                }
            }
        }
    }

    fn is_silent(&self) -> bool {
        matches!(self.trouble, Some(Disturbance::Hung | Disturbance::Down))
    }

    /// Answers the first request of a stream; streams are strictly in order.
    fn serve(&mut self, lane: usize, generation: u32) {
        if self.is_silent() {
            return;
        }
        let Some((of, line)) = self.lanes.get_mut(&lane).filter(|(of, _)| *of == generation) else { return };
        let (of, Some(&id)) = (*of, line.front()) else { return };
        let now = self.now;
        match self.held.get_mut(&id) {
            Some(held) if held.deadline <= now => return, // blocks until it is removed
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
                if self.trouble == Some(Disturbance::Down) {
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
