//! The login of a cluster.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use etcd_client::proto::{PbAuthenticateRequest, PbAuthenticateResponse};
use http::HeaderValue;
use http::uri::PathAndQuery;
use tonic::{Code, Status};

use super::auth_channel::{AuthChannel, AuthToken};
use super::config::User;
use super::rpc;
use simkit::Stopwatch;

const AUTHENTICATE: PathAndQuery = PathAndQuery::from_static("/etcdserverpb.Auth/Authenticate");

/// How long a refused login is not repeated. A login costs etcd 70 ms of a core, and more with a higher `--bcrypt-cost`.
const REFUSED_FOR: Duration = Duration::from_secs(5);

/// The login of a cluster. All its members share it, because etcd's tokens are valid on each of them.
#[derive(Debug, Default)]
pub(super) struct AuthSession {
    user: Option<User>,
    token: Arc<AuthToken>,
    refreshing: tokio::sync::Mutex<()>,
    /// When etcd last refused the user or the password, and how.
    refused: Mutex<Option<(Stopwatch, Status)>>,
}

impl AuthSession {
    pub(super) fn new(user: Option<User>) -> Self {
        AuthSession { user, ..AuthSession::default() }
    }

    /// The token as the channels send it.
    pub(super) fn shared_token(&self) -> &Arc<AuthToken> {
        &self.token
    }

    pub(super) fn token(&self) -> Option<HeaderValue> {
        self.token.get()
    }

    /// Whether a user is configured and has not logged in yet.
    pub(super) fn is_missing(&self) -> bool {
        self.user.is_some() && self.token().is_none()
    }

    pub(super) fn has_user(&self) -> bool {
        self.user.is_some()
    }

    /// Logs in, unless another call has replaced the `stale` token in the meantime.
    pub(super) async fn refresh(&self, channel: &AuthChannel, stale: Option<HeaderValue>) -> Result<(), Status> {
        let Some(user) = &self.user else { return Ok(()) };
        let _one_at_a_time = self.refreshing.lock().await;
        if self.token() != stale {
            return Ok(());
        }
        if let Some(status) = self.refusal() {
            return Err(status);
        }
        tracing::debug!(user = user.name, "logging in");
        let request = PbAuthenticateRequest { name: user.name.clone(), password: user.password.clone() };
        let answer: Result<PbAuthenticateResponse, Status> = rpc::unary(channel, AUTHENTICATE, request).await;
        let answer = answer.inspect_err(|status| self.remember(status))?;
        let token = HeaderValue::from_str(&answer.token)
            .map_err(|_| Status::internal("the token is not a valid header value"))?;
        self.token.set(token);
        Ok(())
    }

    /// The refusal of a recent login.
    fn refusal(&self) -> Option<Status> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.as_ref().filter(|(since, _)| since.elapsed() < REFUSED_FOR).map(|(_, status)| status.clone())
    }

    /// Remembers that etcd refused the user or the password, or has no authentication. Other errors pass.
    fn remember(&self, status: &Status) {
        if matches!(status.code(), Code::InvalidArgument | Code::FailedPrecondition) {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some((Stopwatch::start(), status.clone()));
        }
    }
}
