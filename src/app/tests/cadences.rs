//! The cadences of common clients: a healthy one is never late and has no warning, and one that stops is late before its
//! lease ends.

use super::*;

/// Seconds from the request to the reply of a poll. The server reads the time left in the middle.
const ROUND_TRIP: f64 = 0.003;

/// A lease with the times of its grant and renewals, in seconds.
pub(super) struct Client {
    ttl: u32,
    granted: f64,
    pub(super) renewals: Vec<f64>,
}

impl Client {
    pub(super) fn new(ttl: u32, renewals: Vec<f64>) -> Self {
        Client { ttl, granted: 0.7, renewals }
    }

    /// Renewals after each of these intervals in turn, the last one repeated until `until`.
    pub(super) fn after(ttl: u32, intervals: &[f64], until: f64) -> Self {
        let mut renewals = Vec::new();
        let (mut last, mut intervals) = (0.7, intervals.iter().copied().peekable());
        while let Some(interval) = intervals.next() {
            let is_last = intervals.peek().is_none();
            loop {
                last += interval;
                renewals.push(last);
                if !is_last || last + interval > until {
                    break;
                }
            }
        }
        Client::new(ttl, renewals)
    }

    /// Each renewal up to 60 ms later, as on a busy network, and the polls at another phase.
    fn jittered(mut self, seed: u64) -> Self {
        let mut random = seed;
        for renewal in &mut self.renewals {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *renewal += (random >> 33) as f64 / f64::from(1_u32 << 31) * 0.06;
        }
        self.granted -= (seed % 4) as f64 * 0.17;
        self
    }

    pub(super) fn last_renewed(&self, now: f64) -> f64 {
        let count = self.renewals.partition_point(|renewal| *renewal <= now);
        count.checked_sub(1).map_or(self.granted, |last| self.renewals[last])
    }

    /// The end of the lease if nobody renews it after the last one.
    pub(super) fn end(&self) -> f64 {
        self.last_renewed(f64::MAX) + f64::from(self.ttl)
    }
}

impl Story {
    fn seconds(&self) -> f64 {
        self.now.since_start().as_secs_f64()
    }

    /// Polls these leases as planned until `until`. Their ids are 1, 2 and so on.
    pub(super) fn watch(&mut self, clients: &[Client], until: f64, mut look: impl FnMut(&Story)) {
        loop {
            let dues = (1..).zip(clients).filter_map(|(id, client)| self.next_message(id, client));
            let Some((due, id)) = dues.min_by(|a, b| a.0.total_cmp(&b.0)) else { break };
            if due >= until {
                break;
            }
            self.now = at(due).max(self.now);
            self.act(id, &clients[id as usize - 1]);
            look(self);
        }
        self.now = at(until);
    }

    fn next_message(&self, id: i64, client: &Client) -> Option<(f64, i64)> {
        match self.app.leases.get(LeaseId(id)) {
            None => Some((client.granted, id)),
            Some(lease) if lease.end.is_some() => None,
            Some(lease) => Some((lease.poll.due.since_start().as_secs_f64(), id)),
        }
    }

    fn act(&mut self, id: i64, client: &Client) {
        if self.app.leases.get(LeaseId(id)).is_none() {
            self.list(&[id], &[]);
            return;
        }
        self.send(Msg::Tick);
        let (sent, looked) = (self.now, self.seconds() + ROUND_TRIP / 2.0);
        let left = client.last_renewed(looked) + f64::from(client.ttl) - looked;
        self.wait(ROUND_TRIP);
        if left < 0.0 {
            self.list(&[], &[id]);
            return;
        }
        let header = Header { raft_term: 4, ..Header::default() };
        let keys = vec![format!("/svc/{id}").into_bytes()];
        let answer = TimeToLive { id: LeaseId(id), ttl: left as i64, granted_ttl: client.ttl.into(), keys, header };
        self.send(Msg::Polled { sent, received: self.now, answer, has_keys: true });
    }

    /// Events that say that something is wrong, and warnings.
    pub(super) fn complaints(&self) -> Vec<String> {
        let events = self.app.events.lines().filter(|event| matches!(event.name(), EventName::Late | EventName::Risk));
        let warnings = self.app.leases.values().flat_map(|lease| lease.active_warnings().map(str::to_owned));
        events.map(|event| format!("{:?} {:?} {}", event.at, event.lease, event.text())).chain(warnings).collect()
    }

