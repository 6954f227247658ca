//! Calls that the sandbox does not serve. They fail with `Unimplemented`.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use crate::member::RpcResult;
use crate::store::RequestError;

/// The reply to a call that is not served.
pub(super) fn unserved<T>(call: &'static str) -> RpcResult<T> {
    Err(RequestError::Unserved(call).into())
}

/// The auth service. It does not implement the trait, because etcd-client does not export all messages of the trait.
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
