//! Why a server that was reached cannot be used: TLS on one side only, a certificate, or another protocol.
//!
//! The message of the transport depends on which event it notices first: a reset, an end of stream or a failed write.
//! [`ConnectionFault`] depends only on what was read, so one fault always gives one message.

use std::io;

use tokio_rustls::rustls;
use tokio_rustls::rustls::AlertDescription;

use super::certificate_text::{alert_text, handshake_text};
use super::error_cause::ErrorCause;

/// Why a server that was reached cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum ConnectionFault {
    /// The server asked for a client certificate, got none, and ended the connection.
    #[error("the server requires a client certificate")]
    CertificateMissing,
    /// The server got a client certificate and ended the connection with an alert.
    #[error("the server rejected the client certificate ({})", alert_text(*.0))]
    CertificateRejected(AlertDescription),
    /// The server got a client certificate and ended the connection without an alert.
    #[error("the server closed the connection after it got the client certificate")]
    CertificateUnanswered,
    /// The server answered the TLS handshake with something other than TLS.
    #[error("the server answered without TLS")]
    NotTls,
    /// The server closed the connection and sent nothing in reply to the TLS handshake, as a plain-text etcd does.
    #[error("the server closed the connection during the TLS handshake")]
    HandshakeUnanswered,
    /// Any other error of the TLS handshake.
    #[error("{}", handshake_text(.0))]
    Tls(rustls::Error),
    /// The server answered plain text with a TLS record.
    #[error("the server answered in TLS")]
    UsesTls,
    /// The server closed the connection and sent nothing in reply to plain text, as an etcd with TLS does.
    #[error("the server closed the connection without an answer")]
    Unanswered,
    /// The server closed the connection after a TLS handshake that asked for no client certificate.
    #[error("the server closed the connection after the TLS handshake")]
    UnansweredInTls,
    /// Nothing listens any more where a server answered before.
    #[error("nothing listens at the endpoint any more")]
    Stopped,
    /// The server answered in another protocol.
    #[error("{0}")]
    NotHttp2(OtherProtocol),
    /// The server uses TLS, but refuses HTTP/2 during the handshake (ALPN).
    #[error("a server with TLS but without HTTP/2 answers there, not etcd")]
    NoHttp2InTls,
    /// An HTTP/2 server answered with this HTTP status, and not in gRPC.
    #[error("a web server answers there with HTTP status {0}, not etcd")]
    NotGrpc(u16),
    /// A proxy answered with this HTTP status, because it does not reach the server behind it.
    #[error("a proxy answers there with HTTP status {0}")]
    ProxyFailed(u16),
}

/// What a server uses instead of HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OtherProtocol {
    /// HTTP/1, as web servers and etcd's metrics port.
    #[error("a web server with HTTP/1 answers there, not etcd")]
    Http1,
    /// SSH.
    #[error("an SSH server answers there, not etcd")]
    Ssh,
    /// A greeting of SMTP or FTP.
    #[error("a mail or FTP server answers there, not etcd")]
    MailOrFtp,
    /// The error that Redis replies with to an unknown command.
    #[error("a Redis server answers there, not etcd")]
    Redis,
    /// Anything else.
    #[error("the server does not use HTTP/2")]
    Unknown,
}

impl OtherProtocol {
    /// Detects the protocol from the first [`ENOUGH`](FirstBytes::ENOUGH) bytes. Later bytes do not count, so the
    /// result does not depend on how the answer is split into reads.
    fn detect(bytes: &[u8]) -> OtherProtocol {
        match bytes {
            // Some servers reply to an unknown version of HTTP with a page only.
            [b'H', b'T', b'T', b'P', ..] | [b'<', b'!' | b'h' | b'H', ..] => OtherProtocol::Http1,
            [b'S', b'S', b'H', b'-', ..] => OtherProtocol::Ssh,
            [b'2', b'2', b'0', b' ' | b'-', ..] => OtherProtocol::MailOrFtp,
            [b'-', b'E', b'R', b'R', ..] => OtherProtocol::Redis,
            _ => OtherProtocol::Unknown,
        }
    }
}

/// Whether the server asked for a client certificate, and whether it got one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum CertificateRequest {
    /// The server has not asked.
    #[default]
    NotSent,
    /// The server asked, and the client has no certificate.
    Declined,
    /// The server asked, and the client sent its certificate.
    Answered,
}

