//! Failed calls to etcd.

use serde::{Deserialize, Serialize};

/// Why a call to etcd failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFailure {
    /// The server reported that the lease does not exist.
    pub is_not_found: bool,
    /// The server denied permission.
    pub is_forbidden: bool,
    /// The server wants a login, or refuses the one it got.
    pub is_unauthenticated: bool,
    /// The full error message. Not escaped.
    pub text: String,
}
