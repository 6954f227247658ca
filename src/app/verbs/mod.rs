//! The verbs: what the monitor does with leases, one file each.
//!
//! A file contains the verb's dialog, its key handling (which returns a
//! [`DialogOutcome`](super::dialog::DialogOutcome)), and the changes to the state. Rendering is in `ui::dialogs`.
//! `update::execute` maps commands to verbs.

pub(super) mod attach;
pub(super) mod change_ttl;
pub(super) mod cluster;
pub(super) mod columns;
pub(super) mod copy;
mod done;
pub(super) mod drill;
pub(super) mod grant;
pub(super) mod keep_alive;
pub(super) mod mute;
pub(super) mod pin;
pub(super) mod quit;
pub(super) mod renew;
pub(super) mod revoke;
pub(super) mod revoke_many;
pub(super) mod sort;
pub(super) mod undo;
pub(super) mod warp;
pub(super) mod write_config;

pub(super) use done::{Done, StatusText};