/// The kind of the first bytes from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstBytes {
    /// Too few bytes to decide.
    Incomplete,
    /// The SETTINGS frame that every HTTP/2 server sends first (RFC 9113, 3.4).
    Settings,
    /// A TLS alert.
    TlsAlert,
    /// Something else.
    Other(OtherProtocol),
}

impl FirstBytes {
    /// How many bytes are enough to decide.
    pub(super) const ENOUGH: usize = 4;

    /// Detects the kind of the first bytes. A frame of HTTP/2 begins with three bytes of length, the first of which is
    /// 0 for a SETTINGS frame, and its type, which is then 4.
    pub(super) fn detect(bytes: &[u8]) -> FirstBytes {
        match bytes {
            [0x15, 0x03, ..] => FirstBytes::TlsAlert,
            [0, _, _, 4, ..] => FirstBytes::Settings,
            [_, _, _, _, ..] => FirstBytes::Other(OtherProtocol::detect(bytes)),
            _ => FirstBytes::Incomplete,
        }
    }

    /// The fault that these bytes mean if nothing follows; `None` for an HTTP/2 server.
    pub(super) fn fault(self) -> Option<ConnectionFault> {
        match self {
            FirstBytes::Settings => None,
            FirstBytes::TlsAlert => Some(ConnectionFault::UsesTls),
            FirstBytes::Incomplete => Some(ConnectionFault::NotHttp2(OtherProtocol::Unknown)),
            FirstBytes::Other(protocol) => Some(ConnectionFault::NotHttp2(protocol)),
        }
    }
}

impl ConnectionFault {
    /// The fault in a failed TLS handshake; `None` for another error. `first` are the first bytes from the server.
    pub(super) fn of_handshake(
        error: &io::Error,
        first: &[u8],
        request: CertificateRequest,
    ) -> Option<ConnectionFault> {
        match tls_error(error) {
            Some(rustls::Error::InvalidMessage(_)) => Some(match OtherProtocol::detect(first) {
                OtherProtocol::Unknown => ConnectionFault::NotTls,
                known => ConnectionFault::NotHttp2(known),
            }),
            Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
                Some(ConnectionFault::NoHttp2InTls)
            }
            None if is_closed(error) && first.is_empty() => Some(ConnectionFault::HandshakeUnanswered),
            _ => ConnectionFault::of_tls(error, request),
        }
    }

    /// The fault in an answer that is not gRPC; `None` if it is gRPC.
    pub(super) fn of_answer(status: http::StatusCode, headers: &http::HeaderMap) -> Option<ConnectionFault> {
        let is_grpc = |value: &http::HeaderValue| value.as_bytes().starts_with(b"application/grpc");
        if headers.get("content-type").is_some_and(is_grpc) || headers.contains_key("grpc-status") {
            return None;
        }
        Some(match status.as_u16() {
            // Bad Gateway, Service Unavailable and Gateway Timeout.
            status @ 502..=504 => ConnectionFault::ProxyFailed(status),
            status => ConnectionFault::NotGrpc(status),
        })
    }

    /// The fault in a connection that failed after the TLS handshake and before the server's first frame. In TLS 1.3
    /// a server rejects a certificate there: for the client the handshake ends before the server has seen it.
    pub(super) fn of_tls(error: &io::Error, request: CertificateRequest) -> Option<ConnectionFault> {
        let alert = match tls_error(error) {
            Some(rustls::Error::AlertReceived(alert)) => Some(*alert),
            Some(error) => return Some(ConnectionFault::Tls(error.clone())),
            None if is_closed(error) => None,
            None => return None,
        };
        Some(match (request, alert) {
            (CertificateRequest::Declined, _) => ConnectionFault::CertificateMissing,
            (CertificateRequest::Answered, Some(alert)) => ConnectionFault::CertificateRejected(alert),
            (CertificateRequest::Answered, None) => ConnectionFault::CertificateUnanswered,
            (CertificateRequest::NotSent, Some(alert)) => ConnectionFault::Tls(rustls::Error::AlertReceived(alert)),
            (CertificateRequest::NotSent, None) => ConnectionFault::UnansweredInTls,
        })
    }

    /// The fault in a plain-text connection that failed before the server's first frame.
    pub(super) fn of_plain(error: &io::Error) -> Option<ConnectionFault> {
        is_closed(error).then_some(ConnectionFault::Unanswered)
    }

    /// Whether the server gave no reason. A server that replied earlier has stopped and did not refuse the connection.
    pub(super) fn is_silent(&self) -> bool {
        matches!(
            self,
            ConnectionFault::HandshakeUnanswered
                | ConnectionFault::Unanswered
                | ConnectionFault::UnansweredInTls
                | ConnectionFault::CertificateUnanswered
        )
    }

    /// The cause for the table of errors.
    pub(super) fn cause(&self) -> ErrorCause {
        match self {
            ConnectionFault::CertificateMissing => ErrorCause::CertificateMissing,
            ConnectionFault::CertificateRejected(_) | ConnectionFault::CertificateUnanswered => {
                ErrorCause::CertificateRejected
            }
            ConnectionFault::NotTls | ConnectionFault::HandshakeUnanswered => ErrorCause::NotTls,
            ConnectionFault::UsesTls | ConnectionFault::Unanswered => ErrorCause::UsesTls,
            ConnectionFault::Tls(
                rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(AlertDescription::InternalError),
            ) => ErrorCause::ServerCertificate,
            ConnectionFault::Tls(_) => ErrorCause::TlsFailed,
            ConnectionFault::UnansweredInTls => ErrorCause::Closed,
            ConnectionFault::Stopped => ErrorCause::Stopped,
            ConnectionFault::NotHttp2(_) | ConnectionFault::NoHttp2InTls => ErrorCause::NotHttp2,
            ConnectionFault::NotGrpc(_) => ErrorCause::NotGrpc,
            ConnectionFault::ProxyFailed(_) => ErrorCause::ProxyFailed,
        }
    }
}

