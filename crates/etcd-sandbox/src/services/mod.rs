//! etcd's services, answered by a [`Member`](super::member::Member).

mod cluster;
mod kv;
mod lease;
mod maintenance;
mod unserved;
mod watch;

pub(super) use unserved::Auth;
