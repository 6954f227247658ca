//! The cluster service: the member list.

use etcd_client::proto::{
    PbClusterService, PbMember, PbMemberAddRequest, PbMemberAddResponse, PbMemberListRequest, PbMemberListResponse,
    PbMemberPromoteRequest, PbMemberPromoteResponse, PbMemberRemoveRequest, PbMemberRemoveResponse,
    PbMemberUpdateRequest, PbMemberUpdateResponse, PbResponseHeader,
};
use tonic::Request;

use super::unserved::unserved;
use crate::cluster_state::MemberState;
use crate::member::{MemberServer, Needs, RpcResult};

#[tonic::async_trait]
impl PbClusterService for MemberServer {
    async fn member_list(&self, request: Request<PbMemberListRequest>) -> RpcResult<PbMemberListResponse> {
        let needs = if request.get_ref().linearizable { Needs::Read } else { Needs::Vote };
        self.call(request, needs, |state, _, _| {
            let members = state.members.iter().enumerate().map(describe).collect();
            // In etcd this service has no revision.
            let header = PbResponseHeader { revision: 0, ..state.header(self.index) };
            Ok(PbMemberListResponse { header: Some(header), members })
        })
        .await
    }

    async fn member_add(&self, _: Request<PbMemberAddRequest>) -> RpcResult<PbMemberAddResponse> {
        unserved("MemberAdd")
    }

    async fn member_remove(&self, _: Request<PbMemberRemoveRequest>) -> RpcResult<PbMemberRemoveResponse> {
        unserved("MemberRemove")
    }

    async fn member_update(&self, _: Request<PbMemberUpdateRequest>) -> RpcResult<PbMemberUpdateResponse> {
        unserved("MemberUpdate")
    }

    async fn member_promote(&self, _: Request<PbMemberPromoteRequest>) -> RpcResult<PbMemberPromoteResponse> {
        unserved("MemberPromote")
    }
}

fn describe((index, member): (usize, &MemberState)) -> PbMember {
    PbMember {
        id: member.id,
        name: format!("sandbox-{index}"),
        client_ur_ls: member.client_urls.clone(),
        is_learner: member.is_learner,
        ..Default::default()
    }
}
