//! One member: what every answer of it goes through.

use std::sync::Arc;
use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status};

use super::Seen;
use super::store::Refusal;
use super::world::{MemberState, State, World};
use simkit::Timestamp;

/// How long a request waits for a leader: etcd's `ReqTimeout` with its default election timeout, 5 s + 2 x 1 s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(7);

/// What a service method answers.
pub(super) type Answer<T> = Result<Response<T>, Status>;

/// One member of the sandbox, as its services see it.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) world: Arc<World>,
    pub(super) index: usize,
}

/// What a request needs of the cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// The member's own memory will do.
    Nothing,
    /// The leader's memory.
    Leader,
    /// A quorum, to read what it agrees on.
    Read,
    /// A quorum, to agree on a change.
    Propose,
}

impl Member {
    /// Serves one call: it waits while the member hangs or the leader is missing, acts, and answers after the
    /// member's delay.
    pub(super) async fn call<Q, A>(
        &self,
        request: Request<Q>,
        needs: Needs,
        act: impl FnOnce(&mut State, Q, Timestamp) -> Result<A, Refusal>,
    ) -> Answer<A> {
        let _counted = self.in_flight();
        let (metadata, _, message) = request.into_parts();
        self.awake().await;
        if requires_leader(&metadata) {
            self.led()?;
        }
        self.has(needs).await?;
        let outcome = self.world.with(|state, now| {
            state.index += u64::from(needs == Needs::Propose);
            act(state, message, now)
        });
        self.may_answer().await;
        Ok(Response::new(outcome?))
    }

    /// Whether there is a leader right now.
    pub(super) fn led(&self) -> Result<(), Refusal> {
        self.world.with(|state, _| state.leader.map(|_| ()).ok_or(Refusal::NoLeader))
    }

    /// Waits for what a request needs, as long as etcd does.
    pub(super) async fn has(&self, needs: Needs) -> Result<(), Refusal> {
        let refusal = match needs {
            Needs::Nothing => return Ok(()),
            Needs::Leader => Refusal::NoLeader,
            Needs::Read => Refusal::TimedOut,
            Needs::Propose => Refusal::NotProposed,
        };
        tokio::select! {
            biased;
            () = self.world.until(|state, _| state.leader.map(|_| ())) => Ok(()),
            () = self.world.clock.sleep(REQUEST_TIMEOUT) => Err(refusal),
        }
    }

    /// Waits while the member is stopped.
    pub(super) async fn awake(&self) {
        self.until(|member| (!member.hung).then_some(())).await;
    }

    /// Waits for the member's delay, and while it is stopped.
    pub(super) async fn may_answer(&self) {
        let delay = self.with(|member| member.delay);
        if !delay.is_zero() {
            self.world.clock.sleep(delay).await;
        }
        self.awake().await;
    }

    /// Looks at this member, or changes it.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut MemberState) -> T) -> T {
        self.world.with(|state, _| act(&mut state.members[self.index]))
    }

    /// Waits until something is so of this member.
    pub(super) async fn until<T>(&self, mut find: impl FnMut(&mut MemberState) -> Option<T>) -> T {
        self.world.until(|state, _| find(&mut state.members[self.index])).await
    }

    /// Counts one more request in flight, until what it gives is dropped.
    pub(super) fn in_flight(&self) -> Counted {
        self.with(|member| {
            member.seen.in_flight += 1;
            member.seen.most_in_flight = member.seen.most_in_flight.max(member.seen.in_flight);
        });
        Counted { member: self.clone(), gauge: |seen| &mut seen.in_flight }
    }

    /// Counts one more open keepalive stream, until what it gives is dropped.
    pub(super) fn stream_opened(&self) -> Counted {
        self.with(|member| {
            member.seen.streams_opened += 1;
            member.seen.streams_open += 1;
        });
        Counted { member: self.clone(), gauge: |seen| &mut seen.streams_open }
    }

    /// Counts one more open watch stream, until what it gives is dropped.
    pub(super) fn watch_opened(&self) -> Counted {
        self.with(|member| member.seen.watches_open += 1);
        Counted { member: self.clone(), gauge: |seen| &mut seen.watches_open }
    }
}

/// Counted as long as it lives.
pub(super) struct Counted {
    member: Member,
    gauge: fn(&mut Seen) -> &mut usize,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.member.with(|member| *(self.gauge)(&mut member.seen) -= 1);
    }
}

/// Whether a caller would rather have an error than an answer of a member without a leader
/// (clientv3's `WithRequireLeader`).
pub(super) fn requires_leader(metadata: &MetadataMap) -> bool {
    metadata.get("hasleader").is_some_and(|value| value == "true")
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Status {
        let code = match refusal {
            Refusal::LeaseNotFound => Code::NotFound,
            Refusal::LeaseExists => Code::FailedPrecondition,
            Refusal::TtlTooLarge | Refusal::FutureRevision | Refusal::Compacted => Code::OutOfRange,
            Refusal::NoKey | Refusal::KeyNotFound => Code::InvalidArgument,
            Refusal::ValueProvided | Refusal::LeaseProvided | Refusal::BadSort => Code::InvalidArgument,
            Refusal::TooManyOps | Refusal::DuplicateKey => Code::InvalidArgument,
            Refusal::Forbidden => Code::PermissionDenied,
            Refusal::NoLeader | Refusal::TimedOut => Code::Unavailable,
            Refusal::NotProposed => Code::DeadlineExceeded,
            Refusal::Unserved(_) => Code::Unimplemented,
        };
        Status::new(code, refusal.to_string())
    }
}
