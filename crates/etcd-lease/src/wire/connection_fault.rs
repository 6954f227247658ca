//! Why a server that was reached did not answer: TLS on one side only, or a certificate.
//!
//! The message of the transport depends on which event it notices first: a reset, an end of stream or a failed write.
//! [`ConnectionFault`] depends only on what was read, so one fault always gives one message.

use std::io;

use tokio_rustls::rustls;
use tokio_rustls::rustls::AlertDescription;

use super::certificate_text::handshake_text;
use super::error_cause::ErrorCause;

/// Why a server that was reached did not answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum ConnectionFault {
    /// The server asked for a client certificate, got none, and ended the connection.
    #[error("the server requires a client certificate")]
    CertificateMissing,
    /// The server got a client certificate and ended the connection with an alert.
    #[error("the server rejected the client certificate ({0:?})")]
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
    #[error("the server does not use HTTP/2")]
    NotHttp2,
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
    Other,
}

impl FirstBytes {
    /// How many bytes are enough to decide.
    pub(super) const ENOUGH: usize = 4;

    /// Reads the header of a frame: three bytes of length, which is short for a SETTINGS frame, then the type.
    pub(super) fn read(bytes: &[u8]) -> FirstBytes {
        match bytes {
            [0x15, 0x03, ..] => FirstBytes::TlsAlert,
            [0, _, _, 4, ..] => FirstBytes::Settings,
            [_, _, _, _, ..] => FirstBytes::Other,
            _ => FirstBytes::Incomplete,
        }
    }

    /// The fault that the bytes mean; none for an HTTP/2 server.
    pub(super) fn fault(self) -> Option<ConnectionFault> {
        match self {
            FirstBytes::Settings => None,
            FirstBytes::TlsAlert => Some(ConnectionFault::UsesTls),
            FirstBytes::Incomplete | FirstBytes::Other => Some(ConnectionFault::NotHttp2),
        }
    }
}

impl ConnectionFault {
    /// The fault in a failed TLS handshake; none if it is another error. `has_read` says whether the server sent any
    /// byte.
    pub(super) fn of_handshake(
        error: &io::Error,
        has_read: bool,
        request: CertificateRequest,
    ) -> Option<ConnectionFault> {
        match tls_error(error) {
            Some(rustls::Error::InvalidMessage(_)) => Some(ConnectionFault::NotTls),
            None if is_closed(error) && !has_read => Some(ConnectionFault::HandshakeUnanswered),
            _ => ConnectionFault::of_tls(error, request),
        }
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
            ConnectionFault::Tls(rustls::Error::InvalidCertificate(_)) => ErrorCause::ServerCertificate,
            ConnectionFault::Tls(_) => ErrorCause::TlsFailed,
            ConnectionFault::UnansweredInTls => ErrorCause::Closed,
            ConnectionFault::Stopped => ErrorCause::Stopped,
            ConnectionFault::NotHttp2 => ErrorCause::NotHttp2,
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
        let cases: [(&[u8], FirstBytes); 9] = [
            (b"", FirstBytes::Incomplete),
            (&[0, 0, 18], FirstBytes::Incomplete),
            (&[0, 0, 18, 4, 0, 0, 0, 0, 0], FirstBytes::Settings),
            (&[0, 0, 0, 4], FirstBytes::Settings),
            (&[0, 0, 8, 7], FirstBytes::Other),
            (&[0x15, 3, 1, 0, 2, 2, 70], FirstBytes::TlsAlert),
            (&[0x15, 3], FirstBytes::TlsAlert),
            (b"HTTP/1.0 400 Bad Request\r\n\r\n", FirstBytes::Other),
            (b"SSH-2.0-OpenSSH_9.2\r\n", FirstBytes::Other),
        ];
        for (bytes, expected) in cases {
            assert_eq!(FirstBytes::read(bytes), expected, "{bytes:?}");
        }
        assert_eq!(FirstBytes::Settings.fault(), None);
        assert_eq!(FirstBytes::TlsAlert.fault(), Some(ConnectionFault::UsesTls));
        assert_eq!(FirstBytes::Incomplete.fault(), Some(ConnectionFault::NotHttp2), "closed after three bytes");
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
                assert_eq!(ConnectionFault::of_handshake(&error, true, request), Some(expected), "{error}");
            }
            let silent = ConnectionFault::of_handshake(&error, false, CertificateRequest::NotSent);
            assert_eq!(silent, Some(ConnectionFault::HandshakeUnanswered), "{error}");
        }
        let other = io::Error::from(io::ErrorKind::TimedOut);
        assert_eq!(ConnectionFault::of_plain(&other), None);
        assert_eq!(ConnectionFault::of_tls(&other, CertificateRequest::Declined), None);
        assert_eq!(ConnectionFault::of_handshake(&other, false, CertificateRequest::NotSent), None);
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
        assert_eq!(rejected.to_string(), "the server rejected the client certificate (CertificateExpired)");
        let unasked = of(AlertDescription::ProtocolVersion, CertificateRequest::NotSent).unwrap();
        assert_eq!(unasked.to_string(), "received fatal alert: ProtocolVersion");
    }

    #[test]
    fn a_failed_handshake_keeps_its_reason() {
        let of = |error| ConnectionFault::of_handshake(&tls(error), true, CertificateRequest::NotSent);
        assert_eq!(
            of(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)),
            Some(ConnectionFault::NotTls)
        );
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let fault = of(unknown.clone()).unwrap();
        assert_eq!(fault.to_string(), "the server's certificate is not signed by a trusted CA");
        assert_eq!(fault.cause(), ErrorCause::ServerCertificate);
    }
}
