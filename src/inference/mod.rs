//! Inference about the leases of other clients from polls and watches: deadlines, renewals, causes of the end, locks
//! and lints.

pub mod key_contests;
pub mod lease_inference;
pub mod lints;
pub mod locks;
mod renewal;
mod renewal_style;
mod revision_timeline;
mod time_range;

pub use renewal::{Renewal, RenewalSource};
pub use renewal_style::RenewalStyle;
pub use revision_timeline::RevisionTimeline;
pub use time_range::TimeRange;
