//! The lease service: all five calls.

use std::pin::Pin;

use etcd_client::proto::{
    PbLeaseGrantRequest, PbLeaseGrantResponse, PbLeaseKeepAliveRequest, PbLeaseKeepAliveResponse, PbLeaseLeasesRequest,
    PbLeaseLeasesResponse, PbLeaseRevokeRequest, PbLeaseRevokeResponse, PbLeaseService, PbLeaseStatus,
    PbLeaseTimeToLiveRequest, PbLeaseTimeToLiveResponse,
};
use fastrand::Rng;
use futures_util::{Stream, StreamExt, stream};
use tonic::{Request, Response, Status, Streaming};

use crate::LeaseId;
use crate::cluster_state::ClusterState;
use crate::faults::Call;
use crate::keep_alive::KeepAlives;
use crate::member::{MemberServer, Needs, RpcResult, requires_leader};
use simkit::Timestamp;

#[tonic::async_trait]
impl PbLeaseService for MemberServer {
    type LeaseKeepAliveStream = Pin<Box<dyn Stream<Item = Result<PbLeaseKeepAliveResponse, Status>> + Send>>;

    async fn lease_grant(&self, request: Request<PbLeaseGrantRequest>) -> RpcResult<PbLeaseGrantResponse> {
        let answer = self.call(request, Needs::Propose, |state, asked, now| {
            let id = (asked.id != 0).then_some(asked.id);
            let (id, ttl) = state.grant(id, asked.ttl, now)?;
            Ok(PbLeaseGrantResponse { header: Some(state.header(self.index)), id, ttl, error: String::new() })
        });
        self.scripted(Call::Grant, answer).await
    }

    async fn lease_revoke(&self, request: Request<PbLeaseRevokeRequest>) -> RpcResult<PbLeaseRevokeResponse> {
        let answer = self.call(request, Needs::Propose, |state, asked, _| {
            state.revoke(asked.id)?;
            Ok(PbLeaseRevokeResponse { header: Some(state.header(self.index)) })
        });
        self.scripted(Call::Revoke, answer).await
    }

    // As with a Go server, the headers are sent with the first message.
    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<PbLeaseKeepAliveRequest>>,
    ) -> RpcResult<Self::LeaseKeepAliveStream> {
        self.until_resumed().await;
        self.check_vote()?;
        let requires_leader = requires_leader(request.metadata());
        if requires_leader {
            self.check_leader()?;
        }
        let mut open = KeepAlives::new(self.clone(), request.into_inner(), requires_leader);
        let first = open.next().await?;
        let rest = stream::iter(first.is_some().then(|| open.into_responses())).flatten();
        Ok(Response::new(stream::iter(first.map(Ok)).chain(rest).boxed()))
    }

    async fn lease_time_to_live(
        &self,
        request: Request<PbLeaseTimeToLiveRequest>,
    ) -> RpcResult<PbLeaseTimeToLiveResponse> {
        let answer = self.call(request, Needs::Leader, |state, asked, now| {
            state.members[self.index].stats.time_to_lives += 1;
            Ok(PbLeaseTimeToLiveResponse { header: Some(state.header(self.index)), ..time_to_live(state, asked, now) })
        });
        self.scripted(Call::TimeToLive, answer).await
    }

    async fn lease_leases(&self, request: Request<PbLeaseLeasesRequest>) -> RpcResult<PbLeaseLeasesResponse> {
        let list_time = self.cluster.with(|state, _| {
            let member = &mut state.members[self.index];
            member.stats.lists += 1;
            member.list_time
        });
        self.cluster.clock.sleep(list_time).await;
        self.call(request, Needs::Vote, |state, _, _| {
            let leases = self.list(state).into_iter().map(|id| PbLeaseStatus { id }).collect();
            Ok(PbLeaseLeasesResponse { header: Some(state.header(self.index)), leases })
        })
        .await
    }
}

impl MemberServer {
    /// The ids of all leases. The leader sorts them by time left. A follower has no deadlines, so its order is arbitrary.
    fn list(&self, state: &ClusterState) -> Vec<LeaseId> {
        let mut ids: Vec<LeaseId> = state.store.leases().ids().collect();
        if state.leader != Some(self.index) {
            ids.sort_by_cached_key(|id| Rng::with_seed(id.cast_unsigned()).u64(..));
        }
        ids
    }
}

fn time_to_live(state: &ClusterState, asked: PbLeaseTimeToLiveRequest, now: Timestamp) -> PbLeaseTimeToLiveResponse {
    let leases = state.store.leases();
    let id = asked.id;
    let (ttl, granted_ttl) = leases.time_left(id, now).map_or((-1, 0), |left| (left.ttl, left.granted_ttl));
    let keys = leases.keys(id).filter(|_| asked.keys).cloned().collect();
    PbLeaseTimeToLiveResponse { header: None, id: asked.id, ttl, granted_ttl, keys }
}