    pub(super) fn alarms(&self) -> Vec<&Event> {
        let is_alarm = |event: &&Event| matches!(event.name(), EventName::Late | EventName::Risk);
        self.app.events.lines().filter(is_alarm).collect()
    }

    fn every(&self, id: i64) -> f64 {
        self.others_lease(id).others_usual_interval().expect("it was renewed twice").every.as_secs_f64()
    }
}

/// The clients by name, and the interval that leasetop shows in the end.
fn healthy(until: f64) -> Vec<(&'static str, Client, f64)> {
    let steady = |ttl: u32, every: f64| Client::after(ttl, &[0.02, every], until);
    let patroni = [0.3, 1.1, 0.6, 2.2, 1.4, 10.0];
    let mut failover = vec![10.0; 12];
    failover.extend([0.4, 1.2, 3.0, 0.8, 2.1, 10.0]);
    vec![
        ("Go clientv3", steady(10, 3.5), 3.5),
        ("Go clientv3 60 s", steady(60, 20.0), 20.0),
        ("Node etcd3", steady(10, 10.0 / 3.0), 3.333),
        ("Node etcd3 30 s", steady(30, 10.0), 10.0),
        ("etcd3-py", Client::after(15, &[5.0], until), 5.0),
        ("tooz", Client::after(30, &[15.0], until), 15.0),
        ("tooz 10 s", Client::after(10, &[5.0], until), 5.0),
        ("lablup", Client::after(30, &[3.0], until), 3.0),
        ("lablup 60 s", Client::after(60, &[6.0], until), 6.0),
        ("Patroni", Client::after(30, &patroni, until), 10.0),
        ("Patroni failover", Client::after(30, &failover, until), 10.0),
    ]
}

#[test]
fn ten_minutes_of_a_healthy_client_are_quiet_and_its_end_is_not() {
    let runs = (0..u64::from(cases(2))).flat_map(|seed| healthy(600.0).into_iter().map(move |run| (seed, run)));
    for (seed, (name, client, every)) in runs {
        let mut story = Story::start(AppConfig::default());
        let client = client.jittered(seed);
        let last = client.last_renewed(600.0);
        let clients = [client];
        story.watch(&clients, last + 0.5, |_| ());
        assert_eq!(story.complaints(), [] as [&str; 0], "{name}");
        assert!((story.every(1) - every).abs() < 0.1, "{name}: {}", story.every(1));
        story.watch(&clients, clients[0].end() - 0.01, |_| ());
        alarms_before_the_end(name, &story, last, clients[0].end());
    }
}

/// Each alarm comes once, before the end, and its figures are as of its time.
fn alarms_before_the_end(name: &str, story: &Story, last: f64, end: f64) {
    let alarms = story.alarms();
    let names: Vec<EventName> = alarms.iter().map(|event| event.name()).collect();
    assert_eq!(names, [EventName::Late, EventName::Risk], "{name}: {:?}", story.complaints());
    for event in alarms {
        let when = event.at.since_start().as_secs_f64();
        assert!(when > last && when < end && event.seen_at < at(end), "{name}: {event:?}, {last} to {end}");
        match event.kind {
            EventKind::Late { interval: Some(interval), .. } => {
                assert!((when - last - interval.as_secs_f64()).abs() < 0.5, "{name}: {event:?}, {last} to {end}");
            }
            EventKind::Risk { left, .. } => {
                assert!((end - when - left.as_secs_f64()).abs() < 0.5, "{name}: {event:?}, {last} to {end}");
            }
            _ => unreachable!(),
        }
    }
}

#[test]
fn a_new_lease_every_10_s_is_never_late() {
    let clients: Vec<Client> =
        (0..60).map(|n| Client { granted: 0.7 + 10.0 * f64::from(n), ..Client::new(15, Vec::new()) }).collect();
    let mut story = Story::start(AppConfig::default());
    story.watch(&clients, 600.0, |_| ());
    assert_eq!(story.alarms(), [] as [&Event; 0]);
}

