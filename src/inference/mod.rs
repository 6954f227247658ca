//! What polls and watches show about the leases of other clients: deadlines, renewals, causes of death, locks and lints.

mod bounds;
pub mod lints;
pub mod locks;
pub mod observed;
mod revisions;

pub use bounds::Bounds;
pub use revisions::Revisions;
