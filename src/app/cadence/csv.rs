//! The cadence view as CSV: one line per TTL and kind of owner.

use std::fmt::Write as _;
use std::time::Duration;

use super::{CadenceIndex, Cohort, CohortKey, Intervals, Series};

const HEADER: &str = "owner,ttl_s,leases,measured,mean_s,min_s,max_s,p99_s,expected_s,interval_to_ttl,is_upper_bound,\
                      too_late,silent,dropped\n";

/// The figures of every TTL as CSV, in the order of the screen. Unknown values are empty.
pub(in crate::app) fn to_csv(index: &CadenceIndex, series: &[Series]) -> String {
    let mut text = HEADER.to_owned();
    for key in index.rows() {
        if let Some(cohort) = index.cohort(&key) {
            let own = series.iter().find(|one| key.is_of(one));
            text += &line(&key, cohort, own);
        }
    }
    text
}

fn line(key: &CohortKey, cohort: &Cohort, own: Option<&Series>) -> String {
    let (intervals, is_bound) = match own {
        Some(series) => (series.intervals.clone(), false),
        None => cohort.intervals(),
    };
    let ttl = if key.is_rest() { String::new() } else { key.ttl.to_string() };
    let Intervals { mean, min, max, p99, .. } = intervals;
    let expected = intervals.expected.or(key.expected());
    let share = mean.filter(|_| !key.is_rest()).map(|mean| mean.as_secs_f64() / f64::from(key.ttl));
    let mut line = format!("{},{ttl},{},{}", key.owner.word(), cohort.leases, cohort.measured());
    for span in [mean, min, max, p99, expected] {
        let _ = write!(line, ",{}", span.map_or_else(String::new, seconds));
    }
    let share = share.map_or_else(String::new, |share| format!("{share:.4}"));
    let (too_late, silent) = (cohort.too_late(), cohort.silent());
    let _ = writeln!(line, ",{share},{is_bound},{too_late},{silent},{}", cohort.dropped);
    line
}

fn seconds(span: Duration) -> String {
    format!("{:.3}", span.as_secs_f64())
}