/// Every poll shows the current interval, also just after a burst.
#[test]
fn a_burst_does_not_set_the_usual_interval() {
    for (name, client, _) in healthy(300.0).into_iter().filter(|(name, ..)| name.starts_with("Patroni")) {
        let mut story = Story::start(AppConfig::default());
        let steady_from = client.renewals[5] + 5.0;
        story.watch(&[client], 300.0, |story| {
            if story.seconds() > steady_from {
                assert!((9.7..10.3).contains(&story.every(1)), "{name}: {} at {:?}", story.every(1), story.now);
            }
        });
    }
}

#[test]
fn a_regular_client_is_late_soon_although_its_intervals_cover_less_than_the_ttl() {
    for (ttl, every, count) in [(30, 3.0, 9), (60, 4.0, 8), (40, 5.0, 7)] {
        let client = Client::after(ttl, &[every], 0.7 + every * f64::from(count) + 0.1);
        let (last, end) = (client.last_renewed(f64::MAX), client.end());
        assert_eq!(client.renewals.len(), count as usize);
        let mut story = Story::start(AppConfig::default());
        story.watch(&[client], end - 0.01, |_| ());
        alarms_before_the_end("regular", &story, last, end);
        let late = story.alarms()[0].at.since_start().as_secs_f64() - last;
        assert!(late < every * 1.1 + 1.3, "{ttl} {every}: {late}");
    }
}

#[test]
fn a_stall_does_not_hide_the_next_one() {
    for (ttl, every) in [(30, 10.0), (60, 20.0), (30, 3.0), (40, 13.5), (20, 2.0)] {
        let mut intervals = vec![every; 12];
        intervals.push(every + 6.0);
        intervals.extend([every; 4]);
        intervals.push(every + 16.0);
        let client = Client::after(ttl, &[intervals.as_slice(), &[every]].concat(), 400.0);
        let mut story = Story::start(AppConfig::default());
        let (first, second) = (client.renewals[11], client.renewals[16]);
        story.watch(&[client], 400.0, |_| ());
        let late: Vec<f64> = story
            .alarms()
            .iter()
            .filter(|event| event.name() == EventName::Late)
            .map(|event| event.at.since_start().as_secs_f64())
            .collect();
        assert_eq!(late.len(), 2, "{ttl} {every}: {:?}", story.complaints());
        let usual = every * 1.1 + 1.3;
        assert!(late[0] > first && late[0] < first + usual && late[1] > second && late[1] < second + usual, "{late:?}");
        assert!((story.every(1) - every).abs() < 0.2, "{}", story.every(1));
    }
}

#[test]
fn a_steady_client_that_renews_late_is_ok_and_has_one_warning() {
    for (ttl, every) in [(10, 20.0 / 3.0), (10, 7.0), (10, 8.0), (30, 20.0), (30, 24.0), (60, 50.0), (15, 12.0)] {
        let client = Client::after(ttl, &[every], 300.0);
        let last = client.last_renewed(300.0);
        let clients = [client];
        let mut story = Story::start(AppConfig::default());
        story.watch(&clients, last + 0.5, |_| ());
        assert_eq!((story.state(1), story.complaints()), ("ok", vec!["thin-margin".to_owned()]), "{ttl} {every}");
        story.watch(&clients, clients[0].end() - 0.01, |_| ());
        alarms_before_the_end(&format!("{ttl} {every}"), &story, last, clients[0].end());
    }
}

#[test]
fn a_lease_that_was_renewed_once_or_twice_is_late_by_its_ttl() {
    for intervals in [&[3.5][..], &[0.01], &[3.5, 3.5], &[0.01, 3.5], &[0.01, 10.0]] {
        for ttl in [10, 30, 60] {
            if intervals.iter().any(|interval| *interval >= f64::from(ttl)) {
                continue;
            }
            let client = Client::after(ttl, intervals, 0.0);
            let (last, end) = (client.last_renewed(f64::MAX), client.end());
            let clients = [client];
            let mut story = Story::start(AppConfig::default());
            story.watch(&clients, end - 0.01, |_| ());
            if intervals == [0.01] && story.alarms().is_empty() {
                // No poll came between the grant and the renewal.
                continue;
            }
            alarms_before_the_end(&format!("{ttl} {intervals:?}"), &story, last, end);
            let late = story.alarms()[0].at.since_start().as_secs_f64() - last;
            let share = late / f64::from(ttl);
            assert!((0.6..0.8).contains(&share), "{ttl} {intervals:?}: {share}");
        }
    }
}
