//! The displayed rows in the format of a file's ending.

use std::time::SystemTime;

use crate::app::AppState;
use crate::report::{LeaseListing, listing_csv, listing_json};
use simkit::Timestamp;

/// The displayed rows as CSV if `path` ends in `.csv`, else as JSON, and the number of leases in it. Ended leases are
/// left out, as in `leasetop list`.
pub(super) fn content(app: &AppState, path: &str, now: Timestamp, start: SystemTime) -> (String, usize) {
    let (shown, at) = app.displayed(now);
    let mut listing = LeaseListing::watched(shown, at.since_start(), at, start);
    listing.arrange(shown.view.order());
    let is_csv = path.to_lowercase().ends_with(".csv");
    let text = if is_csv { listing_csv(&listing) } else { listing_json(&listing) };
    (text, listing.leases.len())
}
