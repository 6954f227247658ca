//! The lease counters in etcd's `/metrics`, which every member serves over HTTP at its client URL, unless it is started
//! with `--listen-client-http-urls`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio_rustls::rustls::ClientConfig;

use super::cluster::Cluster;
use super::config::Address;
use super::connect;
use super::error::CallError;
use super::error_cause::ErrorCause;
use crate::{LeaseCounters, MemberView};
use simkit::tasks;

const TRIED: &str = "read the metrics of etcd";
/// Maximum size of an answer. etcd's is about 100 kB.
const MAX_SIZE: usize = 4 << 20;
const TIMEOUT: Duration = Duration::from_secs(2);

impl Cluster {
    /// Reads the lease counters of the leader, which alone counts renewals and expired leases.
    ///
    /// # Errors
    /// [`ErrorCause::Other`] if no endpoint leads, or if it does not serve these counters; otherwise that of the
    /// connection.
    pub async fn lease_counters(&self) -> Result<LeaseCounters, CallError> {
        let view = self.view();
        let leads = |member: &MemberView| member.answers() && member.is_leader;
        let error = |endpoint: &str, message: String| CallError::new(ErrorCause::Other, TRIED, endpoint, message);
        let Some(place) = view.members.iter().position(leads) else {
            return Err(error("", "the leader is not among the endpoints".to_owned()));
        };
        let (leader, endpoint) = (&self.shared().members[place], &view.members[place].endpoint);
        let text = tokio::time::timeout(TIMEOUT, leader.line().metrics()).await;
        let text = text.map_err(|_| CallError::timeout(TRIED, endpoint))?;
        let text = text.map_err(|failure| error(endpoint, failure.to_string()))?;
        parse(view.members[place].member_id, &text)
            .ok_or_else(|| error(endpoint, "the answer has no lease counters".to_owned()))
    }
}

/// Requests `/metrics` over a connection of its own. Without ALPN, because etcd offers HTTP/2 only and then speaks
/// HTTP/1.1 too.
pub(super) async fn request(address: &Address, tls: Option<&Arc<ClientConfig>>) -> io::Result<String> {
    let tls = tls.map(|config| {
        let mut config = ClientConfig::clone(config);
        config.alpn_protocols.clear();
        Arc::new(config)
    });
    let stream = connect::connect(address, tls, TIMEOUT).await?;
    let (mut requests, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let _connection = tasks::spawn(async move { drop(connection.await) });
    let request = Request::get("/metrics").header(header::HOST, address.host()).body(Empty::<Bytes>::new());
    let answer = requests.send_request(request.map_err(io::Error::other)?).await.map_err(io::Error::other)?;
    if answer.status() != StatusCode::OK {
        return Err(io::Error::other(format!("HTTP status {}", answer.status())));
    }
    let body = Limited::new(answer.into_body(), MAX_SIZE).collect().await.map_err(io::Error::other)?;
    String::from_utf8(body.to_bytes().into()).map_err(io::Error::other)
}

/// Finds the counters. Their names are the same from etcd 3.4 to 3.7.
fn parse(member_id: u64, text: &str) -> Option<LeaseCounters> {
    let counter = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        // Large values are written as 1.5e+06.
        let value: f64 = value.trim().parse().ok().filter(|value| *value >= 0.0)?;
        Some(value as u64)
    };
    let revoked = counter("etcd_debugging_lease_revoked_total")?;
    let expired = counter("etcd_debugging_server_lease_expired_total")?;
    Some(LeaseCounters {
        member_id,
        granted: counter("etcd_debugging_lease_granted_total")?,
        renewed: counter("etcd_debugging_lease_renewed_total")?,
        revoked: revoked.saturating_sub(expired),
        expired,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "\
# HELP etcd_debugging_lease_granted_total The total number of granted leases.
# TYPE etcd_debugging_lease_granted_total counter
etcd_debugging_lease_granted_total 1.5e+06
etcd_debugging_lease_renewed_total 7
etcd_debugging_lease_revoked_total 5
etcd_debugging_lease_ttl_total_bucket{le=\"1\"} 3
etcd_debugging_server_lease_expired_total 2
";

    #[test]
    fn etcd_counts_an_expired_lease_as_revoked_too() {
        let counters = LeaseCounters { member_id: 1, granted: 1_500_000, renewed: 7, revoked: 3, expired: 2 };
        assert_eq!(parse(1, ANSWER), Some(counters));
        for missing in ["granted", "renewed", "revoked", "expired"] {
            assert_eq!(parse(1, &ANSWER.replace(missing, "lost")), None, "without {missing}");
        }
        assert_eq!(parse(1, &ANSWER.replace(" 7", " NaN")), None);
    }
}
