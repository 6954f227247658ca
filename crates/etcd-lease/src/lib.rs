//! Keeps etcd leases alive.

mod cadence;
mod cluster;
mod drill;
pub mod engine;
mod event;
pub mod keeper;
mod keys;
mod lease_id;
mod pace;
mod reading;
mod status;
pub mod wire;

pub use cadence::Cadence;
pub use cluster::{ClusterView, MemberView, Reachability};
pub use drill::Drill;
pub use event::{EngineEvent, EngineEventKind};
pub use keys::{HeldKey, KeyChange, KeyNow, KeyRange};
pub use lease_id::{BadLeaseId, LeaseId};
pub use pace::{GRID, Pace, UnknownPace};
pub use reading::{Granted, Header, MAX_TTL, Reading, TimeToLive};
pub use status::{Ended, LeaseStatus, Phase, QueueGauge};

pub use simkit::{Clock, Moment};
