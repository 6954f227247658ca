//! The lease counters in etcd's `/metrics`, which every member serves over HTTP at its client URL, unless it is started
//! with `--listen-client-http-urls`.

use super::cluster::Cluster;
use super::error::CallError;
use super::error_cause::ErrorCause;
use super::metrics_page::TIMEOUT;
use crate::{ClusterView, LeaseCounters};

const TRIED: &str = "read the metrics of etcd";

impl Cluster {
    /// Reads the lease counters of the leader, which alone counts renewals and expired leases.
    ///
    /// # Errors
    /// [`ErrorCause::NoReply`] if the leader does not answer in time; otherwise [`ErrorCause::Other`], such as if no
    /// endpoint leads, if the connection fails, or if the leader does not serve these counters.
    pub async fn lease_counters(&self) -> Result<LeaseCounters, CallError> {
        let view = self.view();
        let error = |endpoint: &str, message: String| CallError::new(ErrorCause::Other, TRIED, endpoint, message);
        let leader = view.leader().map(|leader| &leader.endpoint);
        let Some(place) = view.members.iter().position(|member| Some(&member.endpoint) == leader) else {
            return Err(CallError::new(ErrorCause::Other, "", "", why_none_leads(&view)));
        };
        let (leader, endpoint) = (&self.shared().members[place], &view.members[place].endpoint);
        let text = tokio::time::timeout(TIMEOUT, leader.line().metrics()).await;
        let text = text.map_err(|_| CallError::timeout(TRIED, endpoint))?;
        let text = text.map_err(|failure| error(endpoint, failure.to_string()))?;
        parse(view.members[place].member_id, &text)
            .ok_or_else(|| error(endpoint, "the answer has no lease counters".to_owned()))
    }
}

/// Why no endpoint is known to lead.
fn why_none_leads(view: &ClusterView) -> &'static str {
    let answering = || view.members.iter().filter(|member| member.answers());
    if answering().next().is_none() {
        "no endpoint answers"
    } else if answering().all(|member| member.version.is_empty()) {
        // A member whose status is denied answers without a version.
        "the user may not read which endpoint leads"
    } else if answering().any(|member| member.has_leader) {
        "the leader is not among the endpoints that answer"
    } else {
        "there is no leader"
    }
}

/// Finds the counters; `None` if one is missing. Their names are the same from etcd 3.4 to 3.7.
fn parse(member_id: u64, text: &str) -> Option<LeaseCounters> {
    let counter = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        // Large values are written as 1.5e+06.
        let value: f64 = value.trim().parse().ok().filter(|value| *value >= 0.0)?;
        Some(value as u64)
    };
    let revoked = counter("etcd_debugging_lease_revoked_total")?;
    let expired = counter("etcd_debugging_server_lease_expired_total")?;
    // etcd counts an expired lease as revoked too.
    let revoked = revoked.saturating_sub(expired);
    Some(LeaseCounters {
        member_id,
        granted: counter("etcd_debugging_lease_granted_total")?,
        renewed: counter("etcd_debugging_lease_renewed_total")?,
        revoked,
        expired,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MemberView, Reachability};

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

    #[test]
    fn without_a_leader_the_reason_is_true() {
        let view = |members: &[(bool, bool)]| {
            let member = |&(is_up, has_leader): &(bool, bool)| MemberView {
                has_leader,
                version: "3.5.30".to_owned(),
                reachability: if is_up { Reachability::Up } else { Reachability::Unknown },
                ..MemberView::default()
            };
            ClusterView { members: members.iter().map(member).collect(), ..ClusterView::default() }
        };
        assert_eq!(why_none_leads(&view(&[(false, true)])), "no endpoint answers");
        assert_eq!(why_none_leads(&view(&[(false, true), (true, false)])), "there is no leader");
        let elsewhere = view(&[(true, false), (true, true)]);
        assert_eq!(why_none_leads(&elsewhere), "the leader is not among the endpoints that answer");
        let mut denied = view(&[(true, true)]);
        denied.members[0].version.clear();
        assert_eq!(why_none_leads(&denied), "the user may not read which endpoint leads");
    }
}
