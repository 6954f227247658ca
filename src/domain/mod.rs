//! The rules, and nothing but the rules: leases, when they are due, what their answers mean.
//!
//! Nothing here knows a task, a terminal or a wire, and time is an argument everywhere
//! ([`Moment`]). `tests/house/walls.rs` reads this folder and fails on an import that says otherwise.

mod awaited;
mod bounds;
mod cadence;
mod cluster;
mod drill;
mod escape;
mod event;
mod filter;
pub mod keeper;
mod keys;
mod lease_id;
pub mod lints;
pub mod locks;
mod moment;
pub mod observed;
mod pace;
mod reading;
mod revisions;
mod status;

pub use awaited::{Awaited, Seen, UnknownAwaited, Wait};
pub use bounds::Bounds;
pub use cadence::Cadence;
pub use cluster::{ClusterView, MemberView, Reachability};
pub use drill::Drill;
pub use escape::printable;
pub use event::{EngineEvent, EngineEventKind};
pub use filter::{BadFilter, Facts, Filter};
pub use keys::{HeldKey, KeyChange, KeyNow, KeyRange};
pub use lease_id::{BadLeaseId, Ids, LeaseId};
pub use moment::Moment;
pub use pace::{GRID, Pace, UnknownPace};
pub use reading::{Granted, Header, MAX_TTL, Reading, TimeToLive};
pub use revisions::Revisions;
pub use status::{Ended, LeaseStatus, Phase, QueueGauge};
