//! Conversion of call errors for the state.

use crate::app::CallFailure;
use crate::error_table::sentence;
use etcd_lease::wire::{self, ErrorKind};

pub(super) fn call_failure(error: &wire::CallError) -> CallFailure {
    CallFailure {
        is_not_found: error.kind() == ErrorKind::NotFound,
        is_forbidden: error.kind() == ErrorKind::Forbidden,
        is_unauthenticated: error.kind() == ErrorKind::Unauthenticated,
        text: sentence(error),
    }
}
