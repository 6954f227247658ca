//! leasetop: top for etcd leases.

pub mod clock;
pub mod domain;
pub mod tasks;
pub mod wire;
