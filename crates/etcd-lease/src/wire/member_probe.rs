//! Grants, renews and revokes a lease of our own through each member, to find a member that answers its status but
//! cannot renew.

use std::future::Future;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::calls::renew_through;
use super::cluster::Cluster;
use super::error::CallError;
use super::error_cause::ErrorCause;
use super::header::{header, pb_header};
use super::member::Member;
use crate::{LeaseId, ListedMember};
use simkit::Stopwatch;

/// The TTL of the leases in seconds. One that cannot be revoked expires after it.
const PROBE_TTL: i64 = 10;
/// How long a request may take at most. So the lease still exists when it is renewed and revoked.
const STEP_TIMEOUT: Duration = Duration::from_secs(4);
/// An id that etcd, which chooses random ids, has most probably never granted. It is renewed if no lease can be granted.
const UNKNOWN_LEASE: LeaseId = LeaseId(i64::MAX);
const GRANT: &str = "grant a lease";
const RENEW: &str = "renew a lease";
const REVOKE: &str = "revoke a lease";

/// What one member answered to the requests for a lease of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MemberProbe {
    /// The member id; 0 for an endpoint that is not in the member list.
    pub member_id: u64,
    /// The endpoint, or the client URL at which it was asked. Empty if it advertises none.
    pub endpoint: String,
    /// Granting a lease of 10 s.
    pub grant: ProbeStep,
    /// Renewing that lease, or one that another member granted, or one that does not exist.
    pub renewal: ProbeStep,
    /// Revoking the lease that this member granted.
    pub revoke: ProbeStep,
}

/// The outcome of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ProbeStep {
    /// It was not sent, because no lease was granted.
    NotSent,
    /// It succeeded within this time.
    Done(Duration),
    /// It failed after this time.
    Failed {
        /// The time until it failed.
        after: Duration,
        /// The error.
        trouble: CallError,
    },
}

impl MemberProbe {
    /// The requests with their names.
    pub fn steps(&self) -> [(&'static str, &ProbeStep); 3] {
        [("grant", &self.grant), ("renewal", &self.renewal), ("revoke", &self.revoke)]
    }

    /// Whether every request succeeded.
    pub fn is_done(&self) -> bool {
        self.steps().iter().all(|(_, step)| matches!(step, ProbeStep::Done(_)))
    }
}

/// A member to ask, and the id that it must have; 0 if any will do.
struct Asked {
    member_id: u64,
    endpoint: String,
    member: Result<Member, CallError>,
}

impl Cluster {
    /// Grants a lease of 10 s through each listed member and each endpoint, renews it once and revokes it through the
    /// same member. Each request may take 4 s, or the command timeout if that is shorter. All members are asked at the
    /// same time.
    ///
    /// A member that grants no lease is asked to renew one that another member granted. If none does, as under the
    /// alarm NOSPACE, each is asked to renew a lease that does not exist: only a member that can renew answers that
    /// too.
    pub async fn probe_members(&self, listed: &[ListedMember]) -> Vec<MemberProbe> {
        let asked = self.members_to_ask(listed).await;
        let grants = join_all(asked.iter().map(|asked| self.step(asked, GRANT, grant_through))).await;
        let granted: Vec<Option<LeaseId>> = grants.iter().map(|(id, _)| *id).collect();
        let any = granted.iter().flatten().next().copied();
        let renewals = join_all(asked.iter().zip(&granted).map(|(asked, own)| {
            let (id, exists) = (own.or(any).unwrap_or(UNKNOWN_LEASE), any.is_some());
            self.step_with(Some(id), asked, RENEW, move |member, tried, id| {
                renew_once_through(member, tried, id, exists)
            })
        }))
        .await;
        let revokes = join_all(
            asked.iter().zip(&granted).map(|(asked, own)| self.step_with(*own, asked, REVOKE, revoke_through)),
        )
        .await;
        self.revoke_rest(&granted, &revokes).await;
        let steps = grants.into_iter().zip(renewals).zip(revokes);
        asked
            .into_iter()
            .zip(steps)
            .map(|(asked, (((_, grant), renewal), revoke))| MemberProbe {
                member_id: asked.member_id,
                endpoint: asked.endpoint,
                grant,
                renewal,
                revoke,
            })
            .collect()
    }

    /// Revokes the leases that could not be revoked through the member that granted them, through any member.
    async fn revoke_rest(&self, granted: &[Option<LeaseId>], revokes: &[ProbeStep]) {
        let left = granted.iter().zip(revokes).filter(|(_, step)| !matches!(step, ProbeStep::Done(_)));
        // A lease that is left expires.
        join_all(left.filter_map(|(id, _)| *id).map(|id| self.revoke(id))).await;
    }

