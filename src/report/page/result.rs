//! The pages of the JSON of `exercise` and `list`. The JSON has mean intervals and no single renewals, so renewals are drawn
//! at the mean interval.

mod exercise;
mod list;

use std::time::SystemTime;

use serde_json::Value;

use super::Page;
use super::trace::DeadlinePoint;
use crate::escape::printable;

/// Maximum number of renewals that are drawn for a lease.
const MAX_RENEWALS: usize = 4_000;

/// The page of a result. The caller has checked which commands it may be from.
pub(super) fn page(value: Value, file: &str) -> serde_json::Result<Page> {
    let file = printable(file.as_bytes());
    if value.get("series").is_some() {
        return serde_json::from_value(value).map(|result| exercise::page(result, &file));
    }
    serde_json::from_value(value).map(|result| list::page(result, &file))
}

/// Escapes a text of a file again, because something other than leasetop may have written it. Backslashes of the first
/// escaping stay single.
fn visible(text: &str) -> String {
    printable(text.as_bytes()).replace("\\\\", "\\")
}

fn time_of(text: Option<&str>) -> Option<SystemTime> {
    text?.parse::<jiff::Timestamp>().ok().map(SystemTime::from)
}

/// A number of seconds from a file, as far as a page can show it.
fn seconds(value: Option<f64>) -> Option<f64> {
    const YEAR: f64 = 31_536_000.0;
    value.filter(|value| value.is_finite() && *value >= 0.0).map(|value| value.min(100.0 * YEAR))
}

/// The deadlines that renewals set.
fn deadlines(renewals: &[f64], ttl: f64) -> Vec<DeadlinePoint> {
    renewals.iter().map(|at| DeadlinePoint { at: *at, deadline: Some(at + ttl) }).collect()
}
