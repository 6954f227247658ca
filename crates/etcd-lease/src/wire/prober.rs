//! Asks each member who it is, again and again, in its own time: one that hangs does not hold up what the others say.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::cluster::Shared;
use super::error::{Error, ErrorKind};
use super::member::Member;
use crate::{MemberView, Reachability};

/// Between two questions to a member, at least.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a member may take to answer before it counts as hung, where it is not known to be far away.
const PATIENCE: Duration = Duration::from_millis(700);

/// Asks all of them, about so often, and at once where that is [wanted](Shared::wanted).
pub(super) async fn ask_for_ever(shared: Arc<Shared>, every: Duration) {
    join_all((0..shared.members.len()).map(|index| ask_one_for_ever(&shared, index, every))).await;
}

async fn ask_one_for_ever(shared: &Shared, index: usize, every: Duration) {
    let mut wanted = shared.wanted.subscribe();
    let mut patience = PATIENCE;
    loop {
        let round_trip = ask(shared, index, patience).await;
        patience = round_trip.map_or(patience, |span| PATIENCE.max(span * 2));
        tokio::select! {
            () = sleep(every) => (),
            Ok(()) = wanted.changed() => sleep(PAUSE).await,
        }
    }
}

/// Asks one, and says how long the answer took. One that is slow counts as hung, until it answers after all: then it is
/// given more time.
async fn ask(shared: &Shared, index: usize, patience: Duration) -> Option<Duration> {
    let member = &shared.members[index];
    let mut answer = pin!(timeout(shared.command_timeout().max(patience), shared.ask_logged_in(member)));
    let answer = if let Ok(answer) = timeout(patience, &mut answer).await {
        answer
    } else {
        let trouble = format!("no answer within {} ms", patience.as_millis());
        shared.learn(index, (None, silent(member, Reachability::Down { trouble })));
        answer.await
    };
    let seen = seen(member, answer.ok()?);
    let round_trip = seen.1.round_trip;
    shared.learn(index, seen);
    round_trip
}

/// The cluster's id and the member, as an answer shows them. One that refuses to tell is there all the same: it speaks.
fn seen(member: &Member, answer: Result<(u64, MemberView), Error>) -> (Option<u64>, MemberView) {
    match answer {
        Ok((cluster_id, view)) => (Some(cluster_id), view),
        Err(error) if error.kind() == ErrorKind::Forbidden => (None, silent(member, Reachability::Up)),
        Err(error) => (None, silent(member, Reachability::Down { trouble: error.with_advice() })),
    }
}

/// A member that says nothing of itself.
fn silent(member: &Member, reachability: Reachability) -> MemberView {
    let has_leader = reachability == Reachability::Up;
    MemberView { endpoint: member.endpoint.clone(), reachability, has_leader, ..MemberView::default() }
}