    /// The listed members, followed by the endpoints that are none of them.
    async fn members_to_ask(&self, listed: &[ListedMember]) -> Vec<Asked> {
        let view = self.view();
        let mut asked = Vec::new();
        let mut used = vec![false; view.members.len()];
        for listed in listed {
            let mut place = None;
            for (index, seen) in view.members.iter().enumerate() {
                let is_it = if seen.member_id == 0 { seen.is_at(listed) } else { seen.member_id == listed.id };
                used[index] |= is_it;
                if is_it && place.is_none() {
                    place = Some(index);
                }
            }
            let member = match place {
                Some(index) => Ok(self.shared().members[index].clone()),
                None => self.outside_member(listed).await,
            };
            let url = listed.client_urls.first().cloned().unwrap_or_default();
            let endpoint = member.as_ref().map_or(url, |member| member.endpoint.clone());
            asked.push(Asked { member_id: listed.id, endpoint, member });
        }
        let others = self.shared().members.iter().enumerate().filter(|(index, _)| !used[*index]);
        asked.extend(others.map(|(_, member)| Asked {
            member_id: 0,
            endpoint: member.endpoint.clone(),
            member: Ok(member.clone()),
        }));
        asked
    }

    async fn outside_member(&self, listed: &ListedMember) -> Result<Member, CallError> {
        let Some(url) = listed.client_urls.first() else {
            return Err(CallError::new(ErrorCause::Other, GRANT, &listed.name, "it advertises no client URL"));
        };
        self.outside().connection(url, self.shared().login.shared_token()).await
    }

    /// Sends one request about a lease to one member. Without a lease, nothing is sent.
    async fn step_with<F>(
        &self,
        id: Option<LeaseId>,
        asked: &Asked,
        tried: &'static str,
        request: impl Fn(Member, &'static str, LeaseId) -> F,
    ) -> ProbeStep
    where
        F: Future<Output = Result<(LeaseId, u64), CallError>>,
    {
        match id {
            Some(id) => self.step(asked, tried, |member, tried, _: i64| request(member, tried, id)).await.1,
            None => ProbeStep::NotSent,
        }
    }

    /// Sends one request to one member. Also returns the id of the lease, if there was a reply.
    async fn step<F>(
        &self,
        asked: &Asked,
        tried: &'static str,
        request: impl Fn(Member, &'static str, i64) -> F,
    ) -> (Option<LeaseId>, ProbeStep)
    where
        F: Future<Output = Result<(LeaseId, u64), CallError>>,
    {
        let sent = Stopwatch::start();
        let answer = match &asked.member {
            Ok(member) => {
                let call = |member| request(member, tried, PROBE_TTL);
                let limit = self.shared().command_timeout.min(STEP_TIMEOUT);
                let answer = timeout(limit, self.shared().signed_call(member, &call)).await;
                answer.unwrap_or_else(|_| Err(CallError::timeout(tried, &member.endpoint)))
            }
            Err(trouble) => Err(trouble.clone()),
        };
        let after = sent.elapsed();
        match answer {
            Ok((id, by)) if asked.member_id == 0 || by == asked.member_id => (Some(id), ProbeStep::Done(after)),
            Ok((id, _)) => {
                let message = "another member answers at this address";
                let trouble = CallError::new(ErrorCause::Other, tried, &asked.endpoint, message);
                (Some(id), ProbeStep::Failed { after, trouble })
            }
            Err(trouble) => (None, ProbeStep::Failed { after, trouble }),
        }
    }
}

/// Grants a lease through a member. Returns its id, and that of the member that answered.
async fn grant_through(member: Member, tried: &'static str, ttl: i64) -> Result<(LeaseId, u64), CallError> {
    let answer = member.client().lease_grant(ttl, None).await;
    let answer = answer.map_err(|error| CallError::from_client(tried, &member.endpoint, error))?;
    Ok((LeaseId(answer.id()), header(answer.header()).member_id))
}

/// Renews a lease through a member. Returns its id, and that of the member that answered. An unknown lease is an error
/// only if it `exists`.
async fn renew_once_through(
    member: Member,
    tried: &'static str,
    id: LeaseId,
    exists: bool,
) -> Result<(LeaseId, u64), CallError> {
    let answer = renew_through(&member, tried, id).await?;
    if exists && answer.ttl <= 0 {
        let message = "etcd does not know the lease that was granted just now";
        return Err(CallError::new(ErrorCause::LeaseNotFound, tried, &member.endpoint, message));
    }
    Ok((id, pb_header(answer.header).member_id))
}

/// Revokes a lease through a member. Returns its id, and that of the member that answered.
async fn revoke_through(member: Member, tried: &'static str, id: LeaseId) -> Result<(LeaseId, u64), CallError> {
    let answer = member.client().lease_revoke(id.0).await;
    let answer = answer.map_err(|error| CallError::from_client(tried, &member.endpoint, error))?;
    Ok((id, header(answer.header()).member_id))
}