pub(super) fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether the server closed the connection. The kind depends on which event comes first.
fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_rustls::rustls::{CertificateError, InvalidMessage};

    const REQUESTS: [CertificateRequest; 3] =
        [CertificateRequest::NotSent, CertificateRequest::Declined, CertificateRequest::Answered];

    fn closings() -> [io::Error; 4] {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof].map(io::Error::from)
    }

    fn tls(error: rustls::Error) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }

    #[test]
    fn the_first_bytes_name_the_protocol() {
        use OtherProtocol::{Http1, MailOrFtp, Redis, Ssh, Unknown};
        let cases: [(&[u8], FirstBytes); 12] = [
            (b"", FirstBytes::Incomplete),
            (&[0, 0, 18], FirstBytes::Incomplete),
            (&[0, 0, 18, 4, 0, 0, 0, 0, 0], FirstBytes::Settings),
            (&[0, 0, 0, 4], FirstBytes::Settings),
            (&[0, 0, 8, 7], FirstBytes::Other(Unknown)),
            (&[0x15, 3, 1, 0, 2, 2, 70], FirstBytes::TlsAlert),
            (&[0x15, 3], FirstBytes::TlsAlert),
            (b"HTTP/1.0 400 Bad Request\r\n\r\n", FirstBytes::Other(Http1)),
            (b"<!DOCTYPE HTML>", FirstBytes::Other(Http1)),
            (b"SSH-2.0-OpenSSH_9.2\r\n", FirstBytes::Other(Ssh)),
            (b"220 mail.example ESMTP\r\n", FirstBytes::Other(MailOrFtp)),
            (b"-ERR unknown command 'PRI'\r\n", FirstBytes::Other(Redis)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(FirstBytes::detect(bytes), expected, "{bytes:?}");
        }
        assert_eq!(FirstBytes::Settings.fault(), None);
        assert_eq!(FirstBytes::TlsAlert.fault(), Some(ConnectionFault::UsesTls));
        assert_eq!(
            FirstBytes::Incomplete.fault(),
            Some(ConnectionFault::NotHttp2(Unknown)),
            "closed after three bytes"
        );
    }

    #[test]
    fn a_reset_and_an_end_of_stream_mean_the_same() {
        for error in closings() {
            assert_eq!(ConnectionFault::of_plain(&error), Some(ConnectionFault::Unanswered), "{error}");
            for (request, expected) in REQUESTS.into_iter().zip([
                ConnectionFault::UnansweredInTls,
                ConnectionFault::CertificateMissing,
                ConnectionFault::CertificateUnanswered,
            ]) {
                assert_eq!(ConnectionFault::of_tls(&error, request), Some(expected.clone()), "{error}");
                assert_eq!(ConnectionFault::of_handshake(&error, &[0x16], request), Some(expected), "{error}");
            }
            let silent = ConnectionFault::of_handshake(&error, &[], CertificateRequest::NotSent);
            assert_eq!(silent, Some(ConnectionFault::HandshakeUnanswered), "{error}");
        }
        let other = io::Error::from(io::ErrorKind::TimedOut);
        assert_eq!(ConnectionFault::of_plain(&other), None);
        assert_eq!(ConnectionFault::of_tls(&other, CertificateRequest::Declined), None);
        assert_eq!(ConnectionFault::of_handshake(&other, &[], CertificateRequest::NotSent), None);
    }

    #[test]
    fn an_alert_means_the_certificate_once_the_server_asked_for_it() {
        let of = |alert, request| ConnectionFault::of_tls(&tls(rustls::Error::AlertReceived(alert)), request);
        for alert in [AlertDescription::CertificateRequired, AlertDescription::BadCertificate] {
            assert_eq!(of(alert, CertificateRequest::Declined), Some(ConnectionFault::CertificateMissing));
        }
        let expired = AlertDescription::CertificateExpired;
        let rejected = of(expired, CertificateRequest::Answered).unwrap();
        assert_eq!(rejected, ConnectionFault::CertificateRejected(expired));
        assert_eq!(
            rejected.to_string(),
            "the server rejected the client certificate (it has expired by the server's clock)"
        );
        let unasked = of(AlertDescription::ProtocolVersion, CertificateRequest::NotSent).unwrap();
        assert_eq!(unasked.to_string(), "the server supports neither TLS 1.3 nor TLS 1.2");
        let broken = of(AlertDescription::InternalError, CertificateRequest::NotSent).unwrap();
        assert_eq!(broken.to_string(), "the server's certificate or key is unusable, as its log says");
        assert_eq!(broken.cause(), ErrorCause::ServerCertificate);
        let other = of(AlertDescription::DecodeError, CertificateRequest::NotSent).unwrap();
        assert_eq!(other.to_string(), "the server ended the TLS handshake (DecodeError)");
    }

    #[test]
    fn a_failed_handshake_keeps_its_reason() {
        let after =
            |first: &[u8], error| ConnectionFault::of_handshake(&tls(error), first, CertificateRequest::NotSent);
        let of = |error| after(&[0x15], error);
        let no_record = || rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType);
        assert_eq!(of(no_record()), Some(ConnectionFault::NotTls));
        assert_eq!(after(b"SSH-", no_record()), Some(ConnectionFault::NotHttp2(OtherProtocol::Ssh)));
        let no_alpn = of(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)).unwrap();
        assert_eq!((no_alpn.cause(), no_alpn), (ErrorCause::NotHttp2, ConnectionFault::NoHttp2InTls));
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let fault = of(unknown.clone()).unwrap();
        assert_eq!(fault.to_string(), "the server's certificate is not signed by a trusted CA");
        assert_eq!(fault.cause(), ErrorCause::ServerCertificate);
    }

    #[test]
    fn an_answer_of_a_web_server_or_a_proxy_is_not_grpc() {
        let of = |status: u16, header: Option<(&'static str, &'static str)>| {
            let headers = header.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            ConnectionFault::of_answer(http::StatusCode::from_u16(status).unwrap(), &headers.collect())
        };
        assert_eq!(of(200, Some(("content-type", "application/grpc+proto"))), None);
        assert_eq!(of(200, Some(("grpc-status", "12"))), None);
        assert_eq!(of(200, None), Some(ConnectionFault::NotGrpc(200)));
        assert_eq!(of(403, Some(("content-type", "text/html"))), Some(ConnectionFault::NotGrpc(403)));
        assert_eq!(of(502, Some(("content-type", "text/html"))), Some(ConnectionFault::ProxyFailed(502)));
    }
}
