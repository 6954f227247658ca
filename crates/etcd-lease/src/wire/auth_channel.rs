//! A channel whose requests carry the token of the login and say whether they require a leader.
//!
//! etcd-client and our own calls ([`rpc`](super::rpc)) share it, so one login serves everything. It also replaces an
//! error of the transport with the reason why the server refused the connection, and an answer that is not gRPC with an
//! error.

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response};
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{BoxError, Service};

use super::connection_fault::ConnectionFault;
use super::line::Line;

/// The token of the login; `None` before the first login. All members accept it.
#[derive(Debug, Default)]
pub(super) struct AuthToken(RwLock<Option<HeaderValue>>);

impl AuthToken {
    pub(super) fn get(&self) -> Option<HeaderValue> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, token: HeaderValue) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }
}

/// A channel whose requests carry the token. Each request goes over the newest connection.
#[derive(Debug)]
pub(super) struct AuthChannel {
    line: Arc<Line>,
    /// The channel that is ready for the next request.
    ready: Option<Channel>,
    token: Arc<AuthToken>,
    require_leader: bool,
}

impl AuthChannel {
    pub(super) fn new(line: Arc<Line>, token: Arc<AuthToken>, require_leader: bool) -> Self {
        AuthChannel { line, ready: None, token, require_leader }
    }

    /// The same channel without the token. etcd 3.4 refuses a login that comes with an expired one.
    pub(super) fn without_token(&self) -> Self {
        AuthChannel::new(Arc::clone(&self.line), Arc::default(), self.require_leader)
    }

    /// The connection of this channel.
    pub(super) fn line(&self) -> &Line {
        &self.line
    }
}

impl Clone for AuthChannel {
    fn clone(&self) -> Self {
        AuthChannel::new(Arc::clone(&self.line), Arc::clone(&self.token), self.require_leader)
    }
}

impl Service<Request<Body>> for AuthChannel {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let channel = self.ready.get_or_insert_with(|| self.line.channel());
        channel.poll_ready(cx).map_err(BoxError::from)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let headers = request.headers_mut();
        if let Some(token) = self.token.get() {
            headers.insert("token", token);
        }
        if self.require_leader {
            headers.insert("hasleader", HeaderValue::from_static("true"));
        }
        let mut channel = self.ready.take().unwrap_or_else(|| self.line.channel());
        let answer = channel.call(request);
        let line = Arc::clone(&self.line);
        Box::pin(async move {
            let answer = answer.await.map_err(|error| line.explain(error))?;
            ConnectionFault::of_answer(answer.status(), answer.headers()).map_or(Ok(answer), |fault| Err(fault.into()))
        })
    }
}
