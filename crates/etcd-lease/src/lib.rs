//! Keeps etcd leases alive.

mod cadence;
mod cluster;
pub mod engine;
mod event;
mod fault;
pub mod keepalive;
mod lease_id;
mod lease_keys;
mod renewal_schedule;
mod status;
mod ttl_status;
pub mod wire;

pub use cadence::Cadence;
pub use cluster::{ClusterView, MemberView, Reachability};
pub use event::{EngineEvent, EngineEventKind};
pub use fault::Fault;
pub use lease_id::{BadLeaseId, LeaseId};
pub use lease_keys::{KeyChange, KeyEntry, KeyRange, KeyState};
pub use renewal_schedule::{CLIENTV3_TICK, RenewalSchedule, UnknownSchedule};
pub use status::{Ended, LeaseStatus, Phase, QueueGauge};
pub use ttl_status::{Granted, Header, MAX_TTL, TimeToLive, TtlStatus};

pub use simkit::{Clock, Timestamp};
