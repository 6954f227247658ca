//! Why a call failed.

use std::fmt;

use tonic::{Code, Status};

use super::connection_fault::ConnectionFault;

/// The reason of a [`CallError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The lease does not exist.
    NotFound,
    /// A lease with that id exists already.
    AlreadyExists,
    /// The user lacks the permission.
    Forbidden,
    /// etcd rejected the login, or requires one.
    Unauthenticated,
    /// No etcd could be reached at the endpoint.
    Unavailable,
    /// The member has no leader.
    NoLeader,
    /// There was no reply in time.
    Timeout,
    /// The TTL is above 9,000,000,000 s.
    TooLargeTtl,
    /// The requested revision has been compacted.
    Compacted,
    /// Another cluster answered than before.
    OtherCluster,
    /// The TLS handshake or a TLS file failed.
    Tls,
    /// Any other error of etcd.
    Other,
}

/// A call that failed. It prints what was tried, where, the cause, and what to do about it.
#[derive(Clone, Debug, thiserror::Error)]
pub struct CallError {
    kind: ErrorKind,
    tried: &'static str,
    endpoint: String,
    message: String,
    stale_login: bool,
    /// Replaces the advice of the kind for a connection that the server refused.
    fault_advice: Option<&'static str>,
}

impl CallError {
    /// The reason.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was tried, such as "grant a lease"; empty for an error of the configuration.
    pub fn tried(&self) -> &'static str {
        self.tried
    }

    /// The endpoint of the member that was called; empty for an error of the configuration.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The message of etcd or of the connection, without advice.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// An error that was found before anything was dialled.
    pub(super) fn config(kind: ErrorKind, message: String) -> Self {
        CallError { kind, tried: "", endpoint: String::new(), message, stale_login: false, fault_advice: None }
    }

    pub(super) fn timeout(tried: &'static str, endpoint: &str) -> Self {
        let error = CallError::config(ErrorKind::Timeout, "no reply in time".to_owned());
        CallError { tried, endpoint: endpoint.to_owned(), ..error }
    }

    pub(super) fn other_cluster(tried: &'static str, endpoint: &str, message: String) -> Self {
        CallError { tried, endpoint: endpoint.to_owned(), ..CallError::config(ErrorKind::OtherCluster, message) }
    }

    /// Translates a gRPC status; the codes and texts are those of etcd's `rpctypes/error.go`.
    pub(super) fn from_status(tried: &'static str, endpoint: &str, status: &Status) -> Self {
        let fault = fault(status);
        let mut message = message_of(status);
        let kind = fault.as_ref().map_or_else(|| kind(status, &message), fault_kind);
        if fault.is_none() && kind == ErrorKind::Unavailable && is_broken_off(&message) {
            "the server closed the connection".clone_into(&mut message);
        }
        let fault_advice = fault.as_ref().map(ConnectionFault::advice);
        let stale_login = is_stale_login(&message);
        CallError { kind, tried, endpoint: endpoint.to_owned(), message, stale_login, fault_advice }
    }

    pub(super) fn from_client(tried: &'static str, endpoint: &str, error: etcd_client::Error) -> Self {
        match error {
            etcd_client::Error::GRpcStatus(status) => CallError::from_status(tried, endpoint, &status),
            other => CallError::from_status(tried, endpoint, &Status::unknown(other.to_string())),
        }
    }

    /// Whether another member may answer instead.
    pub(super) fn is_members_fault(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::NoLeader | ErrorKind::Timeout)
    }

    /// Whether a new login may help. etcd has several messages for that; etcd-client recognizes only the first.
    pub(super) fn is_stale_login(&self) -> bool {
        self.stale_login
    }

    /// The message and the advice, without what was tried.
    pub(super) fn with_advice(&self) -> String {
        match self.advice() {
            "" => self.message.clone(),
            advice => format!("{}; {advice}", self.message),
        }
    }

    /// What was tried and the message, without advice.
    pub(crate) fn without_advice(&self) -> String {
        format!("{}{}", self.context(), self.message)
    }

    fn context(&self) -> String {
        match self.tried {
            "" => String::new(),
            tried => format!("could not {tried} at {}: ", self.endpoint),
        }
    }

    fn advice(&self) -> &'static str {
        if let Some(advice) = self.fault_advice {
            return advice;
        }
        match self.kind {
            ErrorKind::Unavailable => "is etcd running there? (set --endpoints, or try `leasetop demo`)",
            ErrorKind::NoLeader => "is a majority of the members running?",
            ErrorKind::Timeout => "the member may hang; --command-timeout waits longer",
            ErrorKind::Unauthenticated => "log in with --user NAME:PASSWORD",
            ErrorKind::Forbidden => "use a user whose role allows it",
            ErrorKind::Tls => "check --cacert, --cert, --key and https:// in --endpoints",
            ErrorKind::TooLargeTtl => "the maximum TTL is 9000000000 s",
            ErrorKind::AlreadyExists => "drop --id to let etcd choose one",
            ErrorKind::OtherCluster => "does a load balancer send to two clusters?",
            ErrorKind::NotFound | ErrorKind::Compacted | ErrorKind::Other => "",
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.context(), self.with_advice())
    }
}

/// The message of a status. The innermost cause is the most precise; tonic's own "transport error" says nothing.
fn message_of(status: &Status) -> String {
    let mut innermost: Option<String> = None;
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        innermost = Some(error.to_string());
        source = error.source();
    }
    let text = innermost.unwrap_or_else(|| status.message().to_owned());
    if text.is_empty() { format!("{:?}", status.code()) } else { text }
}

/// The fault that replaced the error of the transport.
fn fault(status: &Status) -> Option<ConnectionFault> {
    std::iter::successors(std::error::Error::source(status), |error| error.source())
        .find_map(|error| error.downcast_ref::<ConnectionFault>())
        .cloned()
}

fn fault_kind(fault: &ConnectionFault) -> ErrorKind {
    match fault {
        // The member may be about to stop or to start, and another may answer.
        _ if fault.is_silent() => ErrorKind::Unavailable,
        ConnectionFault::NotHttp2 => ErrorKind::Unavailable,
        _ => ErrorKind::Tls,
    }
}

/// Whether an established connection broke. The message depends on which event comes first.
fn is_broken_off(message: &str) -> bool {
    ["broken pipe", "reset", "closed"].iter().any(|part| message.contains(part))
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
        // A broken connection has one of these codes, with a message of the transport and not of etcd.
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
