//! Truth that the test knows, against what the polls make of it.

use proptest::prelude::*;

use super::*;
use crate::domain::lints::{Facts, Survey, findings};
use crate::domain::{Header, LeaseId};

const SECOND: u64 = 1_000_000_000;
const MILLI: u64 = 1_000_000;

fn at(nanos: u64) -> Moment {
    Moment::from_nanos(nanos)
}

/// A lease on a server, as it truly is.
struct Truth {
    ttl: u64,
    deadline: u64,
    term: u64,
    renewed: Vec<u64>,
    dice: u64,
}

impl Truth {
    /// Granted at 100 s.
    fn granted(ttl: u64, seed: u64) -> Self {
        Truth { ttl, deadline: (100 + ttl) * SECOND, term: 2, renewed: Vec::new(), dice: seed | 1 }
    }

    fn roll(&mut self, below: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % below.max(1)
    }

    fn renew(&mut self, now: u64) {
        self.deadline = now + self.ttl * SECOND;
        self.renewed.push(now);
    }

    /// A new leader gives everybody the full TTL and a second.
    fn refill(&mut self, now: u64) {
        self.deadline = now + (self.ttl + 1) * SECOND;
        self.term += 1;
    }

    /// What the server says at a moment.
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

    /// A poll that is sent now and takes up to `round_trip`; the server looks somewhere in between. Tells what was
    /// noticed and when the answer came.
    fn poll(&mut self, observed: &mut Observed, sent: u64, round_trip: u64) -> (Noticed, u64) {
        let trip = self.roll(round_trip) + 1;
        let looked = sent + self.roll(trip);
        (observed.hear(&self.answer(looked), at(sent), at(sent + trip)), sent + trip)
    }
}

proptest! {
    /// Whoever renews and refills when: the truth lies within what is shown, and no renewal is invented.
    #[test]
    fn the_truth_lies_within_the_bounds(
        ttl in 2_u64..200,
        seed: u64,
        acts in prop::collection::vec((0_u64..8, 1_u64..4_000), 1..120),
    ) {
        let mut truth = Truth::granted(ttl, seed);
        let mut observed = Observed::default();
        let mut now = 100 * SECOND;
        let mut seen: u64 = 0;
        for (act, wait) in acts {
            now += wait * MILLI + truth.roll(MILLI);
            match act {
                0 | 1 if truth.deadline > now => truth.renew(now),
                2 if truth.roll(4) == 0 => truth.refill(now),
                _ => {
                    let (noticed, then) = truth.poll(&mut observed, now, 80 * MILLI);
                    now = then;
                    prop_assert!(observed.bounds().unwrap().contains(at(truth.deadline)), "{observed:?}");
                    if let Noticed::Renewed(within) = noticed {
                        seen += 1;
                        prop_assert!(truth.renewed.iter().any(|&renewal| within.contains(at(renewal))), "{within:?}");
                    }
                    prop_assert!(noticed != Noticed::Contradiction);
                    let last = observed.renewals().last();
                    prop_assert!(last.is_none_or(|last| truth.renewed.iter().any(|&it| last.contains(at(it)))), "{last:?}");
                }
            }
            prop_assert!(seen <= truth.renewed.len() as u64);
        }
        prop_assert_eq!(observed.renewals().cadence().answers, seen);
    }

    /// A client that renews every third of the TTL, give or take, polled by plan: all is seen and nothing invented.
    #[test]
    fn every_renewal_is_seen(ttl in 10_u64..3_600, seed: u64, round_trip in 1_u64..60) {
        let mut truth = Truth::granted(ttl, seed);
        let mut observed = Observed::default();
        let third = ttl * SECOND / 3;
        // Two renewals within two seconds of each other cannot be told apart from one.
        let mut renews = 102 * SECOND + truth.roll(third);
        let mut now = 100 * SECOND;
        let mut first_poll = None;
        while truth.renewed.len() < 12 {
            let poll = observed.next_poll(at(now)).nanos();
            if renews < poll {
                truth.renew(renews);
                renews += third + truth.roll(500 * MILLI);
                continue;
            }
            let answered = truth.poll(&mut observed, poll, round_trip * MILLI).1;
            first_poll.get_or_insert(poll);
            now = answered;
        }
        // The last one may come after the last poll.
        let sent = observed.next_poll(at(now)).nanos();
        truth.poll(&mut observed, sent, round_trip * MILLI);
        let after_first = truth.renewed.iter().filter(|&&renewal| Some(renewal) > first_poll).count() as u64;
        prop_assert_eq!(observed.renewals().cadence().answers, after_first);
        prop_assert_eq!(observed.renewals().sureness(), Sureness::About);
        let Habit::Steady(rhythm) = observed.habit() else { panic!("{:?}", observed.habit()) };
        let every = rhythm.every.as_secs_f64();
        let third = ttl as f64 / 3.0;
        prop_assert!((third - 0.3..third + 0.8).contains(&every), "{every} of {third}");
    }
}

