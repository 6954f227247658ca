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

/// How long to wait before the next login after etcd refused the last `times` logins in the same way. A login costs etcd
/// 70 ms of a core, and more with a higher `--bcrypt-cost`, and something may count the failures. The user may still be
/// created later.
fn refused_for(status: &Status, times: u32) -> Duration {
    let seconds = match times {
        // Authentication may be enabled at any time, and no password is checked until then.
        _ if status.code() == Code::FailedPrecondition => 5,
        0 | 1 => 5,
        2 => 60,
        _ => 600,
    };
    Duration::from_secs(seconds)
}

/// The last login that etcd refused.
#[derive(Debug)]
struct Refusal {
    since: Stopwatch,
    status: Status,
    /// How often in a row in the same way.
    times: u32,
}

/// The login of a cluster. All its members share it, because etcd's tokens are valid on each of them.
#[derive(Debug, Default)]
pub(super) struct AuthSession {
    user: Option<User>,
    token: Arc<AuthToken>,
    refreshing: tokio::sync::Mutex<()>,
    refused: Mutex<Option<Refusal>>,
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

    /// Logs in, unless another call has replaced the `stale` token in the meantime. While a refused login may not be
    /// repeated, returns the refusal again.
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
        let answer: Result<PbAuthenticateResponse, Status> =
            rpc::unary(&channel.without_token(), AUTHENTICATE, request).await;
        let answer = answer.inspect_err(|status| self.remember(status))?;
        let mut token = HeaderValue::from_str(&answer.token)
            .map_err(|_| Status::internal("the token is not a valid header value"))?;
        // Debug output does not show it, and HPACK keeps it out of its tables.
        token.set_sensitive(true);
        self.token.set(token);
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// The last refusal, unless the login may be tried again.
    fn refusal(&self) -> Option<Status> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let Refusal { since, status, times } = refused.as_ref()?;
        let is_over = since.elapsed() >= refused_for(status, *times);
        if is_over { None } else { Some(status.clone()) }
    }

    /// Remembers that etcd refused the user or the password, or has no authentication. Ignores other errors.
    fn remember(&self, status: &Status) {
        if matches!(status.code(), Code::InvalidArgument | Code::FailedPrecondition) {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            let before = refused.as_ref().filter(|before| before.status.code() == status.code());
            let times = before.map_or(1, |before| before.times.saturating_add(1));
            *refused = Some(Refusal { since: Stopwatch::start(), status: status.clone(), times });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_password_is_tried_less_and_less_often() {
        let session = AuthSession::default();
        let pause = |status: &Status| {
            session.remember(status);
            let refused = session.refused.lock().unwrap();
            let Refusal { status, times, .. } = refused.as_ref().unwrap();
            refused_for(status, *times).as_secs()
        };
        let disabled = Status::failed_precondition("etcdserver: authentication is not enabled");
        assert_eq!([(); 4].map(|()| pause(&disabled)), [5; 4], "it may be enabled");
        let wrong = Status::invalid_argument("etcdserver: authentication failed, invalid user ID or password");
        assert_eq!([(); 4].map(|()| pause(&wrong)), [5, 60, 600, 600], "refusals of another kind do not count");
    }
}
