//! One member, and the processing common to all calls.

use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status};

use super::MemberStats;
use super::cluster_state::{ClusterState, MemberState, SharedCluster};
use super::faults::Call;
use super::store::RequestError;
use simkit::Timestamp;

/// How long a request waits for a leader: etcd's `ReqTimeout` with its default election timeout, 5 s + 2 x 1 s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(7);

/// The largest change in bytes: etcd's `--max-request-bytes`.
pub(super) const MAX_REQUEST_BYTES: usize = 1536 * 1024;

/// The result of a service method.
pub(super) type RpcResult<T> = Result<Response<T>, Status>;

/// One member of the sandbox, as its services see it.
#[derive(Clone)]
pub(super) struct MemberServer {
    pub(super) cluster: Arc<SharedCluster>,
    pub(super) index: usize,
}

/// What a request requires from the cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Only the member itself, which may be a learner.
    Nothing,
    /// A voting member.
    Vote,
    /// A leader.
    Leader,
    /// A quorum, for a linearizable read.
    Read,
    /// A quorum, for a change.
    Propose,
}

impl MemberServer {
    /// Serves one call: waits while the member hangs or a leader is missing, runs the request, and replies after the
    /// delay.
    pub(super) async fn call<Q: Message, A>(
        &self,
        request: Request<Q>,
        needs: Needs,
        act: impl FnOnce(&mut ClusterState, Q, Timestamp) -> Result<A, RequestError>,
    ) -> RpcResult<A> {
        let _counted = self.count_request();
        let (metadata, _, message) = request.into_parts();
        self.until_resumed().await;
        if needs != Needs::Nothing {
            self.check_vote()?;
        }
        if requires_leader(&metadata) {
            self.check_leader()?;
        }
        if needs == Needs::Propose && message.encoded_len() > MAX_REQUEST_BYTES {
            return Err(RequestError::TooLarge.into());
        }
        self.wait_until(needs).await?;
        let outcome = self.cluster.with(|state, now| {
            state.index += u64::from(needs == Needs::Propose);
            match needs {
                Needs::Nothing | Needs::Vote => state.with_data_of(self.index, |state| act(state, message, now)),
                Needs::Leader | Needs::Read | Needs::Propose => act(state, message, now),
            }
        });
        self.delay_answer().await;
        Ok(Response::new(outcome?))
    }

    /// Answers a call, or returns the status of the fault that is scripted for it.
    pub(super) async fn scripted<T>(&self, call: Call, answer: impl Future<Output = RpcResult<T>>) -> RpcResult<T> {
        let Some(fault) = self.cluster.with(|state, _| state.take_call_fault(call)) else { return answer.await };
        if fault.is_processed {
            answer.await?;
        }
        Err(fault.status)
    }

    /// Checks that the member is not a learner.
    pub(super) fn check_vote(&self) -> Result<(), RequestError> {
        if self.with(|member| member.is_learner) { Err(RequestError::Learner) } else { Ok(()) }
    }

    /// Checks that there is a leader.
    pub(super) fn check_leader(&self) -> Result<(), RequestError> {
        self.cluster.with(|state, _| state.leader.map(|_| ()).ok_or(RequestError::NoLeader))
    }

    /// Waits for what a request requires, for as long as etcd does. A member that lags must catch up first.
    pub(super) async fn wait_until(&self, needs: Needs) -> Result<(), RequestError> {
        let error = match needs {
            Needs::Nothing | Needs::Vote => return Ok(()),
            Needs::Leader => RequestError::NoLeader,
            Needs::Read => RequestError::TimedOut,
            Needs::Propose => RequestError::NotProposed,
        };
        let served = async {
            let leader = self.cluster.until(|state, _| state.leader.filter(|_| state.serves(self.index))).await;
            if needs == Needs::Leader {
                self.forwarded_to(leader).await;
            }
        };
        tokio::select! {
            biased;
            () = served => Ok(()),
            () = self.cluster.clock.sleep(REQUEST_TIMEOUT) => Err(error),
        }
    }

    /// Waits until the leader takes a request that is forwarded to it. As in etcd, the request does not move to a leader
    /// that is elected in the meantime.
    async fn forwarded_to(&self, leader: usize) {
        self.cluster.until(|state, _| (leader == self.index || !state.members[leader].hung).then_some(())).await;
    }

    /// Waits while the member hangs.
    pub(super) async fn until_resumed(&self) {
        self.until(|member| (!member.hung).then_some(())).await;
    }

    /// Waits for the scripted delay of replies, and while the member hangs.
    pub(super) async fn delay_answer(&self) {
        let delay = self.with(|member| member.delay);
        if !delay.is_zero() {
            self.cluster.clock.sleep(delay).await;
        }
        self.until_resumed().await;
    }

    /// Reads or changes this member.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut MemberState) -> T) -> T {
        self.cluster.with(|state, _| act(&mut state.members[self.index]))
    }

    /// Waits until `find` returns a value for this member.
    pub(super) async fn until<T>(&self, mut find: impl FnMut(&mut MemberState) -> Option<T>) -> T {
        self.cluster.until(|state, _| find(&mut state.members[self.index])).await
    }

    /// Counts a request in progress until the guard is dropped.
    pub(super) fn count_request(&self) -> GaugeGuard {
        self.with(|member| {
            member.stats.in_flight += 1;
            member.stats.most_in_flight = member.stats.most_in_flight.max(member.stats.in_flight);
        });
        GaugeGuard { member: self.clone(), gauge: |stats| &mut stats.in_flight }
    }

    /// Counts an open keepalive stream until the guard is dropped.
    pub(super) fn count_stream(&self) -> GaugeGuard {
        self.with(|member| {
            member.stats.streams_opened += 1;
            member.stats.streams_open += 1;
        });
        GaugeGuard { member: self.clone(), gauge: |stats| &mut stats.streams_open }
    }

    /// Counts an open watch stream until the guard is dropped.
    pub(super) fn count_watch(&self) -> GaugeGuard {
        self.with(|member| member.stats.watches_open += 1);
        GaugeGuard { member: self.clone(), gauge: |stats| &mut stats.watches_open }
    }
}

/// Decrements a gauge when it is dropped.
pub(super) struct GaugeGuard {
    member: MemberServer,
    gauge: fn(&mut MemberStats) -> &mut usize,
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.member.with(|member| *(self.gauge)(&mut member.stats) -= 1);
    }
}

/// Whether the caller requests an error from a member without a leader (clientv3's `WithRequireLeader`).
pub(super) fn requires_leader(metadata: &MetadataMap) -> bool {
    metadata.get("hasleader").is_some_and(|value| value == "true")
}

impl From<RequestError> for Status {
    fn from(error: RequestError) -> Status {
        let code = match error {
            RequestError::LeaseNotFound => Code::NotFound,
            RequestError::LeaseExists | RequestError::Learner => Code::FailedPrecondition,
            RequestError::TtlTooLarge | RequestError::FutureRevision | RequestError::Compacted => Code::OutOfRange,
            RequestError::NoKey | RequestError::KeyNotFound => Code::InvalidArgument,
            RequestError::ValueProvided | RequestError::LeaseProvided | RequestError::BadSort => Code::InvalidArgument,
            RequestError::TooManyOps | RequestError::DuplicateKey | RequestError::TooLarge => Code::InvalidArgument,
            RequestError::Forbidden => Code::PermissionDenied,
            RequestError::NoLeader | RequestError::TimedOut => Code::Unavailable,
            RequestError::NotProposed => Code::DeadlineExceeded,
            RequestError::Unserved(_) => Code::Unimplemented,
        };
        Status::new(code, error.to_string())
    }
}
