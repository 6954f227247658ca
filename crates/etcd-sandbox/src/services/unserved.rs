//! What the sandbox does not serve: it says so, and ignores nothing.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use crate::member::RpcResult;
use crate::store::RequestError;

/// The answer to a call that is not served.
pub(super) fn unserved<T>(call: &'static str) -> RpcResult<T> {
    Err(RequestError::Unserved(call).into())
}

/// The auth service, below its trait: etcd-client does not export all of that trait's messages.
#[derive(Clone)]
pub(crate) struct Auth;

impl NamedService for Auth {
    const NAME: &'static str = "etcdserverpb.Auth";
}

impl Service<http::Request<Body>> for Auth {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        ready(Ok(Status::from(RequestError::Unserved("users and roles")).into_http()))
    }
}
