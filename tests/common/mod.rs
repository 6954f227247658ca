//! Shared by the test binaries; each uses a part of it.

pub(crate) mod certificates;
pub(crate) mod etcd;
pub(crate) mod guard;
mod http;
pub(crate) mod ports;
pub(crate) mod wait;
