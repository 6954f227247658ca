//! Output of commands: pure functions from data to text, one file per format.

mod csv;
mod etcdctl;
mod events;
mod exercise;
mod json;
mod keymap;
mod listing;
mod locks;
mod members;
mod metrics;
mod page;
mod records;
#[cfg(test)]
mod schema;
mod table;
mod text;
mod waited;

pub use etcdctl::{Fields, end_reason, ended, granted, kept, leases, revoked, time_to_live};
pub use events::{event_json, event_line};
pub use exercise::{exercise_json, exercise_table};
pub use json::{ended_json, granted_json, kept_json, revoked_json, time_to_live_json};
pub use keymap::{keys_json, keys_table};
pub use listing::{LISTED, LeaseListing, ListedLease, WATCHED, groups_json, groups_table};
pub use listing::{listing_csv, listing_ids, listing_json, listing_table};
pub use locks::{locks_json, locks_table};
pub use members::{members_json, members_table};
pub use metrics::{METRICS, Metric, MetricsFormat, metrics_markdown, metrics_text};
pub use page::{Page, PageError, PageFormat, PageSource};
pub use records::{CsvLayout, EXERCISE_CSV, GRANT_CSV, GROUPS_CSV, KEEP_ALIVE_CSV, KEYS_CSV, LOCKS_CSV, MEMBERS_CSV};
pub use records::{REVOKE_CSV, TIME_TO_LIVE_CSV, WAIT_CSV, fields, records_csv};
pub use text::rfc3339;
pub use waited::{Reason, Waited, WaitedForCount, waited, waited_for_count, waited_for_count_json, waited_json};
