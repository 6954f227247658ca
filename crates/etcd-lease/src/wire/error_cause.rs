//! The errors of etcd and of the connection, told apart by gRPC code and text.

use tonic::Code;

/// The reason of an error, for decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
    /// The member is a learner, which refuses nearly all requests.
    Learner,
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

/// What exactly failed. Several causes share an [`ErrorKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ErrorCause {
    /// The lease does not exist.
    LeaseNotFound,
    /// A lease with that id exists already.
    LeaseExists,
    /// The TTL is above 9,000,000,000 s.
    TtlTooLarge,
    /// The requested revision has been compacted.
    Compacted,
    /// The database has reached its quota.
    NoSpace,
    /// More than 5,000 proposals wait to be applied.
    Overloaded,
    /// The request is larger than `--max-request-bytes`, or has more operations than `--max-txn-ops`.
    RequestTooLarge,
    /// The members' data differ.
    Corrupt,
    /// The user lacks a permission.
    PermissionDenied,
    /// etcd does not know the user, or the password is wrong.
    WrongPassword,
    /// etcd requires a login, and the request had none.
    LoginRequired,
    /// The token has expired, or users or roles changed since it was issued.
    LoginExpired,
    /// A login was tried on a cluster without authentication.
    AuthDisabled,
    /// The member is a learner.
    Learner,
    /// The member has no leader.
    NoLeader,
    /// The leader changed while the request was processed.
    LeaderChanged,
    /// etcd itself waited too long for the other members or for its disk.
    TimedOutInEtcd,
    /// The member is shutting down.
    Stopping,
    /// The server does not know the request.
    Unimplemented,
    /// There was no reply in time.
    NoReply,
    /// Nothing listens at the endpoint.
    Refused,
    /// Nothing listens any more at an endpoint that has answered.
    Stopped,
    /// The host name cannot be resolved.
    UnknownHost,
    /// No connection could be made for another reason, or not in time.
    Unreachable,
    /// An established connection was closed.
    Closed,
    /// The server requires a client certificate.
    CertificateMissing,
    /// The server rejected the client certificate, or closed the connection when it got it.
    CertificateRejected,
    /// The server's certificate is not trusted.
    ServerCertificate,
    /// The TLS handshake failed otherwise.
    TlsFailed,
    /// A TLS file cannot be used.
    TlsFile,
    /// The server does not use TLS.
    NotTls,
    /// The server uses TLS.
    UsesTls,
    /// The server does not use HTTP/2.
    NotHttp2,
    /// The server uses HTTP/2 but not gRPC.
    NotGrpc,
    /// A proxy answered that it does not reach the server behind it.
    ProxyFailed,
    /// Another cluster answered than before.
    OtherCluster,
    /// Any other error.
    Other,
}

/// How an error of etcd is recognised: by one of the texts, and one of the codes if there are any.
#[derive(Debug)]
pub struct EtcdError {
    /// The cause.
    pub cause: ErrorCause,
    /// Its kind.
    pub kind: ErrorKind,
    /// The gRPC codes, in the order of etcd's versions; none if the text decides.
    pub codes: &'static [Code],
    /// Parts of etcd's texts; an empty one matches any text.
    pub texts: &'static [&'static str],
}

impl EtcdError {
    fn matches(&self, code: Code, message: &str) -> bool {
        (self.codes.is_empty() || self.codes.contains(&code)) && self.texts.iter().any(|text| message.contains(text))
    }
}

