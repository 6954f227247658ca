//! What the test binaries share; each uses a part of it.

pub(crate) mod certificates;
pub(crate) mod etcd;
pub(crate) mod guard;
mod http;
mod ports;
pub(crate) mod wait;
