//! leasetop: top for etcd leases.

pub mod clock;
pub mod domain;
pub mod sandbox;
pub mod tasks;
pub mod wire;
