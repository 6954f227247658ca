//! leasetop: top for etcd leases.

pub mod clock;
pub mod domain;
pub mod engine;
pub mod sandbox;
pub mod tasks;
pub mod wire;
