//! Failures of calls, as the state is told of them.

use crate::app::CallFailure;
use etcd_lease::wire::{self, ErrorKind};

/// Why a call failed, for the state.
pub(super) fn call_failure(error: &wire::CallError) -> CallFailure {
    CallFailure {
        is_not_found: error.kind() == ErrorKind::NotFound,
        is_forbidden: error.kind() == ErrorKind::Forbidden,
        text: error.to_string(),
    }
}
