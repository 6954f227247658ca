//! Why a call failed.

use std::borrow::Cow;
use std::fmt;

use tonic::{Code, Status};

use super::connection_fault::ConnectionFault;
use super::error_cause::{ErrorCause, ErrorKind};

/// A call that failed. It prints what was tried, where, and the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CallError {
    kind: ErrorKind,
    cause: ErrorCause,
    tried: Cow<'static, str>,
    endpoint: String,
    message: String,
}

impl CallError {
    /// The reason.
    #[doc(hidden)]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What exactly failed.
    #[doc(hidden)]
    pub fn cause(&self) -> ErrorCause {
        self.cause
    }

    /// What was tried, such as "grant a lease"; empty if nothing was sent, as for an error of the configuration.
    pub fn tried(&self) -> &Cow<'static, str> {
        &self.tried
    }

    /// The endpoint of the member that was called; empty if none was.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The message of etcd or of the connection.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// An error that was found before anything was dialled.
    pub(super) fn config(kind: ErrorKind, cause: ErrorCause, message: String) -> Self {
        CallError { kind, cause, tried: Cow::Borrowed(""), endpoint: String::new(), message }
    }

    pub(super) fn timeout(tried: &'static str, endpoint: &str) -> Self {
        CallError::new(ErrorCause::NoReply, tried, endpoint, "no reply in time")
    }

    pub(super) fn other_cluster(tried: &'static str, endpoint: &str, message: String) -> Self {
        CallError::new(ErrorCause::OtherCluster, tried, endpoint, message)
    }

    /// An error with this cause.
    #[doc(hidden)]
    pub fn new(cause: ErrorCause, tried: &'static str, endpoint: &str, message: impl Into<String>) -> Self {
        CallError {
            kind: cause.kind(),
            cause,
            tried: tried.into(),
            endpoint: endpoint.to_owned(),
            message: message.into(),
        }
    }

    /// The refusal of a learner, which serves only its status and serializable reads.
    pub(super) fn learner(tried: &'static str, endpoint: &str) -> Self {
        CallError::new(ErrorCause::Learner, tried, endpoint, "etcdserver: rpc not supported for learner")
    }

    /// Copies this error as that of another operation.
    pub(super) fn trying(&self, tried: &'static str) -> Self {
        CallError { tried: tried.into(), ..self.clone() }
    }

    /// Translates a gRPC status.
    pub(super) fn from_status(tried: &'static str, endpoint: &str, status: &Status) -> Self {
        let (code, mut message) = unwrapped(status.code(), message_of(status));
        let (cause, kind) = match fault(status) {
            // A server that said nothing may be about to stop or to start, and another may answer.
            Some(fault) if fault.is_silent() => (fault.cause(), ErrorKind::Unavailable),
            Some(fault) => (fault.cause(), fault.cause().kind()),
            None => ErrorCause::of(code, &message),
        };
        if cause == ErrorCause::Closed && fault(status).is_none() && is_broken_off(&message) {
            "the server closed the connection".clone_into(&mut message);
        }
        CallError { kind, cause, tried: tried.into(), endpoint: endpoint.to_owned(), message }
    }

    pub(super) fn from_client(tried: &'static str, endpoint: &str, error: etcd_client::Error) -> Self {
        match error {
            etcd_client::Error::GRpcStatus(status) => CallError::from_status(tried, endpoint, &status),
            other => CallError::from_status(tried, endpoint, &Status::unknown(other.to_string())),
        }
    }

    /// Whether the server refuses the request until somebody changes something. A server that gave no reason may be about
    /// to stop or to start.
    #[doc(hidden)]
    pub fn is_refusal(&self) -> bool {
        let is_silent = self.kind == ErrorKind::Unavailable && self.cause.kind() != ErrorKind::Unavailable;
        self.cause.is_permanent() && !is_silent
    }

    /// Whether another member may answer instead.
    pub(super) fn is_members_fault(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::NoLeader | ErrorKind::Learner | ErrorKind::Timeout)
    }

    /// Whether a write may be sent to another member: this one refused it, or the connection failed.
    pub(super) fn is_refusal_of_member(&self) -> bool {
        matches!(self.kind, ErrorKind::Unavailable | ErrorKind::NoLeader | ErrorKind::Learner)
    }

    /// Whether the member surely did not process the request: it has no connection, no leader or no vote. A request may have
    /// been processed if its connection was closed, also if the next one was refused (`Stopped`), or if it timed out in etcd.
    pub(super) fn is_unprocessed(&self) -> bool {
        let is_unsent = matches!(self.cause, ErrorCause::Refused | ErrorCause::UnknownHost | ErrorCause::Unreachable);
        is_unsent || matches!(self.kind, ErrorKind::NoLeader | ErrorKind::Learner)
    }

    /// Whether etcd refused the user or the password, or has no authentication.
    pub(super) fn is_refused_login(&self) -> bool {
        matches!(self.cause, ErrorCause::WrongPassword | ErrorCause::AuthDisabled)
    }

    /// Whether a new login may help. etcd has several messages for that; etcd-client recognises only the first.
    pub(super) fn is_stale_login(&self) -> bool {
        matches!(self.cause, ErrorCause::LoginExpired | ErrorCause::LoginRequired)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.tried.is_empty() {
            write!(f, "could not {} at {}: ", self.tried, self.endpoint)?;
        }
        f.write_str(&self.message)
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

/// The code and text inside an error that etcd wrapped in another one. The status of etcd 3.7 refuses a request without a
/// login with the code Unknown and `rpc error: code = InvalidArgument desc = etcdserver: user name is empty`.
fn unwrapped(code: Code, message: String) -> (Code, String) {
    let inner = message.strip_prefix("rpc error: code = ").and_then(|inner| inner.split_once(" desc = "));
    let Some((name, text)) = inner else { return (code, message) };
    let named = (0..=16).map(Code::from).find(|code| format!("{code:?}") == name);
    (named.unwrap_or(code), text.to_owned())
}

/// The fault that replaced the error of the transport.
fn fault(status: &Status) -> Option<ConnectionFault> {
    std::iter::successors(std::error::Error::source(status), |error| error.source())
        .find_map(|error| error.downcast_ref::<ConnectionFault>())
        .cloned()
}

/// Whether an established connection broke. The message depends on which event comes first.
fn is_broken_off(message: &str) -> bool {
    ["broken pipe", "reset", "closed"].iter().any(|part| message.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_etcd_wrapped_in_another_one_keeps_its_cause() {
        let text = "rpc error: code = InvalidArgument desc = etcdserver: user name is empty";
        let error = CallError::from_status("read the status", "m1", &Status::unknown(text));
        let inner = "etcdserver: user name is empty";
        assert_eq!((error.cause(), error.message()), (ErrorCause::LoginRequired, inner));
        let plain = CallError::from_status("read the status", "m1", &Status::invalid_argument(inner));
        assert_eq!(error, plain);
    }
}
