//! How many clients renew a lease, and whether they are late: random renewals, polled by plan, replies in whole seconds.

use super::*;

const TTLS: [u64; 7] = [10, 12, 15, 20, 30, 60, 120];

/// What was ever inferred.
#[derive(Default)]
struct Verdict {
    interleaved: Option<usize>,
    late: bool,
}

fn inferred(ttl: u64, seed: u64, renewals: &[u64]) -> Verdict {
    let mut inferred = Verdict::default();
    let until = renewals.last().unwrap() + SECOND;
    watch(&mut Truth::granted(ttl, seed), &mut LeaseInference::default(), renewals, until, 5 * MILLI, |observed| {
        if let RenewalPattern::Interleaved { count, .. } = observed.pattern() {
            inferred.interleaved = Some(count);
        }
        inferred.late |= observed.late_from().is_some_and(|from| Some(from) <= observed.seen_at());
    });
    inferred
}

impl Truth {
    /// A random number generator.
    fn random(seed: u64) -> Self {
        Truth::granted(10, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Random nanoseconds below a limit that may exceed the range of `roll`.
    fn span(&mut self, below: u64) -> u64 {
        self.roll(below / MILLI) * MILLI
    }
}

/// The first renewals of clients that start at random phases, each at its own interval of about a third of the TTL.
fn interleaved(random: &mut Truth, clients: usize, ttl: u64, renewals: usize) -> Vec<u64> {
    let third = ttl * SECOND / 3;
    let mut all = Vec::new();
    for _ in 0..clients {
        let (first, every) = (100 * SECOND + random.span(third), third + random.span(third / 20));
        all.extend((0..renewals as u64).map(|n| first + n * every + random.roll(30 * MILLI)));
    }
    all.sort_unstable();
    all.truncate(renewals);
    all
}

/// Whether polls can distinguish the clients: polls come every TTL/18, at most 500 ms late, and the intervals differ.
fn are_apart(renewals: &[u64], clients: usize, ttl: u64) -> bool {
    let gaps: Vec<u64> = renewals.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let least = SECOND.max(ttl * SECOND / 18 + SECOND / 2);
    let share = if clients == 2 { 35 } else { 20 };
    let unlike = |gaps: &[u64]| gaps.iter().max().unwrap() - gaps.iter().min().unwrap() > ttl * SECOND * share / 300;
    gaps.iter().all(|gap| *gap >= least) && gaps.windows(clients).all(unlike)
}

/// Returns how often interleaved clients were found within `renewals` renewals, and the number of runs. None may count
/// as late.
fn found(ttl: u64, clients: usize, renewals: usize) -> (usize, usize) {
    let mut of = (0, 0);
    for seed in 0..300 {
        let mut random = Truth::random(seed);
        let times = interleaved(&mut random, clients, ttl, renewals);
        let inferred = inferred(ttl, seed, &times);
        assert!(!inferred.late, "TTL {ttl}, seed {seed}: {times:?}");
        if are_apart(&times, clients, ttl) {
            of = (of.0 + usize::from(inferred.interleaved == Some(clients)), of.1 + 1);
        }
    }
    of
}

#[test]
fn two_renewers_are_found_within_twelve_renewals_and_three_within_sixteen() {
    let sum = |ttls: &[u64], clients, renewals| {
        let all = ttls.iter().map(|ttl| found(*ttl, clients, renewals));
        all.fold((0, 0), |sum, (hits, of)| (sum.0 + hits, sum.1 + of))
    };
    let (hits, of) = sum(&TTLS, 2, 12);
    assert!(of > 150 && hits * 100 >= of * 95, "{hits} of {of}");
    let (hits, of) = sum(&[60, 120], 3, 16);
    assert!(of > 15 && hits * 100 >= of * 95, "{hits} of {of}");
}

#[test]
fn two_renewers_a_second_apart_are_found() {
    for ttl in [10, 12] {
        let third = ttl * SECOND / 3;
        let first = |n: u64| 100 * SECOND + n * third;
        let renewals: Vec<u64> = (1..20).flat_map(|n| [first(n), first(n) + SECOND]).collect();
        let inferred = inferred(ttl, 5, &renewals);
        assert_eq!((inferred.interleaved, inferred.late), (Some(2), false), "TTL {ttl}");
    }
}

/// How a single client renews.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Every third of the TTL.
    Steady,
    /// Up to a quarter sooner or later.
    Jitter,
    /// On a fixed schedule, each time up to a quarter late.
    Drawn,
    /// On the 500 ms grid of a Go client.
    Grid,
    /// Sometimes late after a retry.
    Retry,
    /// Sometimes one renewal more.
    Extra,
    /// Some in quick succession.
    Bursts,
    /// Slower from some time on.
    Slower,
}

const WAYS: [Way; 8] =
    [Way::Steady, Way::Jitter, Way::Drawn, Way::Grid, Way::Retry, Way::Extra, Way::Bursts, Way::Slower];

fn alone(way: Way, random: &mut Truth, ttl: u64) -> Vec<u64> {
    let third = ttl * SECOND / 3;
    let (mut now, mut all) = (100 * SECOND + random.span(third), Vec::new());
    let turn = 5 + random.roll(20);
    for n in 0..40 {
        now += match way {
            Way::Jitter => third * 3 / 4 + random.span(third / 2),
            Way::Grid => third.div_ceil(SECOND / 2) * SECOND / 2 + random.roll(5 * MILLI),
            Way::Retry if random.roll(6) == 0 => third + SECOND / 2 + random.span(SECOND),
            Way::Slower if n >= turn => third * 3 / 2,
            _ => third + random.roll(30 * MILLI),
        };
        all.push(now + if matches!(way, Way::Drawn) { random.span(third / 4) } else { 0 });
        match way {
            Way::Bursts => all.extend((0..random.roll(4)).map(|n| now + (n + 1) * 100 * MILLI)),
            Way::Extra if random.roll(6) == 0 => all.push(now + random.span(third / 3)),
            _ => {}
        }
    }
    all.sort_unstable();
    all
}

#[test]
fn none_of_a_thousand_single_renewers_counts_as_two_and_no_steady_one_as_late() {
    for way in WAYS {
        for seed in 0..150 {
            let mut random = Truth::random(seed);
            let ttl = TTLS[random.roll(TTLS.len() as u64) as usize];
            let inferred = inferred(ttl, seed, &alone(way, &mut random, ttl));
            assert_eq!(inferred.interleaved, None, "{way:?}, TTL {ttl}, seed {seed}");
            let is_steady = matches!(way, Way::Steady | Way::Grid);
            assert!(!(is_steady && inferred.late), "{way:?}, TTL {ttl}, seed {seed}");
        }
    }
}
