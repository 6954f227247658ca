//! The key-value service: put, range, delete, transactions and compaction.

use std::pin::Pin;

use etcd_client::proto::{
    PbCompactionRequest, PbCompactionResponse, PbDeleteRequest, PbDeleteResponse, PbKvService, PbPutRequest,
    PbPutResponse, PbRangeRequest, PbRangeResponse, PbRangeStreamResponse, PbTxnRequest, PbTxnResponse,
};
use futures_util::Stream;
use tonic::{Request, Status};

use super::unserved::unserved;
use crate::faults::Call;
use crate::member::{MemberServer, Needs, RpcResult};

#[tonic::async_trait]
impl PbKvService for MemberServer {
    type RangeStreamStream = Pin<Box<dyn Stream<Item = Result<PbRangeStreamResponse, Status>> + Send>>;

    async fn range(&self, request: Request<PbRangeRequest>) -> RpcResult<PbRangeResponse> {
        let needs = if request.get_ref().serializable { Needs::Nothing } else { Needs::Read };
        let answer = self.call(request, needs, |state, asked, _| {
            let answer = state.store.range(&asked)?;
            Ok(PbRangeResponse { header: Some(state.header(self.index)), ..answer })
        });
        self.scripted(Call::Range, answer).await
    }

    async fn put(&self, request: Request<PbPutRequest>) -> RpcResult<PbPutResponse> {
        self.call(request, Needs::Propose, |state, asked, _| {
            let answer = state.store.put(asked)?;
            Ok(PbPutResponse { header: Some(state.header(self.index)), ..answer })
        })
        .await
    }

    async fn delete_range(&self, request: Request<PbDeleteRequest>) -> RpcResult<PbDeleteResponse> {
        self.call(request, Needs::Propose, |state, asked, _| {
            let answer = state.store.delete(&asked)?;
            Ok(PbDeleteResponse { header: Some(state.header(self.index)), ..answer })
        })
        .await
    }

    async fn range_stream(&self, _: Request<PbRangeRequest>) -> RpcResult<Self::RangeStreamStream> {
        unserved("RangeStream")
    }

    async fn txn(&self, request: Request<PbTxnRequest>) -> RpcResult<PbTxnResponse> {
        let answer = self.call(request, Needs::Propose, |state, asked, _| {
            let answer = state.store.txn(&asked)?;
            Ok(PbTxnResponse { header: Some(state.header(self.index)), ..answer })
        });
        self.scripted(Call::Txn, answer).await
    }

    async fn compact(&self, request: Request<PbCompactionRequest>) -> RpcResult<PbCompactionResponse> {
        self.call(request, Needs::Propose, |state, asked, _| {
            state.store.compact(asked.revision)?;
            Ok(PbCompactionResponse { header: Some(state.header(self.index)) })
        })
        .await
    }
}
