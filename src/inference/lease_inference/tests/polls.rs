//! When a lease is polled, and how precise the result is.

use super::*;

#[test]
fn three_polls_time_a_renewal_to_a_fifth_of_a_second() {
    for ttl in [10, 12, 15, 20, 30, 60, 120] {
        let mut errors: Vec<f64> = (1..400).map(|seed| after_three_polls(ttl, seed)).collect();
        errors.sort_by(f64::total_cmp);
        let p99 = errors[errors.len() * 99 / 100];
        assert!(p99 < 0.2, "TTL {ttl}: {p99}");
    }
}

/// The error of the time of the last renewal, in seconds.
fn after_three_polls(ttl: u64, seed: u64) -> f64 {
    let (mut truth, mut observed) = (Truth::granted(ttl, seed * 7_919), LeaseInference::default());
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
fn no_lease_is_polled_more_than_four_times_a_second() {
    for ttl in [2, 5, 10, 60, 3_600] {
        let mut truth = Truth::granted(ttl, ttl);
        let mut observed = LeaseInference::default();
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
        let half_width = observed.bounds().unwrap().half_width();
        assert!(ttl < 10 || half_width < Duration::from_millis(60), "TTL {ttl}: {half_width:?}");
    }
}
