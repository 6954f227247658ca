//! What can go wrong on the wire, told so that one knows what to do next.

use std::fmt;

use tonic::{Code, Status};

use super::error_kind::ErrorKind;
use super::refusal::Refusal;

/// A call that failed: what was tried, where, what came back and what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Error {
    kind: ErrorKind,
    tried: &'static str,
    endpoint: String,
    message: String,
    stale_login: bool,
    /// What a refused connection calls for, in place of what its kind does.
    refusal_advice: Option<&'static str>,
}

impl Error {
    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The server's words, or the link's.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Trouble found before anything was dialled.
    pub(super) fn config(kind: ErrorKind, message: String) -> Self {
        Error { kind, tried: "", endpoint: String::new(), message, stale_login: false, refusal_advice: None }
    }

    pub(super) fn timeout(tried: &'static str, endpoint: &str) -> Self {
        let error = Error::config(ErrorKind::Timeout, "no answer in time".to_owned());
        Error { tried, endpoint: endpoint.to_owned(), ..error }
    }

    /// Translates a gRPC status; the codes and texts are those of etcd's `rpctypes/error.go`.
    pub(super) fn from_status(tried: &'static str, endpoint: &str, status: &Status) -> Self {
        let refusal = refusal(status);
        let mut message = words(status);
        let kind = refusal.as_ref().map_or_else(|| kind(status, &message), Refusal::kind);
        if refusal.is_none() && kind == ErrorKind::Unavailable && is_broken_off(&message) {
            "the server closed the connection".clone_into(&mut message);
        }
        let refusal_advice = refusal.as_ref().map(Refusal::advice);
        let stale_login = is_stale_login(&message);
        Error { kind, tried, endpoint: endpoint.to_owned(), message, stale_login, refusal_advice }
    }

    pub(super) fn from_client(tried: &'static str, endpoint: &str, error: etcd_client::Error) -> Self {
        match error {
            etcd_client::Error::GRpcStatus(status) => Error::from_status(tried, endpoint, &status),
            other => Error::from_status(tried, endpoint, &Status::unknown(other.to_string())),
        }
    }

    /// Whether another member may do better.
    pub(super) fn is_members_fault(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::NoLeader | ErrorKind::Timeout)
    }

    /// Whether a new login may help: etcd says so in several ways (etcd-client misses all but the first).
    pub(super) fn is_stale_login(&self) -> bool {
        self.stale_login
    }

    /// What went wrong and what to do about it, without what was tried.
    pub(super) fn with_advice(&self) -> String {
        match self.advice() {
            "" => self.message.clone(),
            advice => format!("{}; {advice}", self.message),
        }
    }

    fn advice(&self) -> &'static str {
        if let Some(advice) = self.refusal_advice {
            return advice;
        }
        match self.kind {
            ErrorKind::Unavailable => {
                "is etcd running there? (--endpoints says where; --sandbox and `leasetop demo` need none)"
            }
            ErrorKind::NoLeader => "a leader needs a majority of the members: are enough of them running?",
            ErrorKind::Timeout => "the member hangs or the network drops packets (--command-timeout waits longer)",
            ErrorKind::Unauthenticated => "--user name:password logs in",
            ErrorKind::Forbidden => "the user may not do that; ask for a role that may",
            ErrorKind::Tls => "see --cacert, --cert, --key and https:// in --endpoints",
            ErrorKind::TooLargeTtl => "a TTL is at most 9000000000 s",
            ErrorKind::AlreadyExists => "leave --id away and the server picks one",
            ErrorKind::NotFound | ErrorKind::Compacted | ErrorKind::Other => "",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.tried.is_empty() {
            write!(f, "could not {} at {}: ", self.tried, self.endpoint)?;
        }
        f.write_str(&self.with_advice())
    }
}

/// The status in words: the innermost cause says most, tonic's own words ("transport error") least.
fn words(status: &Status) -> String {
    let mut innermost: Option<String> = None;
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        innermost = Some(error.to_string());
        source = error.source();
    }
    let text = innermost.unwrap_or_else(|| status.message().to_owned());
    if text.is_empty() { format!("{:?}", status.code()) } else { text }
}

/// The refusal that the link put in place of the transport's error.
fn refusal(status: &Status) -> Option<Refusal> {
    std::iter::successors(std::error::Error::source(status), |error| error.source())
        .find_map(|error| error.downcast_ref::<Refusal>())
        .cloned()
}

/// Whether a connection that worked broke. The words depend on the moment.
fn is_broken_off(message: &str) -> bool {
    ["broken pipe", "reset", "closed"].iter().any(|words| message.contains(words))
}

fn kind(status: &Status, message: &str) -> ErrorKind {
    let has = |part: &str| message.contains(part);
    if has("authentication failed") || has("user name is empty") || is_stale_login(message) {
        return ErrorKind::Unauthenticated;
    }
    match status.code() {
        Code::NotFound => ErrorKind::NotFound,
        Code::FailedPrecondition if has("lease already exists") => ErrorKind::AlreadyExists,
        Code::PermissionDenied => ErrorKind::Forbidden,
        Code::Unauthenticated => ErrorKind::Unauthenticated,
        Code::OutOfRange if has("too large lease TTL") => ErrorKind::TooLargeTtl,
        Code::OutOfRange if has("has been compacted") => ErrorKind::Compacted,
        Code::DeadlineExceeded => ErrorKind::Timeout,
        Code::Unavailable if has("etcdserver: no leader") => ErrorKind::NoLeader,
        Code::Unavailable => ErrorKind::Unavailable,
        // Connections that break come as these, with the transport's words in place of etcd's.
        Code::Unknown | Code::Cancelled | Code::Internal if !has("etcdserver:") && !has("auth:") => {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Other,
    }
}

fn is_stale_login(message: &str) -> bool {
    ["invalid auth token", "revision of auth store is old", "revision in header is old", "user name is empty"]
        .iter()
        .any(|text| message.contains(text))
}
