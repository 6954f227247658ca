//! Queries the status of each member periodically. A member that hangs does not delay the others.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::error::{CallError, ErrorKind};
use super::member::{Member, Probe};
use super::shared_state::SharedState;
use crate::{MemberView, Reachability};

/// Minimum delay between two probes of a member.
const MIN_PAUSE: Duration = Duration::from_millis(100);
/// How long a member may take to answer before it counts as hanging. It is longer for a member that is far away.
const MIN_PROBE_TIMEOUT: Duration = Duration::from_millis(700);

/// Probes all members about once per `interval`, and at once on a [`probe_request`](SharedState::probe_request).
pub(super) async fn probe_forever(shared: Arc<SharedState>, interval: Duration) {
    join_all((0..shared.members.len()).map(|index| probe_member_forever(&shared, index, interval))).await;
}

async fn probe_member_forever(shared: &SharedState, index: usize, interval: Duration) {
    let mut probe_request = shared.probe_request.subscribe();
    let mut probe_timeout = MIN_PROBE_TIMEOUT;
    loop {
        let round_trip = probe(shared, index, probe_timeout).await;
        probe_timeout = round_trip.map_or(probe_timeout, |span| MIN_PROBE_TIMEOUT.max(span * 2));
        tokio::select! {
            () = sleep(interval) => (),
            Ok(()) = probe_request.changed() => sleep(MIN_PAUSE).await,
        }
    }
}

/// Probes one member and returns the round trip. A slow member counts as hanging until it answers; after that it gets
/// more time.
async fn probe(shared: &SharedState, index: usize, probe_timeout: Duration) -> Option<Duration> {
    let member = &shared.members[index];
    let mut answer = pin!(timeout(shared.command_timeout.max(probe_timeout), shared.probe_logged_in(member)));
    let answer = if let Ok(answer) = timeout(probe_timeout, &mut answer).await {
        answer
    } else {
        let trouble = format!("no reply within {} ms", probe_timeout.as_millis());
        shared.record_probe(index, without_details(member, Reachability::Down { trouble }));
        answer.await
    };
    let seen = probe_result(shared, member, answer.ok()?)?;
    let round_trip = seen.round_trip;
    shared.record_probe(index, seen);
    round_trip
}

/// The member, as an answer shows it. A member that denies its status is up, because it replied. None if it is not
/// clear yet which cluster it belongs to.
fn probe_result(shared: &SharedState, member: &Member, answer: Result<Probe, CallError>) -> Option<MemberView> {
    match answer {
        Ok(Probe { view, evidence }) => {
            let is_clear = shared.accepts_probe(&member.endpoint, &evidence);
            if is_clear { Some(view) } else { None }
        }
        Err(error) if error.kind() == ErrorKind::Forbidden => Some(without_details(member, Reachability::Up)),
        Err(error) => Some(without_details(member, Reachability::Down { trouble: error.with_advice() })),
    }
}

/// A member with only its reachability known.
fn without_details(member: &Member, reachability: Reachability) -> MemberView {
    let has_leader = reachability == Reachability::Up;
    MemberView { endpoint: member.endpoint.clone(), reachability, has_leader, ..MemberView::default() }
}
