//! Detects how many clients renew a lease, from the times of the renewals alone.
//!
//! Clients that renew independently each keep their own interval, whatever the phase between them:
//!
//! ```text
//! one   |----------|----------|----------|      every other renewal comes after the same interval,
//! other    |----------|----------|----------|   and consecutive intervals differ
//! ```
//!
//! A single client that is sometimes late, retries or changes its interval breaks the first rule; a regular one breaks the
//! second.

/// Maximum number of clients to look for.
const MAX_CLIENTS: usize = 3;
/// Renewals of each client that are examined.
const RENEWALS_EACH: usize = 5;
/// Maximum deviation of a client from its own interval, as a share of the interval, beyond the uncertainty of the
/// times.
const MAX_JITTER: f64 = 0.01;
/// Maximum difference between the clients' intervals, as a share of the interval.
const MAX_DIFFERENCE: f64 = 0.12;
/// Minimum difference between consecutive intervals, as a share of a client's interval.
const MIN_PHASE_DIFFERENCE: f64 = 0.18;
/// Renewals closer than this, in seconds, are retries of one client.
const RETRY: f64 = 0.7;
/// Added to the error of each time for its weight in the fit, in seconds, so that a very precise time does not outweigh all
/// others.
const BASE_ERROR: f64 = 0.03;

/// Clients that renew one lease.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interleaving {
    /// Number of clients.
    pub(super) count: usize,
    /// The interval of each, in seconds.
    pub(super) each: f64,
}

/// The time of a renewal and its possible error, both in seconds.
pub(super) type RenewalTime = (f64, f64);

/// Detects the clients behind these renewals. Returns `None` if a single client may explain them.
pub(super) fn detect(renewals: &[RenewalTime]) -> Option<Interleaving> {
    (2..=MAX_CLIENTS).find_map(|count| fit(count, renewals))
}

/// Returns `count` clients if they explain the newest renewals.
fn fit(count: usize, renewals: &[RenewalTime]) -> Option<Interleaving> {
    let renewals = &renewals[renewals.len().checked_sub(count * RENEWALS_EACH)?..];
    let clients: Option<Vec<f64>> = (0..count)
        .map(|first| fit_interval(&renewals.iter().skip(first).step_by(count).copied().collect::<Vec<_>>()))
        .collect();
    let clients = clients?;
    let each = mean(&clients);
    let gaps: Vec<f64> = renewals.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let windows = || gaps.windows(count);
    let nearest = mean(&windows().map(|gaps| gaps.iter().copied().fold(f64::MAX, f64::min)).collect::<Vec<_>>());
    let phase_difference = mean(&windows().map(width).collect::<Vec<_>>());
    let half_width = mean(&renewals.iter().map(|(_, half_width)| *half_width).collect::<Vec<_>>());
    let are_apart = nearest > RETRY && phase_difference > each * MIN_PHASE_DIFFERENCE + half_width;
    if are_apart && width(&clients) <= each * MAX_DIFFERENCE { Some(Interleaving { count, each }) } else { None }
}

/// The interval of a client that renews at these times, by weighted least squares: precise times count most. `None` if
/// the times do not fit one interval.
fn fit_interval(times: &[RenewalTime]) -> Option<f64> {
    let weigh = |half_width: f64| (half_width + BASE_ERROR).powi(-2);
    let mut sums = [0.0; 5];
    for (n, (at, half_width)) in times.iter().enumerate() {
        let (n, at, weight) = (n as f64, at - times[0].0, weigh(*half_width));
        let terms = [weight, weight * n, weight * at, weight * n * n, weight * n * at];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    let [weight, n, at, nn, nat] = sums;
    let every = (weight * nat - n * at) / (weight * nn - n * n);
    let first = (at - every * n) / weight;
    let is_regular = times.iter().enumerate().all(|(n, (at, half_width))| {
        let off = at - times[0].0 - first - every * n as f64;
        off.abs() <= half_width + every * MAX_JITTER
    });
    if is_regular { Some(every) } else { None }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn width(values: &[f64]) -> f64 {
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    (high - low).max(0.0)
}
