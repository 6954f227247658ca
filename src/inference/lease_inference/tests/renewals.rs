//! What polls infer from renewals at any time.

use proptest::prelude::*;

use super::*;

proptest! {
    /// With renewals and refills at any time, the true deadline is in the range and no renewal is invented.
    #[test]
    fn the_true_deadline_is_always_in_the_range(
        ttl in 2_u64..200,
        seed: u64,
        acts in prop::collection::vec((0_u64..8, 1_u64..4_000), 1..120),
    ) {
        let mut truth = Truth::granted(ttl, seed);
        let mut observed = LeaseInference::default();
        let mut now = 100 * SECOND;
        let mut seen: u64 = 0;
        for (act, wait) in acts {
            now += wait * MILLI + truth.roll(MILLI);
            match act {
                0 | 1 if truth.deadline > now => truth.renew(now),
                2 if truth.roll(4) == 0 => truth.refill(now),
                _ => {
                    let (inferred, then) = truth.poll(&mut observed, now, 80 * MILLI);
                    now = then;
                    prop_assert!(observed.bounds().unwrap().contains(at(truth.deadline)), "{observed:?}");
                    if let Inferred::Renewed(Renewal { at: within, .. }) = inferred {
                        seen += 1;
                        prop_assert!(truth.renewed.iter().any(|&renewal| within.contains(at(renewal))), "{within:?}");
                    }
                    prop_assert!(inferred != Inferred::Contradiction);
                    if let Some(usual) = observed.renewals().usual_interval() {
                        prop_assert!(usual.shortest <= usual.every && usual.every <= usual.longest, "{usual:?}");
                    }
                    let last = observed.renewals().last();
                    prop_assert!(last.is_none_or(|last| truth.renewed.iter().any(|&it| last.contains(at(it)))), "{last:?}");
                }
            }
            prop_assert!(seen <= truth.renewed.len() as u64);
        }
        prop_assert_eq!(observed.renewals().cadence().answers, seen);
    }

    /// A client that renews about every third of the TTL, polled by plan: every renewal is seen and none invented.
    #[test]
    fn every_renewal_is_seen(ttl in 10_u64..3_600, seed: u64, round_trip in 1_u64..60) {
        let mut truth = Truth::granted(ttl, seed);
        let mut observed = LeaseInference::default();
        let third = ttl * SECOND / 3;
        // Two renewals within two seconds look like one.
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
        prop_assert_eq!(observed.renewals().certainty(), Certainty::About);
        let RenewalPattern::Steady(interval) = observed.pattern() else { panic!("{:?}", observed.pattern()) };
        let every = interval.every.as_secs_f64();
        let third = ttl as f64 / 3.0;
        prop_assert!((third - 0.3..third + 0.8).contains(&every), "{every} of {third}");
    }
}

proptest! {
    /// Any intervals of 2 s or more, and of a tenth of the TTL or more, polled by plan: every renewal is seen, each once and
    /// at its time, and none is invented.
    #[test]
    fn no_renewal_is_missed_or_invented(
        ttl in 10_u64..120,
        seed: u64,
        round_trip in 1_u64..60,
        shares in prop::collection::vec(0_u64..1_000, 1..40),
    ) {
        let shortest = (2 * SECOND).max(ttl * SECOND / 10);
        let longest = ttl * SECOND * 95 / 100;
        let mut truth = Truth::granted(ttl, seed);
        let mut renews = 100 * SECOND + truth.roll(SECOND);
        let renewals: Vec<u64> = shares.iter().map(|share| {
            renews += shortest + (longest - shortest) / 1_000 * share;
            renews
        }).collect();
        let mut observed = LeaseInference::default();
        let until = renewals.last().unwrap() + ttl * SECOND / 10 + 2 * SECOND;
        live(&mut truth, &mut observed, &renewals, until, round_trip * MILLI);
        prop_assert_eq!(observed.renewals().cadence().answers, renewals.len() as u64);
        for (known, renewed) in observed.renewals().recent().rev().zip(renewals.iter().rev()) {
            prop_assert!(known.contains(at(*renewed)), "{:?} is not {}", known, renewed);
        }
    }
}

/// Renewals every 3.5 s on a TTL of 10 s. `is_quiet`: whether a poll rules out another renewal in a cycle.
fn certainties(is_quiet: impl Fn(u64) -> bool) -> Vec<Certainty> {
    let truth = Truth::granted(10, 1);
    let mut renewals = ObservedRenewals::default();
    let left = Estimate { value: Duration::from_secs(6), half_width: Duration::ZERO };
    let mut seen = Vec::new();
    for cycle in 0..120 {
        let renewed = 100 * SECOND + cycle * 3_500 * MILLI;
        for poll in 0..5 {
            renewals.on_poll(&truth.answer(100 * SECOND), at(renewed + poll * 700 * MILLI));
        }
        if is_quiet(cycle) {
            renewals.confirm_no_renewal();
        }
        renewals.on_renewal(TimeRange::new((at(renewed), at(renewed + 40 * MILLI))), left);
        seen.extend(renewals.usual_interval().map(|mean| mean.certainty));
    }
    seen
}

#[test]
fn a_single_unsure_interval_does_not_turn_the_mean_into_a_bound() {
    assert!(certainties(|cycle| cycle % 17 != 3).iter().all(|certainty| *certainty == Certainty::About));
    assert!(certainties(|_| false).iter().all(|certainty| *certainty == Certainty::AtLeast));
    let mixed = certainties(|cycle| cycle % 3 != 0);
    let changes = mixed.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changes <= 2, "{mixed:?}");
}