const fn row(cause: ErrorCause, kind: ErrorKind, codes: &'static [Code], texts: &'static [&'static str]) -> EtcdError {
    EtcdError { cause, kind, codes, texts }
}

/// The errors of etcd: codes and texts of `api/v3rpc/rpctypes/error.go`, 3.4 to 3.7. The first match counts.
pub const ETCD_ERRORS: [EtcdError; 19] = [
    row(ErrorCause::LeaseNotFound, ErrorKind::NotFound, &[Code::NotFound], &["requested lease not found"]),
    row(ErrorCause::LeaseExists, ErrorKind::AlreadyExists, &[Code::FailedPrecondition], &["lease already exists"]),
    row(ErrorCause::TtlTooLarge, ErrorKind::TooLargeTtl, &[Code::OutOfRange], &["too large lease TTL"]),
    row(ErrorCause::Compacted, ErrorKind::Compacted, &[Code::OutOfRange], &["required revision has been compacted"]),
    row(ErrorCause::NoSpace, ErrorKind::Other, &[Code::ResourceExhausted], &["database space exceeded"]),
    row(ErrorCause::Overloaded, ErrorKind::Other, &[Code::ResourceExhausted], &["too many requests"]),
    row(
        ErrorCause::RequestTooLarge,
        ErrorKind::Other,
        &[Code::InvalidArgument],
        &["request is too large", "too many operations in txn request"],
    ),
    row(ErrorCause::Corrupt, ErrorKind::Other, &[Code::DataLoss], &["corrupt cluster"]),
    row(ErrorCause::PermissionDenied, ErrorKind::Forbidden, &[Code::PermissionDenied], &["permission denied", ""]),
    row(ErrorCause::WrongPassword, ErrorKind::Unauthenticated, &[Code::InvalidArgument], &["authentication failed"]),
    row(ErrorCause::LoginRequired, ErrorKind::Unauthenticated, &[Code::InvalidArgument], &["user name is empty"]),
    row(
        ErrorCause::LoginExpired,
        ErrorKind::Unauthenticated,
        &[],
        &["invalid auth token", "revision of auth store is old", "revision in header is old"],
    ),
    row(ErrorCause::AuthDisabled, ErrorKind::Other, &[Code::FailedPrecondition], &["authentication is not enabled"]),
    row(
        ErrorCause::Learner,
        ErrorKind::Learner,
        &[Code::Unavailable, Code::FailedPrecondition],
        &["rpc not supported for learner"],
    ),
    row(ErrorCause::NoLeader, ErrorKind::NoLeader, &[Code::Unavailable], &["etcdserver: no leader"]),
    // The first text is that of a renewal at a member that is not the leader any more; its code is Unknown.
    row(
        ErrorCause::LeaderChanged,
        ErrorKind::Unavailable,
        &[Code::Unavailable, Code::Unknown],
        &["leader changed", "not a primary lessor"],
    ),
    row(ErrorCause::TimedOutInEtcd, ErrorKind::Unavailable, &[Code::Unavailable], &["etcdserver: request timed out"]),
    row(ErrorCause::Stopping, ErrorKind::Unavailable, &[Code::Unavailable], &["etcdserver: server stopped"]),
    row(ErrorCause::Unimplemented, ErrorKind::Other, &[Code::Unimplemented], &[""]),
];

impl ErrorCause {
    /// How the cause is recognised, if it is an error that etcd replies with.
    pub fn etcd_error(self) -> Option<&'static EtcdError> {
        ETCD_ERRORS.iter().find(|row| row.cause == self)
    }

    /// Whether it stays until somebody changes something.
    pub fn is_permanent(self) -> bool {
        matches!(
            self,
            ErrorCause::Corrupt
                | ErrorCause::PermissionDenied
                | ErrorCause::WrongPassword
                | ErrorCause::LoginRequired
                | ErrorCause::AuthDisabled
                | ErrorCause::Learner
                | ErrorCause::Unimplemented
                | ErrorCause::CertificateMissing
                | ErrorCause::CertificateRejected
                | ErrorCause::ServerCertificate
                | ErrorCause::TlsFailed
                | ErrorCause::TlsFile
                | ErrorCause::NotTls
                | ErrorCause::UsesTls
                | ErrorCause::NotHttp2
                | ErrorCause::NotGrpc
        )
    }

    /// The kind of an error with this cause.
    pub(super) fn kind(self) -> ErrorKind {
        if let Some(row) = self.etcd_error() {
            return row.kind;
        }
        match self {
            ErrorCause::NoReply => ErrorKind::Timeout,
            ErrorCause::CertificateMissing | ErrorCause::CertificateRejected => ErrorKind::Tls,
            ErrorCause::ServerCertificate | ErrorCause::TlsFailed => ErrorKind::Tls,
            ErrorCause::TlsFile | ErrorCause::NotTls | ErrorCause::UsesTls => ErrorKind::Tls,
            ErrorCause::OtherCluster => ErrorKind::OtherCluster,
            ErrorCause::Other => ErrorKind::Other,
            _ => ErrorKind::Unavailable,
        }
    }

    /// The cause and kind of an error from a server or from the transport.
    pub(super) fn of(code: Code, message: &str) -> (ErrorCause, ErrorKind) {
        if let Some(row) = ETCD_ERRORS.iter().find(|row| row.matches(code, message)) {
            return (row.cause, row.kind);
        }
        match code {
            Code::NotFound => (ErrorCause::Other, ErrorKind::NotFound),
            Code::Unauthenticated => (ErrorCause::LoginExpired, ErrorKind::Unauthenticated),
            Code::DeadlineExceeded => (ErrorCause::NoReply, ErrorKind::Timeout),
            Code::Unavailable if message.contains("etcdserver:") => (ErrorCause::Other, ErrorKind::Unavailable),
            Code::Unavailable => (connection_cause(message), ErrorKind::Unavailable),
            // A broken connection has one of these codes, with a message of the transport and not of etcd.
            Code::Unknown | Code::Cancelled | Code::Internal
                if !message.contains("etcdserver:") && !message.contains("auth:") =>
            {
                (connection_cause(message), ErrorKind::Unavailable)
            }
            _ => (ErrorCause::Other, ErrorKind::Other),
        }
    }
}

