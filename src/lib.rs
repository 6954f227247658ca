//! leasetop: top for etcd leases.
//!
//! This is the program as a library, for its tests and its benchmark. `docs/architecture.md` describes the layers and how
//! data flows through them, and `docs/CONTRIBUTING.md` lists the files to edit to add a column, a key, a command, an event
//! or a diagnosis. Dependencies only point down; `tests/architecture` reads the imports and fails where one points up:
//!
//! ```text
//! cli                  one file per command
//! runtime              the event loop; carries out effects
//! recording            messages written to a file and applied again
//! ui, report           state -> cells; what was seen -> lines, tables, JSON (pure)
//! app                  state, messages, update, key table (pure)
//! observe, demo        all leases and keys of a cluster; simulated clients
//! inference, filter    what polls show about other clients; the filter language (pure)
//! etcd_lease           keeps leases alive; members, authentication, TLS
//! etcd_sandbox         an embedded etcd
//! simkit               time with a speed, in-memory connections, scoped tasks
//! ```
//!
//! Time, randomness and the network are arguments: tests run the whole program over the sandbox's in-memory transport on a
//! paused clock.

pub mod app;
pub mod byte_budget;
pub mod cli;
mod compact;
pub mod config_edit;
pub mod demo;
pub mod error_table;
pub mod escape;
pub mod filter;
pub mod id_format;
pub mod inference;
pub mod list_interval;
pub mod observe;
pub mod plural;
pub mod recording;
pub mod report;
pub mod runtime;
pub mod sawtooth;
pub mod ui;
pub mod wait_condition;
pub mod width;
