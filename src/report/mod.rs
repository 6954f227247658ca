//! What the headless commands print: pure functions from data to text, one format a file.

mod events;
mod exercise;
mod json;
mod keys;
mod listing;
mod simple;
mod table;
mod text;
mod waited;

pub use events::{event_json, event_line};
pub use exercise::{exercise_json, exercise_table};
pub use json::{ended_json, granted_json, kept_json, revoked_json, time_to_live_json};
pub use keys::{keys_json, keys_table};
pub use listing::{LISTED, ListedLease, Listing, WATCHED, listing_ids, listing_json, listing_table};
pub use simple::{ended, granted, kept, revoked, time_to_live};
pub use text::rfc3339;
pub use waited::{Reason, Waited, waited, waited_json};
