//! A channel that signs every request: the login's token, and whether a leader is required. It also says why a server
//! refused a connection.
//!
//! etcd-client and our own rpc share it, so that there is one login for everything.

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use etcd_client::proto::{PbAuthenticateRequest, PbAuthenticateResponse};
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{BoxError, Service};

use super::link::Link;
use super::{User, rpc};

/// The login of a cluster, shared by all its members: etcd's tokens hold on each of them.
#[derive(Debug, Default)]
pub(super) struct AuthSession {
    user: Option<User>,
    token: RwLock<Option<HeaderValue>>,
    refreshing: tokio::sync::Mutex<()>,
}

impl AuthSession {
    pub(super) fn new(user: Option<User>) -> Self {
        AuthSession { user, ..AuthSession::default() }
    }

    pub(super) fn token(&self) -> Option<HeaderValue> {
        self.token.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there is somebody to log in as and no login yet.
    pub(super) fn is_missing(&self) -> bool {
        self.user.is_some() && self.token().is_none()
    }

    pub(super) fn has_user(&self) -> bool {
        self.user.is_some()
    }

    /// Logs in, unless somebody else has replaced the `stale` token meanwhile.
    pub(super) async fn refresh(&self, channel: &AuthChannel, stale: Option<HeaderValue>) -> Result<(), Status> {
        let Some(user) = &self.user else { return Ok(()) };
        let _one_at_a_time = self.refreshing.lock().await;
        if self.token() != stale {
            return Ok(());
        }
        tracing::debug!(user = user.name, "logging in");
        let request = PbAuthenticateRequest { name: user.name.clone(), password: user.password.clone() };
        let answer: PbAuthenticateResponse = rpc::unary(channel, AUTHENTICATE, request).await?;
        let token =
            HeaderValue::from_str(&answer.token).map_err(|_| Status::internal("the token is no header value"))?;
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(())
    }
}

const AUTHENTICATE: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Auth/Authenticate");

/// A channel whose requests carry the token.
#[derive(Clone, Debug)]
pub(super) struct AuthChannel {
    channel: Channel,
    login: Arc<AuthSession>,
    require_leader: bool,
    link: Arc<Link>,
}

impl AuthChannel {
    pub(super) fn new(channel: Channel, login: Arc<AuthSession>, require_leader: bool, link: Arc<Link>) -> Self {
        AuthChannel { channel, login, require_leader, link }
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
        if let Some(token) = self.login.token() {
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
