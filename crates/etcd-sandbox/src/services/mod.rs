//! etcd's services, answered by a [`MemberServer`](super::member::MemberServer).

mod cluster;
mod kv;
mod lease;
mod maintenance;
mod unserved;
mod watch;

pub(super) use unserved::Auth;
