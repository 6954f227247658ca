//! The verbs: what the monitor can do to leases, one file each.
//!
//! A file holds the dialog of its verb, what the dialog's keys decide (a [`DialogOutcome`](super::dialog::DialogOutcome)),
//! and what the verb does to the parts of the state that it takes. How the dialog looks is in `ui::dialogs`; which
//! command comes to which verb is in `update::execute`.

pub(super) mod attach;
pub(super) mod copy;
mod done;
pub(super) mod drill;
pub(super) mod grant;
pub(super) mod keep_alive;
pub(super) mod pin;
pub(super) mod quit;
pub(super) mod renew;
pub(super) mod revoke;
pub(super) mod revoke_many;
pub(super) mod sort;
pub(super) mod warp;

pub(super) use done::{Done, StatusText};
