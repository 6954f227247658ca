//! The outcome of the connections to one member, and the streams that observe it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ClientConfig, SignatureScheme};
use tower::BoxError;

use super::connection_fault::{CertificateRequest, ConnectionFault, FirstBytes};

/// The outcome of the connections to one member, which are made one after the other.
#[derive(Debug, Default)]
pub(super) struct Link(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Whether the server asked for a client certificate on the newest connection.
    request: CertificateRequest,
    /// Whether the server ever answered on any connection.
    has_answered: bool,
    /// Why the newest connection with a known outcome cannot be used.
    fault: Option<ConnectionFault>,
    /// When the certificate that the server presented last ends.
    certificate_end: Option<SystemTime>,
}

impl Link {
    /// A copy of the TLS configuration that notes whether the server asks for a certificate.
    pub(super) fn observe(self: &Arc<Self>, config: &ClientConfig) -> Arc<ClientConfig> {
        let mut config = config.clone();
        let resolver = Arc::clone(&config.client_auth_cert_resolver);
        config.client_auth_cert_resolver = Arc::new(ObservedResolver { resolver, link: Arc::clone(self) });
        Arc::new(config)
    }

    /// Notes that a new connection starts.
    pub(super) fn begin(&self) {
        self.state().request = CertificateRequest::NotSent;
    }

    /// Notes that a connection failed.
    pub(super) fn fail(&self, error: &io::Error) {
        let fault = error.get_ref().and_then(|inner| inner.downcast_ref::<ConnectionFault>()).cloned();
        // A Unix socket is removed when its server ends.
        let is_gone = matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound);
        let is_stopped = is_gone && self.state().has_answered;
        self.conclude(if is_stopped { Some(ConnectionFault::Stopped) } else { fault });
    }

    /// The error of a TLS handshake, with the [`ConnectionFault`] inside. `first` are the first bytes from the server.
    pub(super) fn handshake_error(&self, error: io::Error, first: &[u8]) -> io::Error {
        match ConnectionFault::of_handshake(&error, first, self.state().request) {
            Some(fault) => io::Error::new(error.kind(), fault),
            None => error,
        }
    }

    /// The fault if the server refused the newest connection, otherwise the error of the transport.
    pub(super) fn explain(&self, error: impl Into<BoxError>) -> BoxError {
        match self.state().fault.clone() {
            Some(fault) => fault.into(),
            None => error.into(),
        }
    }

    /// Notes when the server's certificate ends, if that was found out.
    pub(super) fn note_certificate(&self, end: Option<SystemTime>) {
        let mut state = self.state();
        state.certificate_end = end.or(state.certificate_end);
    }

    /// When the certificate that the server presented last ends. `None` in plain text, and before the first handshake.
    pub(super) fn certificate_end(&self) -> Option<SystemTime> {
        self.state().certificate_end
    }

    fn answered(&self) {
        self.state().has_answered = true;
        self.conclude(None);
    }

    /// Notes the outcome of the newest connection. The silence of a server that has answered before is not a fault: it
    /// stopped.
    fn conclude(&self, fault: Option<ConnectionFault>) {
        let mut state = self.state();
        let went_away = state.has_answered && fault.as_ref().is_some_and(ConnectionFault::is_silent);
        state.fault = if went_away { None } else { fault };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes that the server asks for a client certificate.
#[derive(Debug)]
struct ObservedResolver {
    resolver: Arc<dyn ResolvesClientCert>,
    link: Arc<Link>,
}

impl ResolvesClientCert for ObservedResolver {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let certificate = self.resolver.resolve(issuers, schemes);
        self.link.state().request =
            if certificate.is_some() { CertificateRequest::Answered } else { CertificateRequest::Declined };
        certificate
    }

    fn only_raw_public_keys(&self) -> bool {
        self.resolver.only_raw_public_keys()
    }

    fn has_certs(&self) -> bool {
        self.resolver.has_certs()
    }
}

/// A stream on which only a read reports that the server closed it.
///
/// Writes after that succeed and are discarded. A failed write would hide the last bytes from the server, such as the
/// alert that says what is wrong with a certificate.
#[derive(Debug)]
pub(super) struct ReadFirst<S> {
    stream: S,
    first: Vec<u8>,
}

impl<S> ReadFirst<S> {
    pub(super) fn new(stream: S) -> Self {
        ReadFirst { stream, first: Vec::new() }
    }