/// Plays a life by plan until `until`, renewing as told; tells when the last poll was sent.
fn live(truth: &mut Truth, observed: &mut Observed, renewals: &[u64], until: u64, round_trip: u64) -> u64 {
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
        // Whoever is removed while it is asked for is not told of here.
        now = truth.poll(observed, poll, round_trip.min(until - poll)).1;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Expired,
    Revoked,
    RevokedHere,
}

/// One scripted death: what it was, and what it was taken for.
fn die(seed: u64) -> (Kind, Cause) {
    let mut dice = Truth::granted(10, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let ttl = 5 + dice.roll(116);
    let kind = [Kind::Expired, Kind::Expired, Kind::Revoked, Kind::RevokedHere][dice.roll(4) as usize];
    let has_keys = dice.roll(2) == 0;
    let mut truth = Truth::granted(ttl, seed);
    let third = ttl * SECOND / 3;
    let count = dice.roll(6);
    let first = 100 * SECOND + dice.roll(third);
    let renewals: Vec<u64> = (0..count).map(|n| first + n * third + dice.roll(200 * MILLI)).collect();
    let deadline = renewals.last().map_or(truth.deadline, |last| last + ttl * SECOND);
    let removed = match kind {
        // The server looks every half second.
        Kind::Expired => deadline.div_ceil(SECOND / 2) * (SECOND / 2) + dice.roll(30 * MILLI),
        _ => renewals.last().unwrap_or(&(100 * SECOND)) + dice.roll(ttl * SECOND - 1),
    };
    let mut observed = Observed::default();
    let trip = 1 + dice.roll(20);
    let last = live(&mut truth, &mut observed, &renewals, removed, trip * MILLI);
    let missed = observed.next_poll(at(removed)).nanos() + trip * MILLI;
    let listed = removed.div_ceil(SECOND) * SECOND + trip * MILLI;
    let removal = match has_keys {
        true => {
            let told = removed + dice.roll(trip * MILLI);
            Removal { after: at(told - trip * MILLI), by: at(told) }
        }
        false => Removal { after: at(last.max(listed - SECOND - 2 * trip * MILLI)), by: at(missed.min(listed)) },
    };
    let cause = observed.cause_of_death(removal, kind == Kind::RevokedHere);
    if let Cause::Expired(lag) = cause {
        let true_lag = Duration::from_nanos(removed.saturating_sub(deadline));
        assert!(kind != Kind::Expired || lag.least <= true_lag && true_lag <= lag.most, "{lag:?} {true_lag:?}");
    }
    (kind, cause)
}

/// The habit that `minutes` of polls by plan find, of these renewals.
fn habit_of(ttl: u64, renewals: &[u64]) -> Observed {
    observed_until(renewals.last().unwrap() + 3 * SECOND, ttl, renewals)
}

fn observed_until(until: u64, ttl: u64, renewals: &[u64]) -> Observed {
    let mut observed = Observed::default();
    live(&mut Truth::granted(ttl, 3), &mut observed, renewals, until, 5 * MILLI);
    observed
}

fn every(first: u64, period: u64, count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(move |n| 100 * SECOND + (first + n * period) * MILLI)
}

#[test]
fn two_renewers_are_told_from_one() {
    let mut both: Vec<u64> = every(2_000, 10_000, 20).chain(every(5_500, 10_000, 20)).collect();
    both.sort_unstable();
    let Habit::Two(each) = habit_of(30, &both).habit() else { panic!("{:?}", habit_of(30, &both).habit()) };
    assert!((9.7..10.3).contains(&each.as_secs_f64()), "{each:?}");
    let one: Vec<u64> = every(2_000, 10_000, 20).collect();
    assert!(matches!(habit_of(30, &one).habit(), Habit::Steady(_)));
    assert_eq!(habit_of(30, &one[..1]).habit(), Habit::Unknown);
}

#[test]
fn a_client_that_nobody_reads_renews_every_half_second() {
    for ttl in [6, 30, 120] {
        let unread: Vec<u64> = every(500, 500, 4 * ttl).collect();
        let observed = observed_until(*unread.last().unwrap(), ttl, &unread);
        assert_eq!(observed.habit(), Habit::Unread, "TTL {ttl}");
        assert_eq!(observed.renewals().sureness(), Sureness::AtLeast, "TTL {ttl}");
        let healthy: Vec<u64> = every(500, ttl * 1_000 / 3, 12).collect();
        assert!(matches!(habit_of(ttl, &healthy).habit(), Habit::Steady(_)), "TTL {ttl}");
    }
}

#[test]
fn its_own_habit_says_when_it_is_late_and_at_risk() {
    let renewals: Vec<u64> = every(3_000, 10_000, 6).collect();
    let observed = habit_of(30, &renewals);
    let last = at(*renewals.last().unwrap());
    let after = |seconds: f64| last + Duration::from_secs_f64(seconds);
    assert!(!observed.is_late(after(10.5)) && observed.is_late(after(12.5)));
    assert!(!observed.is_at_risk(after(20.0)) && observed.is_at_risk(after(21.8)));
    assert!(!Observed::default().is_late(after(99.0)) && !Observed::default().is_at_risk(after(99.0)));
}

#[test]
fn three_polls_of_a_renewal_tell_it_to_a_quarter_of_a_second() {
    for ttl in [10, 12, 15, 20, 30, 60, 120] {
        let mut errors: Vec<f64> = (1..400).map(|seed| after_three_polls(ttl, seed)).collect();
        errors.sort_by(f64::total_cmp);
        let p99 = errors[errors.len() * 99 / 100];
        assert!(p99 < if ttl < 30 { 0.3 } else { 0.255 }, "TTL {ttl}: {p99}");
    }
}

/// How far from the truth the last renewal is held to be, in seconds.
fn after_three_polls(ttl: u64, seed: u64) -> f64 {
    let (mut truth, mut observed) = (Truth::granted(ttl, seed * 7_919), Observed::default());
    let renewal = 103 * SECOND + truth.roll(ttl * SECOND / 3);
    live(&mut truth, &mut observed, &[renewal], renewal + 1, MILLI);
    truth.renew(renewal);
    let mut now = renewal + 1;
    for _ in 0..3 {
        let sent = observed.next_poll(at(now)).nanos();
        now = truth.poll(&mut observed, sent, MILLI).1;
    }
    let last = observed.renewals().last().expect("it was seen");
    assert!(last.contains(at(renewal)), "TTL {ttl}: {last:?}");
    last.middle().signed_since(at(renewal)).abs()
}

#[test]
fn polls_that_are_too_slow_say_so() {
    let mut observed = Observed::default();
    let mut truth = Truth::granted(60, 1);
    for n in 0..40 {
        truth.renew((100 + n * 20) * SECOND);
        if n % 2 == 1 {
            truth.poll(&mut observed, (100 + n * 20 + 5) * SECOND, MILLI);
        }
    }
    assert_eq!(observed.renewals().sureness(), Sureness::AtLeast);
    assert_eq!(observed.renewals().rhythm().map(|rhythm| rhythm.sureness), Some(Sureness::AtLeast));
    assert!((1..40).contains(&observed.renewals().cadence().answers));
}

#[test]
fn odd_answers_are_named_and_believed_no_more_than_they_deserve() {
    let mut observed = Observed::default();
    let mut truth = Truth::granted(10, 1);
    let mut hear = |answer: &TimeToLive, second: u64| {
        let noticed = observed.hear(answer, at(second * SECOND), at(second * SECOND + MILLI));
        (noticed, observed.bounds())
    };
    let (noticed, known) = hear(&truth.answer(103 * SECOND), 103);
    assert_eq!(noticed, Noticed::Nothing);
    let forever = TimeToLive { ttl: 9_223_372_036, ..truth.answer(104 * SECOND) };
    assert_eq!(hear(&forever, 104), (Noticed::Nonsense, known));
    let unknown = TimeToLive { ttl: -1, granted_ttl: 0, ..truth.answer(104 * SECOND) };
    assert_eq!(hear(&unknown, 104), (Noticed::Missing, known));
    truth.refill(105 * SECOND);
    assert_eq!(hear(&truth.answer(106 * SECOND), 106).0, Noticed::Refilled);
    let full = TimeToLive { ttl: 10, ..truth.answer(108 * SECOND) };
    assert_eq!(hear(&full, 108).0, Noticed::Refilled, "of the same term, and more than any renewal leaves");
    let less = TimeToLive { ttl: 1, ..truth.answer(109 * SECOND) };
    assert_eq!(hear(&less, 109).0, Noticed::Contradiction);
    assert_eq!(hear(&truth.answer(120 * SECOND), 120).0, Noticed::Contradiction);
    assert_eq!(hear(&truth.answer(121 * SECOND), 121).0, Noticed::Dying);
    assert_eq!((observed.refills(), observed.contradictions(), observed.renewals().cadence().answers), (2, 2, 0));
}

#[test]
fn a_refill_is_told_once() {
    let mut observed = Observed::default();
    let mut truth = Truth::granted(60, 1);
    truth.poll(&mut observed, 110 * SECOND, MILLI);
    truth.refill(111 * SECOND);
    // A second more than was granted is left, at first.
    for (millis, expected) in [(100, Noticed::Refilled), (400, Noticed::Nothing), (700, Noticed::Nothing)] {
        assert_eq!(truth.poll(&mut observed, 111 * SECOND + millis * MILLI, MILLI).0, expected);
    }
    assert_eq!((observed.refills(), observed.contradictions()), (1, 0));
}

#[test]
fn a_leak_is_found_by_polls_alone() {
    let mut observed = Observed::default();
    let mut truth = Truth::granted(60, 1);
    let mut now = 100 * SECOND;
    let mut facts = Vec::new();
    while now < 150 * SECOND {
        let sent = observed.next_poll(at(now)).nanos();
        now = truth.poll(&mut observed, sent, MILLI).1;
        facts.push(Facts { keys: Some(0), ..Facts::of(LeaseId(1), &observed) });
    }
    let is_leak = |facts: &Facts| {
        let found = findings(Survey { leases: std::slice::from_ref(facts), now: at(now) });
        found.iter().any(|finding| finding.lint == "leak")
    };
    let first = facts.iter().position(is_leak).expect("nobody renewed it");
    assert!((39..44).contains(&facts[first].watched.as_secs()), "{:?}", facts[first]);
    assert!(facts[first..].iter().all(is_leak));
}

#[test]
fn no_lease_is_asked_oftener_than_four_times_a_second() {
    for ttl in [2, 5, 10, 60, 3_600] {
        let mut truth = Truth::granted(ttl, ttl);
        let mut observed = Observed::default();
        let (mut now, mut last, mut polls) = (100 * SECOND, None, 0);
        while now < truth.deadline {
            let poll = observed.next_poll(at(now)).nanos();
            assert!(last.is_none_or(|last| poll - last >= 250 * MILLI), "TTL {ttl}");
            last = Some(poll);
            polls += 1;
            now = truth.poll(&mut observed, poll, MILLI).1;
        }
        let most = (ttl * 4).min(18 * 5 / 4 + 12);
        assert!((ttl.min(15)..=most + 2).contains(&polls), "TTL {ttl}: {polls} polls");
        let doubt = observed.bounds().unwrap().doubt();
        assert!(ttl < 10 || doubt < Duration::from_millis(60), "TTL {ttl}: {doubt:?}");
    }
}

#[test]
fn a_thousand_deaths_are_told_apart() {
    let mut unknown = 0;
    for seed in 0..1_000 {
        match die(seed) {
            (Kind::Expired, Cause::Expired(_)) | (Kind::Revoked, Cause::Revoked) => {}
            (Kind::RevokedHere, Cause::RevokedHere) => {}
            (_, Cause::Unknown) => unknown += 1,
            (kind, cause) => panic!("seed {seed}: {kind:?} taken for {cause:?}"),
        }
    }
    assert!(unknown <= 20, "{unknown} of 1,000 are unknown");
}

#[test]
fn a_renewal_of_our_own_fixes_the_deadline_and_an_older_answer_does_not_contradict_it() {
    let mut truth = Truth::granted(10, 1);
    let mut observed = Observed::default();
    truth.poll(&mut observed, 100 * SECOND, MILLI);
    let ten = Duration::from_secs(10);
    let fixed = Bounds { earliest: at(113_500 * MILLI), latest: at(113_510 * MILLI) };
    observed.fix(fixed, ten);
    assert_eq!((observed.bounds(), observed.seen_at()), (Some(fixed), Some(at(103_500 * MILLI))));
    // Asked before the renewal was answered, and read before it.
    let (sent, received) = (at(103_505 * MILLI), at(103_520 * MILLI));
    assert_eq!(observed.hear(&truth.answer(103_506 * MILLI), sent, received), Noticed::Nothing);
    assert_eq!(observed.bounds(), Some(fixed));
    truth.renew(103_507 * MILLI);
    let (sent, received) = (at(103_400 * MILLI), at(103_520 * MILLI));
    assert_eq!(observed.hear(&truth.answer(103_508 * MILLI), sent, received), Noticed::Nothing);
    assert_eq!(observed.bounds(), Some(fixed), "it narrows at most");
    // Asked later: what fits takes nothing away from what is known, though somebody else may have renewed it too.
    truth.deadline = 113_505 * MILLI;
    let (noticed, _) = truth.poll(&mut observed, 103_800 * MILLI, MILLI);
    assert_eq!((noticed, observed.bounds()), (Noticed::Nothing, Some(fixed)));
    // Asked later, and less than we were given: a server that stood still.
    truth.deadline = 108 * SECOND;
    let (noticed, _) = truth.poll(&mut observed, 104 * SECOND, MILLI);
    assert_eq!(noticed, Noticed::Contradiction);
    assert_eq!(observed.renewals().cadence().answers, 0, "ours are no other's");
}

#[test]
fn what_is_forgotten_is_known_again_by_the_next_poll() {
    let mut truth = Truth::granted(10, 1);
    let mut observed = Observed::default();
    assert_eq!((observed.seen_at(), observed.pace()), (None, Duration::from_secs(1)));
    truth.poll(&mut observed, 100 * SECOND, MILLI);
    observed.forget();
    assert_eq!((observed.bounds(), observed.seen_at(), observed.is_dying()), (None, None, false));
    truth.deadline = 98 * SECOND;
    truth.poll(&mut observed, 101 * SECOND, MILLI);
    assert!(observed.is_dying() && observed.bounds().is_some());
    assert_eq!(observed.renewals().sureness(), Sureness::AtLeast);
}
