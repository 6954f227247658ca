//! The watch service.

use std::pin::Pin;

use etcd_client::proto::{PbWatchRequest, PbWatchResponse, PbWatchService};
use futures_util::{Stream, StreamExt, stream};
use tonic::{Request, Response, Status, Streaming};

use crate::member::{MemberServer, RpcResult, requires_leader};
use crate::watch_stream::Watches;

#[tonic::async_trait]
impl PbWatchService for MemberServer {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<PbWatchResponse, Status>> + Send>>;

    // As with a Go server, the headers are sent with the first message.
    async fn watch(&self, request: Request<Streaming<PbWatchRequest>>) -> RpcResult<Self::WatchStream> {
        self.until_resumed().await;
        self.check_vote()?;
        let requires_leader = requires_leader(request.metadata());
        if requires_leader {
            self.check_leader()?;
        }
        let mut open = Watches::new(self.clone(), request.into_inner(), requires_leader);
        let first = open.next().await?;
        Ok(Response::new(stream::iter([Ok(first)]).chain(open.into_responses()).boxed()))
    }
}
