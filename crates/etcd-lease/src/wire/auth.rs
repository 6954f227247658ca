//! The login: who it is, and how its token is fetched and replaced.

use std::sync::Arc;

use etcd_client::proto::{PbAuthenticateRequest, PbAuthenticateResponse};
use http::HeaderValue;
use http::uri::PathAndQuery;
use tonic::Status;
use tonic::transport::Channel;

use super::auth_channel::{AuthChannel, Token};
use super::link::Link;
use super::{User, rpc};

/// The login of a cluster, shared by all its members: etcd's tokens hold on each of them.
#[derive(Debug, Default)]
pub(super) struct AuthSession {
    user: Option<User>,
    token: Arc<Token>,
    refreshing: tokio::sync::Mutex<()>,
}

impl AuthSession {
    pub(super) fn new(user: Option<User>) -> Self {
        AuthSession { user, ..AuthSession::default() }
    }

    pub(super) fn token(&self) -> Option<HeaderValue> {
        self.token.get()
    }

    /// A channel whose requests carry the token of this login.
    pub(super) fn channel(&self, channel: Channel, require_leader: bool, link: Arc<Link>) -> AuthChannel {
        AuthChannel::new(channel, Arc::clone(&self.token), require_leader, link)
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
        self.token.set(token);
        Ok(())
    }
}

const AUTHENTICATE: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Auth/Authenticate");
