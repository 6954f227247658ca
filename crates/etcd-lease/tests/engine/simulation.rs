//! A simulated etcd for the scheduler alone: streams, outages, revokes and expiries as plain data, in virtual time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use etcd_lease::keepalive::{Action, Notice, Scheduler, SlotId, StreamEnd, Timeouts};
use etcd_lease::wire::{CallError, ErrorCause};
use etcd_lease::{Ended, Header, LeaseId, RenewalSchedule, TimeToLive};
use simkit::Timestamp;

pub(crate) use self::outages::Disturbance;
use crate::random::ms;

mod outages;

/// A lease on the server.
#[derive(Debug)]
struct SimulatedLease {
    ttl: u64,
    deadline: Timestamp,
    forbidden: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Answer { lane: usize, generation: u32 },
    Broken { lane: usize, generation: u32 },
    Elected,
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
    ttls: BTreeMap<LeaseId, Duration>,
    /// The requests waiting on each stream, by its lane and generation.
    streams: BTreeMap<(usize, u32), VecDeque<LeaseId>>,
    /// The streams that get no reply.
    dead: BTreeSet<(usize, u32)>,
    /// Since when a new stream would get replies.
    path_since: Option<Timestamp>,
    /// The times, long enough to matter, in which a new stream would have got replies.
    paths: Vec<(Timestamp, Timestamp)>,
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
            ttls: BTreeMap::new(),
            streams: BTreeMap::new(),
            dead: BTreeSet::new(),
            path_since: Some(Timestamp::START),
            paths: Vec::new(),
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
        self.ttls.insert(id, Duration::from_secs(ttl));
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

    fn at(&mut self, when: Timestamp, event: Event) {
        self.order += 1;
        self.events.insert((when, self.order, event));
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
        let is_frozen = self.trouble == Some(Disturbance::FrozenLeader) && self.path_since.is_none();
        if is_frozen || matches!(self.trouble, Some(Disturbance::Backlog | Disturbance::Down)) {
            return;
        }
        let now = self.now;
        let over: Vec<_> =
            self.held.iter().filter(|(_, held)| held.deadline + ms(300) <= now).map(|(id, _)| *id).collect();
        for id in over {
            self.held.remove(&id);
            self.removed.insert(id, (now, true));
            let blocked = self.streams.iter().filter(|(_, line)| line.front() == Some(&id));
            let blocked: Vec<_> = blocked.map(|(stream, _)| *stream).collect();
            blocked.into_iter().for_each(|(lane, generation)| self.at(now, Event::Answer { lane, generation }));
        }
    }

    fn happen(&mut self, event: Event) {
        // Replies that arrive while the engine is stopped are processed when it resumes.
        if self.trouble == Some(Disturbance::Stopped) && event != Event::TroubleEnds {
            return self.at(self.now + ms(50), event);
        }
        match event {
            Event::TroubleEnds => self.end_trouble(),
            Event::Elected => self.elect(),
            Event::Broken { lane, generation } => {
                self.scheduler.stream_ended(self.now, lane, generation, StreamEnd::Broken("cut".to_owned()));
            }
            Event::Answer { lane, generation } => self.serve(lane, generation),
            Event::AskAnswer { slot, id, sent } => {
                let answer = self.time_to_live(id);
                self.note_answer(id);
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

    /// Answers the first request of a stream; streams are strictly in order.
    fn serve(&mut self, lane: usize, generation: u32) {
        let stream = (lane, generation);
        if self.is_silent() || self.dead.contains(&stream) {
            return;
        }
        let Some(&id) = self.streams.get(&stream).and_then(VecDeque::front) else { return };
        let now = self.now;
        match self.held.get_mut(&id) {
            Some(held) if held.deadline <= now => return, // blocks until it is removed
            Some(held) if held.forbidden => {
                self.streams.remove(&stream);
                let end = StreamEnd::Forbidden("permission denied".to_owned());
                return self.scheduler.stream_ended(now, lane, generation, end);
            }
            Some(held) => {
                held.deadline = now + Duration::from_secs(held.ttl);
                self.last_answer.insert(id, now);
                self.renewals += 1;
            }
            None => (),
        }
        let ttl = self.held.get(&id).map_or(0, |held| i64::try_from(held.ttl).unwrap());
        self.note_answer(id);
        if let Some(line) = self.streams.get_mut(&stream) {
            line.pop_front();
            if !line.is_empty() {
                self.at(now + ms(1), Event::Answer { lane, generation });
            }
        }
        self.scheduler.on_renewal_reply(now, lane, generation, id, ttl, 1);
    }

    /// The engine gets an answer about a lease, unless it has given it up.
    fn note_answer(&mut self, id: LeaseId) {
        if !self.ended.contains_key(&id) {
            self.answered_any.insert(id, self.now);
        }
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
        self.check_deadlines();
        let output = self.scheduler.turn(self.now);
        for act in output.actions {
            self.act(act);
        }
        for (_, id, notice) in output.notices {
            if let Notice::Ended(reason, _) = notice {
                self.check_end(id, &reason);
                let before = self.ended.insert(id, (self.now, reason));
                assert_eq!(before, None, "{id} ends once");
            }
        }
    }

    fn act(&mut self, act: Action) {
        match act {
            Action::Open { lane, generation, unanswered } => {
                if self.trouble == Some(Disturbance::Down) {
                    return self.at(self.now + ms(1), Event::Broken { lane, generation });
                }
                self.streams.insert((lane, generation), VecDeque::new());
                let is_same_connection = self.trouble == Some(Disturbance::DeadConnections) && unanswered == 0;
                if self.is_silent() && self.trouble == Some(Disturbance::FrozenLeader) || is_same_connection {
                    self.dead.insert((lane, generation));
                }
            }
            Action::Close { lane, generation } => {
                self.streams.remove(&(lane, generation));
                self.dead.remove(&(lane, generation));
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
        let at = self.now + self.latency;
        let Some((&(_, generation), line)) = self.streams.range_mut((lane, 0)..=(lane, u32::MAX)).next_back() else {
            return;
        };
        assert!(!line.contains(&id), "{id} is in flight twice on a stream");
        line.push_back(id);
        if line.len() == 1 {
            self.at(at, Event::Answer { lane, generation });
        }
        let copies = self.streams.values().filter(|line| line.contains(&id)).count();
        assert!(copies <= 2 * self.scheduler.lanes(), "{id} is in flight {copies} times");
    }
}
