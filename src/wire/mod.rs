//! What goes over the wire to etcd's members: channels, the login, the choice of a member, the calls.

mod address;
mod answers;
mod calls;
mod cluster;
mod connect;
mod error;
mod keys;
mod link;
mod member;
pub mod pipe;
mod prober;
mod refusal;
mod signed;
mod stub;
mod tls;
mod watch;

pub use address::{Address, BadEndpoint, Settings, Target, TlsFiles, User};
pub use answers::{Answer, Answers};
pub use calls::{KeyValue, LeaseList};
pub use cluster::Cluster;
pub use error::{Error, ErrorKind};
pub use keys::KeyPages;
pub use watch::{KeyWatch, Watched};
