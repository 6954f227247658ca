//! A keepalive stream. It serves strictly one request at a time, as etcd does (`leaseKeepAlive` in its `v3rpc/lease.go`).

use std::time::Duration;

use etcd_client::proto::{PbLeaseKeepAliveRequest, PbLeaseKeepAliveResponse};
use futures_util::{Stream, stream};
use tonic::{Status, Streaming};

use super::member::{GaugeGuard, MemberServer, Needs};
use super::store::RequestError;
use crate::LeaseId;

/// A stream that requires a leader ends after this time without one: three checks at intervals of one election timeout.
const NO_LEADER_TIMEOUT: Duration = Duration::from_secs(3);

/// One open keepalive stream.
pub(super) struct KeepAlives {
    member: MemberServer,
    requests: Streaming<PbLeaseKeepAliveRequest>,
    requires_leader: bool,
    /// How often the member's streams had been cut when this one was opened.
    cuts: u64,
    _counted: GaugeGuard,
}

type KeepAliveAnswer = Result<Option<PbLeaseKeepAliveResponse>, Status>;

impl KeepAlives {
    pub(super) fn new(
        member: MemberServer,
        requests: Streaming<PbLeaseKeepAliveRequest>,
        requires_leader: bool,
    ) -> Self {
        let cuts = member.with(|member| member.cuts);
        let _counted = member.count_stream();
        KeepAlives { member, requests, requires_leader, cuts, _counted }
    }

    /// The responses, one per request in order. The first error is the last item.
    pub(super) fn into_responses(self) -> impl Stream<Item = Result<PbLeaseKeepAliveResponse, Status>> {
        stream::unfold(Some(self), |open| async {
            let mut open = open?;
            match open.next().await {
                Ok(Some(answer)) => Some((Ok(answer), Some(open))),
                Ok(None) => None,
                Err(status) => Some((Err(status), None)),
            }
        })
    }

    /// The next reply; `None` after the client has closed its side.
    pub(super) async fn next(&mut self) -> KeepAliveAnswer {
        let (member, cuts) = (self.member.clone(), self.cuts);
        tokio::select! {
            biased;
            status = member.until(|member| (member.cuts > cuts).then(|| member.cut_with.clone())) => Err(status),
            () = leaderless(&member), if self.requires_leader => Err(RequestError::NoLeader.into()),
            answered = self.serve() => answered,
        }
    }

    async fn serve(&mut self) -> KeepAliveAnswer {
        let Some(PbLeaseKeepAliveRequest { id }) = self.requests.message().await? else { return Ok(None) };
        let _counted = self.member.count_request();
        self.member.count_arrival(id);
        self.member.until_resumed().await;
        // etcd also takes the header before the renewal, so its revision may be older.
        let header = Some(self.member.cluster.with(|state, _| state.header(self.member.index)));
        let ttl = self.member.renew(id).await?;
        self.member.delay_answer().await;
        Ok(Some(PbLeaseKeepAliveResponse { header, id, ttl }))
    }
}

impl MemberServer {
    fn count_arrival(&self, id: LeaseId) {
        self.cluster.with(|state, _| {
            *state.keep_alives.entry(id).or_default() += 1;
            state.members[self.index].stats.keep_alives += 1;
        });
    }

    /// Renews a lease through the leader. If the lease has expired but is not removed yet, waits until it is removed or
    /// a new leader has refilled it (`Renew` in etcd's `lessor.go`). Returns a TTL of 0 if the lease does not exist.
    async fn renew(&self, id: LeaseId) -> Result<i64, RequestError> {
        loop {
            self.wait_until(Needs::Leader).await?;
            let attempt = self.cluster.until(|state, now| match state.leader {
                // The leader was lost: stop waiting and try again with the next one.
                None => Some(None),
                Some(_) if state.forbidden.contains(&id) => Some(Some(Err(RequestError::Forbidden))),
                Some(_) => state.renew(id, now).map(|ttl| Some(Ok(ttl))),
            });
            if let Some(answer) = attempt.await {
                return answer;
            }
        }
    }
}

/// Waits until the cluster has had no leader for [`NO_LEADER_TIMEOUT`].
pub(super) async fn leaderless(member: &MemberServer) {
    let cluster = &member.cluster;
    loop {
        cluster.until(|state, _| state.leader.is_none().then_some(())).await;
        tokio::select! {
            () = cluster.clock.sleep(NO_LEADER_TIMEOUT) => return,
            () = cluster.until(|state, _| state.leader.map(|_| ())) => {}
        }
    }
}
