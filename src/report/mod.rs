//! Output of commands: pure functions from data to text, one file per format.

mod etcdctl;
mod events;
mod exercise;
mod json;
mod keymap;
mod listing;
mod locks;
mod members;
mod metrics;
#[cfg(test)]
mod schema;
mod table;
mod text;
mod waited;

pub use etcdctl::{end_reason, ended, granted, kept, revoked, time_to_live};
pub use events::{event_json, event_line};
pub use exercise::{exercise_json, exercise_table};
pub use json::{ended_json, granted_json, kept_json, revoked_json, time_to_live_json};
pub use keymap::{keys_json, keys_table};
pub use listing::{LISTED, LeaseListing, ListedLease, WATCHED, groups_json, groups_table};
pub use listing::{listing_csv, listing_ids, listing_json, listing_table};
pub use locks::{locks_json, locks_table};
pub use members::{members_json, members_table};
pub use metrics::{METRICS, Metric, MetricsFormat, metrics_markdown, metrics_text};
pub use text::rfc3339;
pub use waited::{Reason, Waited, waited, waited_json};