/// A part of the message for a reply of another cluster.
pub(super) const OTHER_CLUSTER: &str = "which is not the cluster known so far";

/// The message for a server that accepts a connection and does not answer the TLS handshake.
pub(super) const NO_HANDSHAKE: &str = "no reply to the TLS handshake within";

/// Why a connection failed. An error of a connection that existed before has the message of whichever event came first.
fn connection_cause(message: &str) -> ErrorCause {
    let has = |part: &str| message.contains(part);
    match () {
        () if has(OTHER_CLUSTER) => ErrorCause::OtherCluster,
        () if has(NO_HANDSHAKE) => ErrorCause::NoReply,
        // The latter is a Unix socket that does not exist.
        () if has("Connection refused") || has("No such file") => ErrorCause::Refused,
        () if has("failed to lookup address") => ErrorCause::UnknownHost,
        // Without the first letter, which may be a capital.
        () if has("no connection within") || has("o route to host") || has("nreachable") => ErrorCause::Unreachable,
        () => ErrorCause::Closed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_etcd_is_told_apart() {
        for row in &ETCD_ERRORS {
            let all_codes = if row.codes.is_empty() { &[Code::InvalidArgument] } else { row.codes };
            for (code, text) in all_codes.iter().flat_map(|code| row.texts.iter().map(move |text| (*code, *text))) {
                let message = if text.contains("etcdserver") { text.to_owned() } else { format!("etcdserver: {text}") };
                assert_eq!(ErrorCause::of(code, &message), (row.cause, row.kind), "{code:?} {message}");
            }
        }
    }

    #[test]
    fn a_connection_fails_for_one_of_a_few_reasons() {
        for (code, message, cause) in [
            (Code::Unavailable, "Connection refused (os error 111)", ErrorCause::Refused),
            (Code::Unavailable, "No such file or directory (os error 2)", ErrorCause::Refused),
            (Code::Unavailable, "failed to lookup address information: Name does not resolve", ErrorCause::UnknownHost),
            (Code::Unavailable, "no connection within 2s", ErrorCause::Unreachable),
            (Code::Unavailable, "no reply to the TLS handshake within 2s", ErrorCause::NoReply),
            (Code::Unavailable, "Network is unreachable (os error 101)", ErrorCause::Unreachable),
            (Code::Unknown, "broken pipe", ErrorCause::Closed),
            (Code::Cancelled, "operation was canceled", ErrorCause::Closed),
        ] {
            assert_eq!(ErrorCause::of(code, message), (cause, ErrorKind::Unavailable), "{message}");
        }
        assert_eq!(ErrorCause::of(Code::DeadlineExceeded, "").1, ErrorKind::Timeout);
        assert_eq!(ErrorCause::of(Code::Unknown, "etcdserver: new text"), (ErrorCause::Other, ErrorKind::Other));
    }
}
