#![doc = include_str!("../README.md")]

mod cadence;
mod client;
mod cluster;
mod cluster_identity;
mod config;
#[doc(hidden)]
pub mod engine;
mod error;
mod event;
mod fault;
#[doc(hidden)]
pub mod keepalive;
#[cfg(feature = "serde")]
#[doc(hidden)]
pub mod key_text;
mod lease;
mod lease_calls;
mod lease_group;
mod lease_id;
mod lease_keys;
mod renewal_schedule;
mod status;
mod ttl_status;
#[doc(hidden)]
pub mod wire;

pub use client::Client;
pub use config::Config;
pub use engine::{Delivery, Response};
pub use error::Error;
pub use lease::{Lease, Responses};
pub use lease_group::LeaseGroup;
pub use lease_id::{BadLeaseId, LeaseId};
pub use renewal_schedule::{RenewalSchedule, UnknownSchedule};
pub use status::{Ended, QueueGauge};
pub use ttl_status::{Header, MAX_TTL, TimeToLive, TtlStatus};
pub use wire::{BadEndpoint, CallError, TlsFiles};

pub use simkit::pipe::Dialer;
pub use simkit::{Clock, Timestamp};

// The leasetop monitor shows what happens inside: statuses, events, fault drills, members, keys. These items and the
// hidden modules above serve it. They are not part of the stable API, so a new column never breaks another program.
#[doc(hidden)]
pub use cadence::Cadence;
#[doc(hidden)]
pub use cluster::{ClusterView, LeaseCounters, ListedMember, MemberAlarm, MemberView, Reachability};
#[doc(hidden)]
pub use cluster_identity::ClusterChange;
#[doc(hidden)]
pub use event::{EngineEvent, EngineEventKind};
#[doc(hidden)]
pub use fault::Fault;
#[doc(hidden)]
pub use lease_keys::{KeyChange, KeyEntry, KeyRange, KeyState};
#[doc(hidden)]
pub use renewal_schedule::CLIENTV3_TICK;
#[doc(hidden)]
pub use status::{LeaseStatus, Phase};
#[doc(hidden)]
pub use ttl_status::Granted;
