//! What goes over the wire to etcd's members: channels, the login, the choice of a member, the calls.

mod auth;
mod auth_channel;
mod calls;
mod cluster;
mod config;
mod connect;
mod error;
mod error_kind;
mod keepalive_replies;
mod key_pages;
mod key_watch;
mod link;
mod member;
mod prober;
mod refusal;
mod rpc;
mod shared_state;
mod tls;

pub use calls::{KeyValue, LeaseList};
pub use cluster::Cluster;
pub use config::{Address, BadEndpoint, Settings, Target, TlsFiles, User};
pub use error::Error;
pub use error_kind::ErrorKind;
pub use keepalive_replies::{KeepaliveReplies, KeepaliveReply};
pub use key_pages::KeyPages;
pub use key_watch::{KeyWatch, WatchUpdate};
