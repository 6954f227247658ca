//! leasetop: top for etcd leases.

pub mod app;
pub mod cli;
pub mod clock;
pub mod domain;
pub mod engine;
pub mod report;
pub mod runtime;
pub mod sandbox;
pub mod tasks;
pub mod ui;
pub mod wire;
