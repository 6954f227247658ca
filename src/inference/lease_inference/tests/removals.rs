//! Leases that end for known reasons.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TrueEnd {
    Expired,
    Revoked,
    RevokedHere,
}

/// One scripted end: the true cause and the inferred one.
fn end(seed: u64) -> (TrueEnd, RemovalCause) {
    let mut random = Truth::granted(10, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let ttl = 5 + random.roll(116);
    let kind = [TrueEnd::Expired, TrueEnd::Expired, TrueEnd::Revoked, TrueEnd::RevokedHere][random.roll(4) as usize];
    let has_keys = random.roll(2) == 0;
    let mut truth = Truth::granted(ttl, seed);
    let third = ttl * SECOND / 3;
    let count = random.roll(6);
    let first = 100 * SECOND + random.roll(third);
    let renewals: Vec<u64> = (0..count).map(|n| first + n * third + random.roll(200 * MILLI)).collect();
    let deadline = renewals.last().map_or(truth.deadline, |last| last + ttl * SECOND);
    let removed = match kind {
        // The server removes expired leases every half second.
        TrueEnd::Expired => deadline.div_ceil(SECOND / 2) * (SECOND / 2) + random.roll(30 * MILLI),
        _ => renewals.last().unwrap_or(&(100 * SECOND)) + random.roll(ttl * SECOND - 1),
    };
    let mut observed = LeaseInference::default();
    let trip = 1 + random.roll(20);
    let last = live(&mut truth, &mut observed, &renewals, removed, trip * MILLI);
    let missed = observed.next_poll(at(removed)).nanos() + trip * MILLI;
    let listed = removed.div_ceil(SECOND) * SECOND + trip * MILLI;
    let removal = if has_keys {
        let reported = removed + random.roll(trip * MILLI);
        RemovalWindow { after: at(reported - trip * MILLI), by: at(reported) }
    } else {
        RemovalWindow { after: at(last.max(listed - SECOND - 2 * trip * MILLI)), by: at(missed.min(listed)) }
    };
    let cause = observed.removal_cause(
        removal,
        kind == TrueEnd::RevokedHere,
        crate::inference::lease_inference::CohortHint::default(),
    );
    if let RemovalCause::Expired(lag) = cause {
        let true_lag = Duration::from_nanos(removed.saturating_sub(deadline));
        assert!(kind != TrueEnd::Expired || lag.least <= true_lag && true_lag <= lag.most, "{lag:?} {true_lag:?}");
    }
    (kind, cause)
}

#[test]
fn the_causes_of_a_thousand_ends_are_inferred() {
    let mut unknown = 0;
    for seed in 0..1_000 {
        match end(seed) {
            (TrueEnd::Expired, RemovalCause::Expired(_)) | (TrueEnd::Revoked, RemovalCause::Revoked) => {}
            (TrueEnd::RevokedHere, RemovalCause::RevokedHere) => {}
            (_, RemovalCause::Unknown) => unknown += 1,
            (kind, cause) => panic!("seed {seed}: {kind:?} taken for {cause:?}"),
        }
    }
    assert!(unknown <= 20, "{unknown} of 1,000 are unknown");
}

#[test]
fn the_ttl_cohort_decides_where_the_last_reply_is_old() {
    use crate::inference::lease_inference::CohortHint;
    let mut observed = LeaseInference::default();
    let answer = TimeToLive { id: LeaseId(1), ttl: 9, granted_ttl: 30, keys: Vec::new(), header: Header::default() };
    // Its deadline lies between 29 and 30 s.
    observed.apply_reply(&answer, at(20 * SECOND), at(20 * SECOND));
    assert!(observed.is_unrenewed() && !observed.is_decided());
    assert_eq!(observed.idle_end(), Some(at(29 * SECOND)));
    let cause = |after: u64, by: u64, is_unrenewed, is_never_revoked| {
        let removal = RemovalWindow { after: at(after * MILLI), by: at(by * MILLI) };
        match observed.removal_cause(removal, false, CohortHint { is_unrenewed, is_never_revoked }) {
            RemovalCause::Expired(_) => "expired",
            RemovalCause::Revoked | RemovalCause::RevokedHere => "revoked",
            RemovalCause::Unknown => "unknown",
        }
    };
    assert_eq!(cause(29_950, 30_900, true, false), "expired", "it existed at its deadline");
    assert_eq!(cause(29_950, 30_900, false, false), "unknown", "it may have been renewed since");
    assert_eq!(cause(29_200, 29_400, true, true), "expired", "no lease of its TTL is revoked");
    assert_eq!(cause(29_200, 29_400, true, false), "unknown", "others of its TTL are revoked");
    assert_eq!(cause(29_000, 29_900, true, true), "unknown", "enough time for a revoke");
    assert_eq!(cause(28_700, 28_900, true, true), "revoked", "it had time left");
}
