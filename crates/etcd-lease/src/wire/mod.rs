//! The connection to etcd: channels, the login, the choice of a member, and the calls.

mod auth_channel;
mod auth_session;
mod calls;
mod certificate_text;
mod cluster;
mod config;
mod connect;
mod connection_fault;
mod error;
mod error_cause;
mod header;
mod identity;
mod keepalive_replies;
mod key_pages;
mod key_watch;
mod line;
mod link;
mod member;
mod member_list;
mod outside_members;
mod prober;
mod rpc;
mod shared_state;
mod tls;
mod transactions;

pub use calls::{KeyValue, LeaseList};
pub use cluster::Cluster;
pub(crate) use cluster::Retry;
pub use config::{Address, BadEndpoint, Settings, Target, TlsFiles, User, without_login};
pub use error::CallError;
pub use error_cause::{ETCD_ERRORS, ErrorCause, ErrorKind, EtcdError};
pub use keepalive_replies::{KeepaliveReplies, KeepaliveReply};
pub use key_pages::{KeyPages, KeyRangeRead};
pub use key_watch::{KeyWatch, WatchUpdate};