    /// The first bytes from the server, enough to tell what it is.
    pub(super) fn first(&self) -> &[u8] {
        &self.first
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadFirst<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        let missing = FirstBytes::ENOUGH - self.first.len();
        self.first.extend(buf.filled()[before..].iter().take(missing));
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadFirst<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        Poll::Ready(unless_closed(result, bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices));
        Poll::Ready(unless_closed(result, slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(unless_closed(result, ()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Ignores that the server closed the connection: `dropped` is then the result of the write.
fn unless_closed<T>(result: io::Result<T>, dropped: T) -> io::Result<T> {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    match result {
        Err(error) if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset) => Ok(dropped),
        result => result,
    }
}

/// A connection that notes in its link how the server answered first.
#[derive(Debug)]
pub(super) struct FirstAnswer<S> {
    stream: S,
    secure: bool,
    first: Vec<u8>,
    /// `None` once the first answer is known.
    link: Option<Arc<Link>>,
}

impl<S> FirstAnswer<S> {
    /// Observes `stream`; `secure` means that it uses TLS.
    pub(super) fn new(stream: S, secure: bool, link: Arc<Link>) -> Self {
        FirstAnswer { stream, secure, first: Vec::new(), link: Some(link) }
    }

    /// Notes in `link` how the server answered first, once enough bytes have arrived or the connection has ended.
    fn note(&mut self, link: &Link, result: &io::Result<()>, bytes: &[u8]) {
        let wanted = FirstBytes::ENOUGH - self.first.len();
        self.first.extend(bytes.iter().take(wanted));
        let first = FirstBytes::detect(&self.first);
        let is_open = result.is_ok() && !bytes.is_empty();
        if is_open && first == FirstBytes::Incomplete {
            return;
        }
        let fault = match result {
            Ok(()) if bytes.is_empty() => self.fault_at_end(link, &io::ErrorKind::UnexpectedEof.into()),
            Ok(()) => first.fault(),
            Err(error) => self.fault_at_end(link, error),
        };
        match fault {
            None if first == FirstBytes::Settings => link.answered(),
            fault => link.conclude(fault),
        }
        self.link = None;
    }

    /// The fault of a connection that ended with `error`: what its first bytes mean, otherwise what the error means.
    fn fault_at_end(&self, link: &Link, error: &io::Error) -> Option<ConnectionFault> {
        if !self.first.is_empty() {
            return FirstBytes::detect(&self.first).fault();
        }
        if self.secure {
            ConnectionFault::of_tls(error, link.state().request)
        } else {
            ConnectionFault::of_plain(error)
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstAnswer<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let has_room = buf.remaining() > 0;
        let result = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        if has_room && let Some(link) = self.link.clone() {
            self.note(&link, &result, &buf.filled()[before..]);
        }
        Poll::Ready(result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstAnswer<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::wire::connection_fault::OtherProtocol;

    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

    /// A peer where each read returns the next result and all writes fail, as after a reset.
    struct Script(VecDeque<io::Result<Vec<u8>>>);

    impl AsyncRead for Script {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if let Some(bytes) = self.0.pop_front().transpose()? {
                buf.put_slice(&bytes);
            }
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Script {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// Writes and reads on a plain connection until it ends. Returns the error of a request that fails on it.
    async fn told(link: &Arc<Link>, reads: impl IntoIterator<Item = io::Result<Vec<u8>>>) -> String {
        link.begin();
        let script = Script(reads.into_iter().collect());
        let mut connection = FirstAnswer::new(ReadFirst::new(script), false, Arc::clone(link));
        connection.write_all(b"PRI").await.expect("a failed write is not reported");
        connection.flush().await.expect("nor is a failed flush");
        let mut some = [0; 16];
        while connection.read(&mut some).await.is_ok_and(|read| read > 0) {}
        link.explain("transport error").to_string()
    }

    fn reset() -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::ConnectionReset.into())
    }

    #[tokio::test]
    async fn the_first_bytes_decide_however_they_arrive_and_the_connection_ends() {
        let link = Arc::default();
        assert_eq!(told(&link, []).await, ConnectionFault::Unanswered.to_string());
        assert_eq!(told(&link, [reset()]).await, ConnectionFault::Unanswered.to_string());
        let not_http2 = |protocol| ConnectionFault::NotHttp2(protocol).to_string();
        assert_eq!(told(&link, [Ok(b"H".to_vec()), Ok(b"TTP".to_vec())]).await, not_http2(OtherProtocol::Http1));
        assert_eq!(told(&link, [Ok(b"HT".to_vec()), reset()]).await, not_http2(OtherProtocol::Unknown));
        assert_eq!(told(&link, [Ok(vec![0x15]), Ok(vec![3, 1, 0])]).await, ConnectionFault::UsesTls.to_string());
        let settings = SETTINGS.iter().map(|byte| Ok(vec![*byte]));
        assert_eq!(told(&link, settings).await, "transport error", "it answered");
    }

    #[tokio::test]
    async fn a_server_that_has_answered_before_is_not_said_to_use_tls() {
        let link = Arc::default();
        assert_eq!(told(&link, [Ok(SETTINGS.to_vec()), reset()]).await, "transport error");
        assert_eq!(told(&link, [reset()]).await, "transport error");
        let not_http2 = ConnectionFault::NotHttp2(OtherProtocol::Http1).to_string();
        assert_eq!(told(&link, [Ok(b"HTTP/1.1".to_vec())]).await, not_http2);
    }

    #[tokio::test]
    async fn nothing_listens_any_more_where_a_server_has_answered() {
        let link = Arc::default();
        assert_eq!(told(&link, [Ok(SETTINGS.to_vec()), reset()]).await, "transport error");
        link.fail(&io::ErrorKind::ConnectionRefused.into());
        assert_eq!(link.explain("transport error").to_string(), ConnectionFault::Stopped.to_string());
    }

    #[test]
    fn a_connection_that_was_not_made_replaces_what_was_known() {
        let link = Link::default();
        link.fail(&io::Error::new(io::ErrorKind::UnexpectedEof, ConnectionFault::HandshakeUnanswered));
        assert_eq!(link.explain("transport error").to_string(), ConnectionFault::HandshakeUnanswered.to_string());
        link.fail(&io::ErrorKind::ConnectionRefused.into());
        assert_eq!(link.explain("transport error").to_string(), "transport error");
    }
}
