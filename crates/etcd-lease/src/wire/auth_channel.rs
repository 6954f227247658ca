//! A channel whose requests carry the token of the login and say whether they require a leader.
//!
//! etcd-client and our own calls ([`rpc`](super::rpc)) share it, so one login serves everything. It also replaces an
//! error of the transport by the reason for which the server refused the connection.

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response};
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{BoxError, Service};

use super::link::Link;

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

/// A channel whose requests carry the token.
#[derive(Clone, Debug)]
pub(super) struct AuthChannel {
    channel: Channel,
    token: Arc<AuthToken>,
    require_leader: bool,
    link: Arc<Link>,
}

impl AuthChannel {
    pub(super) fn new(channel: Channel, token: Arc<AuthToken>, require_leader: bool, link: Arc<Link>) -> Self {
        AuthChannel { channel, token, require_leader, link }
    }
}

impl Service<Request<Body>> for AuthChannel {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(cx).map_err(BoxError::from)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let headers = request.headers_mut();
        if let Some(token) = self.token.get() {
            headers.insert("token", token);
        }
        if self.require_leader {
            headers.insert("hasleader", HeaderValue::from_static("true"));
        }
        let answer = self.channel.call(request);
        let link = Arc::clone(&self.link);
        Box::pin(async move { answer.await.map_err(|error| link.explain(error)) })
    }
}
