//! The answer in one sentence, for the leases of all clients.

use std::fmt;
use std::time::Duration;

use super::measured::MeasuredSeries;
use super::{CadenceReport, human};
use crate::plural::plural;
use etcd_lease::RenewalSchedule;

/// What is known of the intervals of other clients' leases. A lease does not count if polls may have missed one of its
/// renewals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OthersCadence {
    /// Number of leases with a measured interval.
    pub leases: u64,
    /// How many of them are renewed at about TTL/3, as a healthy client does.
    pub at_a_third: u64,
    /// The lowest interval / TTL of a lease.
    pub lowest: f64,
    /// The highest interval / TTL of a lease.
    pub highest: f64,
    /// Mean interval of the leases of each TTL in seconds. Those beyond the limit of TTLs are not there: see `is_partial`.
    pub means: Vec<(i64, Duration)>,
    /// Whether leases beyond the limit of TTLs were measured.
    pub is_partial: bool,
}

/// The answer in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// `NO` or `YES`, or what is known so far.
    pub verdict: &'static str,
    /// The rest of the sentence.
    pub rule: String,
}

impl Headline {
    /// The question that the headline answers.
    pub const QUESTION: &'static str = "Is the renewal interval the same for every TTL?";

    /// Whether the question is answered.
    pub fn is_final(&self) -> bool {
        matches!(self.verdict, "NO" | "YES")
    }

    fn new(verdict: &'static str, rule: impl Into<String>) -> Self {
        Headline { verdict, rule: rule.into() }
    }
}

impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.verdict, self.rule)
    }
}

impl CadenceReport {
    /// The answer in one sentence, from own leases and other clients' leases. Own leases decide if they have intervals
    /// for two TTLs, because only their intervals are measured exactly.
    pub fn headline(&self, others: &OthersCadence) -> Headline {
        let seen = self.measured();
        let own: Vec<(i64, Duration)> = seen.iter().map(|one| (one.ttl, one.mean)).collect();
        let all = [own.clone(), others.means.clone()].concat();
        let means = if have_two_ttls(&own) { &own } else { &all };
        let so_far = if self.kept_for.is_none() { "So far" } else { "No answer" };
        match means[..] {
            [] | [_] if others.is_partial && own.is_empty() => {
                let rule = format!("it is {}; there are too many TTLs to compare each.", others_rule(others));
                Headline::new(so_far, rule)
            }
            [] if self.kept_for.is_some() => Headline::new("No answer", "no lease was renewed twice."),
            [] => Headline::new("Not known yet", "no lease was renewed twice so far."),
            [(ttl, mean), ..] if !have_two_ttls(means) => {
                let rule = if seen.is_empty() { others_rule(others) } else { self.own_rule(&seen) };
                Headline::new(so_far, format!("only {ttl} s has an interval: {}, {rule}.", human(mean)))
            }
            [(_, mean), ..] if are_close(means) => {
                Headline::new("YES", format!("it is about {} for every TTL.", human(mean)))
            }
            _ if seen.is_empty() => Headline::new("NO", format!("it is {}.", others_rule(others))),
            _ if others.at_a_third == others.leases => Headline::new("NO", format!("it is {}.", self.own_rule(&seen))),
            _ => {
                let range = percent_of_ttl(others.lowest, others.highest);
                let rule = self.own_rule(&seen);
                Headline::new("NO", format!("it is {rule}. Other clients: {range}."))
            }
        }
    }

    /// The rule that the intervals of own leases follow.
    fn own_rule(&self, seen: &[MeasuredSeries]) -> String {
        let low = seen.iter().map(|one| one.share).fold(f64::INFINITY, f64::min);
        let high = seen.iter().map(|one| one.share).fold(0.0, f64::max);
        match self.pace {
            _ if !seen.iter().all(|one| one.follows(self.pace)) => {
                if is_a_third(low, high) {
                    "about TTL/3".to_owned()
                } else {
                    percent_of_ttl(low, high)
                }
            }
            RenewalSchedule::Clientv3 => "TTL/3, sent at the next 500 ms tick".to_owned(),
            RenewalSchedule::Exact => "exactly TTL/3".to_owned(),
        }
    }
}

/// The rule that the intervals of most other clients' leases follow.
fn others_rule(others: &OthersCadence) -> String {
    let OthersCadence { leases, at_a_third, lowest, highest, .. } = *others;
    let range = percent_of_ttl(lowest, highest);
    match at_a_third {
        all if all == leases => "about TTL/3".to_owned(),
        some if 2 * some > leases => {
            format!("about TTL/3 for {some} of {}, and {range} in all", plural(leases, "measured lease"))
        }
        _ => range,
    }
}

/// Whether there are intervals of at least two TTLs.
fn have_two_ttls(means: &[(i64, Duration)]) -> bool {
    means.iter().any(|(ttl, _)| *ttl != means[0].0)
}

/// Whether the longest interval exceeds the shortest one by less than 10 %.
fn are_close(means: &[(i64, Duration)]) -> bool {
    let seconds = || means.iter().map(|(_, mean)| mean.as_secs_f64());
    seconds().fold(0.0, f64::max) < 1.1 * seconds().fold(f64::INFINITY, f64::min)
}

/// Whether shares of the TTL from `low` to `high` count as TTL/3: from 10 % less to 11 % more.
fn is_a_third(low: f64, high: f64) -> bool {
    const LOWEST: f64 = 0.3;
    const HIGHEST: f64 = 0.37;
    low > LOWEST && high < HIGHEST
}

/// A range of shares in percent, such as `33 to 80 % of the TTL`, or `80 % of the TTL` if both ends are rounded to the same.
fn percent_of_ttl(low: f64, high: f64) -> String {
    let low = format!("{:.0}", low * 100.0);
    let high = format!("{:.0}", high * 100.0);
    if low == high { format!("{low} % of the TTL") } else { format!("{low} to {high} % of the TTL") }
}
