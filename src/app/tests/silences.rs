//! How soon a client that stops is late, and that clients with jitter are not.

use super::cadences::Client;
use super::*;

/// A random number from 0 to 1.
fn roll(random: &mut u64) -> f64 {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*random >> 33) as f64 / f64::from(1_u32 << 31)
}

/// Renewals at this interval, each up to `jitter` of it earlier or later than the last one suggests.
fn jittery(ttl: u32, every: f64, jitter: f64, until: f64, seed: u64) -> Client {
    let (mut random, mut now, mut renewals) = (seed, 0.7, Vec::new());
    while now < until {
        now += every * (1.0 + jitter * (roll(&mut random) * 2.0 - 1.0));
        renewals.push(now);
    }
    Client::new(ttl, renewals)
}

/// Seconds from the last renewal to `late`, for a client that stops after this number of renewals.
fn silence(client: Client) -> f64 {
    let (last, end) = (client.last_renewed(f64::MAX), client.end());
    let mut story = Story::start(AppConfig::default());
    story.watch(&[client], end - 0.01, |_| ());
    let late = story.alarms().first().map(|event| event.at.since_start().as_secs_f64());
    late.expect("it is late before its end") - last
}

#[test]
fn a_client_that_renews_often_is_late_after_several_intervals() {
    for (ttl, every) in [(30, 2.0), (30, 2.5), (60, 4.0), (60, 3.4), (20, 2.0), (40, 3.0)] {
        for (count, jitter) in (12..24).flat_map(|count| [(count, 0.0), (count, 0.1), (count, 0.3)]) {
            for seed in 0..u64::from(cases(2)) {
                let client = jittery(ttl, every, jitter, 0.7 + every * f64::from(count), seed);
                let late = silence(client);
                // Before its intervals cover most of the TTL, it could be the burst of a client that renews at TTL/3.
                let covers = every * f64::from(count) * (1.0 - jitter) > f64::from(ttl) + every;
                let most = if covers {
                    every * 3.0 + 2.0
                } else {
                    every.mul_add(6.6, 2.0).max(f64::from(ttl) / 3.0 * 1.1 + 1.5)
                };
                assert!(late < most, "{ttl} {every} {jitter} {count} {seed}: {late}, not {most}");
            }
        }
    }
}

#[test]
fn a_client_with_jitter_is_never_late() {
    let clients = [
        (10, 3.5, 0.1),
        (10, 3.5, 0.3),
        (12, 3.0, 0.1),
        (15, 7.5, 0.07),
        (20, 2.0, 0.15),
        (30, 2.0, 0.15),
        (30, 10.0, 0.07),
        (40, 3.0, 0.1),
        (60, 6.0, 0.08),
        (60, 20.0, 0.05),
    ];
    for (ttl, every, jitter) in clients {
        for seed in 0..u64::from(cases(8)) {
            let mut story = Story::start(AppConfig::default());
            story.watch(&[jittery(ttl, every, jitter, 700.0, seed)], 600.0, |_| ());
            let alarms: Vec<String> = story.alarms().iter().map(|event| event.text()).collect();
            assert_eq!(alarms, [""; 0], "{ttl} {every} {jitter} {seed}");
        }
    }
}

/// A stall is late, also the second and the third.
#[test]
fn stalls_close_to_each_other_are_all_late() {
    for (ttl, every, stall) in [(30, 10.0, 18.0), (60, 20.0, 36.0), (20, 3.5, 9.0), (30, 3.0, 8.0)] {
        for between in 1..9 {
            let mut intervals = vec![every; 14];
            for _ in 0..2 {
                intervals.push(stall);
                intervals.extend(vec![every; between]);
            }
            intervals.push(every);
            let client = Client::after(ttl, &intervals, 0.0);
            let until = client.last_renewed(f64::MAX);
            let stalls = [client.renewals[13], client.renewals[14 + between]];
            let mut story = Story::start(AppConfig::default());
            story.watch(&[client], until, |_| ());
            let is_late = |event: &&&Event| event.name() == EventName::Late;
            let late: Vec<f64> =
                story.alarms().iter().filter(is_late).map(|event| event.at.since_start().as_secs_f64()).collect();
            let usual = every * 1.1 + 1.3;
            let expected = stalls.map(|from| late.iter().any(|at| (from..from + usual).contains(at)));
            assert_eq!((expected, late.len()), ([true; 2], 2), "{ttl} {every} {between}: {late:?}, {stalls:?}");
        }
    }
}
