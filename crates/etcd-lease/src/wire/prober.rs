//! Asks each member who it is, again and again, in its own time: one that hangs does not hold up what the others say.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::error::Error;
use super::error_kind::ErrorKind;
use super::member::Member;
use super::shared_state::SharedState;
use crate::MemberView;
use crate::Reachability;

/// Between two questions to a member, at least.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a member may take to answer before it counts as hung, where it is not known to be far away.
const MIN_PROBE_TIMEOUT: Duration = Duration::from_millis(700);

/// Asks all of them, about so often, and at once where that is [wanted](SharedState::probe_request).
pub(super) async fn probe_forever(shared: Arc<SharedState>, every: Duration) {
    join_all((0..shared.members.len()).map(|index| probe_member_forever(&shared, index, every))).await;
}

async fn probe_member_forever(shared: &SharedState, index: usize, every: Duration) {
    let mut probe_request = shared.probe_request.subscribe();
    let mut probe_timeout = MIN_PROBE_TIMEOUT;
    loop {
        let round_trip = probe(shared, index, probe_timeout).await;
        probe_timeout = round_trip.map_or(probe_timeout, |span| MIN_PROBE_TIMEOUT.max(span * 2));
        tokio::select! {
            () = sleep(every) => (),
            Ok(()) = probe_request.changed() => sleep(PAUSE).await,
        }
    }
}

/// Asks one, and says how long the answer took. One that is slow counts as hung, until it answers after all: then it is
/// given more time.
async fn probe(shared: &SharedState, index: usize, probe_timeout: Duration) -> Option<Duration> {
    let member = &shared.members[index];
    let mut answer = pin!(timeout(shared.command_timeout().max(probe_timeout), shared.probe_logged_in(member)));
    let answer = if let Ok(answer) = timeout(probe_timeout, &mut answer).await {
        answer
    } else {
        let trouble = format!("no answer within {} ms", probe_timeout.as_millis());
        shared.record_probe(index, (None, without_details(member, Reachability::Down { trouble })));
        answer.await
    };
    let seen = probe_result(member, answer.ok()?);
    let round_trip = seen.1.round_trip;
    shared.record_probe(index, seen);
    round_trip
}

/// The cluster's id and the member, as an answer shows them. One that refuses to tell is there all the same: it speaks.
fn probe_result(member: &Member, answer: Result<(u64, MemberView), Error>) -> (Option<u64>, MemberView) {
    match answer {
        Ok((cluster_id, view)) => (Some(cluster_id), view),
        Err(error) if error.kind() == ErrorKind::Forbidden => (None, without_details(member, Reachability::Up)),
        Err(error) => (None, without_details(member, Reachability::Down { trouble: error.with_advice() })),
    }
}

/// A member that says nothing of itself.
fn without_details(member: &Member, reachability: Reachability) -> MemberView {
    let has_leader = reachability == Reachability::Up;
    MemberView { endpoint: member.endpoint.clone(), reachability, has_leader, ..MemberView::default() }
}
