//! The maintenance service: status and alarms. There are never any alarms.

use std::pin::Pin;

use etcd_client::AlarmAction;
use etcd_client::proto::{
    PbAlarmRequest, PbAlarmResponse, PbDefragmentRequest, PbDefragmentResponse, PbDowngradeRequest,
    PbDowngradeResponse, PbHashKvRequest, PbHashKvResponse, PbHashRequest, PbHashResponse, PbMaintenanceService,
    PbMoveLeaderRequest, PbMoveLeaderResponse, PbSnapshotRequest, PbSnapshotResponse, PbStatusRequest,
    PbStatusResponse,
};
use futures_util::Stream;
use tonic::{Request, Status};

use super::unserved::unserved;
use crate::VERSION;
use crate::cluster_state::ClusterState;
use crate::member::{MemberServer, Needs, RpcResult};
use crate::store::RequestError;

#[tonic::async_trait]
impl PbMaintenanceService for MemberServer {
    type SnapshotStream = Pin<Box<dyn Stream<Item = Result<PbSnapshotResponse, Status>> + Send>>;

    async fn status(&self, request: Request<PbStatusRequest>) -> RpcResult<PbStatusResponse> {
        self.call(request, Needs::Nothing, |state, _, _| Ok(self.describe(state))).await
    }

    // There are no alarms. `etcdctl endpoint health` asks for them.
    async fn alarm(&self, request: Request<PbAlarmRequest>) -> RpcResult<PbAlarmResponse> {
        self.call(request, Needs::Vote, |state, asked, _| match asked.action() {
            AlarmAction::Get => Ok(PbAlarmResponse { header: Some(state.header(self.index)), alarms: Vec::new() }),
            _ => Err(RequestError::Unserved("raising alarms")),
        })
        .await
    }

    async fn defragment(&self, _: Request<PbDefragmentRequest>) -> RpcResult<PbDefragmentResponse> {
        unserved("Defragment")
    }

    async fn hash(&self, _: Request<PbHashRequest>) -> RpcResult<PbHashResponse> {
        unserved("Hash")
    }

    async fn hash_kv(&self, _: Request<PbHashKvRequest>) -> RpcResult<PbHashKvResponse> {
        unserved("HashKV")
    }

    async fn snapshot(&self, _: Request<PbSnapshotRequest>) -> RpcResult<Self::SnapshotStream> {
        unserved("Snapshot")
    }

    async fn move_leader(&self, _: Request<PbMoveLeaderRequest>) -> RpcResult<PbMoveLeaderResponse> {
        unserved("MoveLeader")
    }

    async fn downgrade(&self, _: Request<PbDowngradeRequest>) -> RpcResult<PbDowngradeResponse> {
        unserved("Downgrade")
    }
}

impl MemberServer {
    /// The status of this member. The database size is the total size of keys and values.
    fn describe(&self, state: &ClusterState) -> PbStatusResponse {
        let bytes = i64::try_from(state.store.keys().bytes()).unwrap_or(i64::MAX);
        PbStatusResponse {
            header: Some(state.header(self.index)),
            version: VERSION.to_owned(),
            db_size: bytes,
            db_size_in_use: bytes,
            is_learner: state.members[self.index].is_learner,
            leader: state.leader.map_or(0, |leader| state.members[leader].id),
            raft_index: state.index,
            raft_applied_index: state.index,
            raft_term: state.term,
            errors: state.leader.is_none().then(|| RequestError::NoLeader.to_string()).into_iter().collect(),
            ..Default::default()
        }
    }
}
