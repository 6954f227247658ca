//! How many clients renew a lease, by the times of its renewals alone.
//!
//! Each of several clients that renew by themselves keeps its own interval, whatever the phase between them:
//!
//! ```text
//! one   |----------|----------|----------|      every other renewal comes after the same time,
//! other    |----------|----------|----------|   and two that follow each other come after unlike times
//! ```
//!
//! One client that is late now and then, tries again or changes its pace keeps neither; one that is regular keeps both.

/// Clients that are looked for.
const MOST: usize = 3;
/// Renewals of each that are looked at.
const EACH: usize = 5;
/// By how much a client may miss its own beat, as a share of its interval, and beyond what is not known of the time.
const OFF: f64 = 0.01;
/// By how much the intervals of two clients may differ, as a share of them.
const ALIKE: f64 = 0.12;
/// By how much of an interval the times between neighbours must differ.
const UNLIKE: f64 = 0.18;
/// Renewals closer than this are one client's that tries again.
const AGAIN: f64 = 0.7;

/// Clients that renew a lease by turns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interleaving {
    /// How many.
    pub(super) count: usize,
    /// The interval of each, in seconds.
    pub(super) each: f64,
}

/// A renewal in seconds, and how far the truth can lie from it.
pub(super) type RenewalTime = (f64, f64);

/// Several clients that renew by turns; none where it may be one.
pub(super) fn detect(renewals: &[RenewalTime]) -> Option<Interleaving> {
    (2..=MOST).find_map(|count| fit(count, renewals))
}

/// Whether so many clients explain the newest renewals.
fn fit(count: usize, renewals: &[RenewalTime]) -> Option<Interleaving> {
    let renewals = &renewals[renewals.len().checked_sub(count * EACH)?..];
    let clients: Option<Vec<f64>> = (0..count)
        .map(|first| fit_interval(&renewals.iter().skip(first).step_by(count).copied().collect::<Vec<_>>()))
        .collect();
    let clients = clients?;
    let each = mean(&clients);
    let gaps: Vec<f64> = renewals.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let windows = || gaps.windows(count);
    let nearest = mean(&windows().map(|gaps| gaps.iter().copied().fold(f64::MAX, f64::min)).collect::<Vec<_>>());
    let unlike = mean(&windows().map(width).collect::<Vec<_>>());
    let half_width = mean(&renewals.iter().map(|(_, half_width)| *half_width).collect::<Vec<_>>());
    let are_apart = nearest > AGAIN && unlike > each * UNLIKE + half_width;
    (are_apart && width(&clients) <= each * ALIKE).then_some(Interleaving { count, each })
}

/// The interval of a client that renews at these times; none where it keeps none. The times that are known best count most.
fn fit_interval(times: &[RenewalTime]) -> Option<f64> {
    let weigh = |half_width: f64| (half_width + 0.03).powi(-2);
    let mut sums = [0.0; 5];
    for (n, (at, half_width)) in times.iter().enumerate() {
        let (n, at, weight) = (n as f64, at - times[0].0, weigh(*half_width));
        let terms = [weight, weight * n, weight * at, weight * n * n, weight * n * at];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    let [weight, n, at, nn, nat] = sums;
    let every = (weight * nat - n * at) / (weight * nn - n * n);
    let first = (at - every * n) / weight;
    let is_kept = times.iter().enumerate().all(|(n, (at, half_width))| {
        let off = at - times[0].0 - first - every * n as f64;
        off.abs() <= half_width + every * OFF
    });
    is_kept.then_some(every)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn width(values: &[f64]) -> f64 {
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    (high - low).max(0.0)
}
