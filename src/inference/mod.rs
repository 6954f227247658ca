//! What polls and watches show about the leases of other clients: deadlines, renewals, causes of death, locks and lints.

pub mod lease_inference;
pub mod lints;
pub mod locks;
mod renewal;
mod revision_timeline;
mod time_range;

pub use renewal::{Renewal, RenewalSource};
pub use revision_timeline::RevisionTimeline;
pub use time_range::TimeRange;
