//! leasetop: top for etcd leases.
//!
//! This is the program as a library, for its tests and its benchmark. `docs/architecture.md` describes the layers and how
//! data flows through them, and `docs/CONTRIBUTING.md` lists the files to edit to add a column, a key, a command, an event or a
//! diagnosis. Dependencies only point down; `tests/house` reads the imports and fails where one points up:
//!
//! ```text
//! cli                  one file per command
//! runtime              the event loop; carries out effects
//! ui, report           state -> cells; what was seen -> lines, tables, JSON (pure)
//! app                  state, messages, update, key table (pure)
//! engine               keeps leases alive
//! observer, demo       all leases and keys of a cluster; simulated clients
//! wire, sandbox        members, channels, authentication; an embedded etcd
//! clock, tasks         time with a speed; the only place that spawns
//! domain               rules alone: time is an argument (pure)
//! ```
//!
//! Time, randomness and the network are arguments: tests run the whole program over the sandbox's in-memory transport on a
//! paused clock. [`engine`] has examples of a program that keeps a lease alive.

pub mod app;
pub mod cli;
pub mod clock;
pub mod demo;
pub mod domain;
pub mod engine;
pub mod observer;
pub mod report;
pub mod runtime;
pub mod sandbox;
pub mod tasks;
pub mod ui;
pub mod wire;
