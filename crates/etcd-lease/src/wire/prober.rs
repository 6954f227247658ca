//! Queries the status of each member periodically. A member that hangs does not delay the others.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::error::CallError;
use super::error_cause::{ErrorCause, ErrorKind};
use super::member::{Member, Probe};
use super::shared_state::{MIN_PROBE_TIMEOUT, SharedState};
use crate::{MemberView, Reachability};

/// After how many intervals a member that refused the login is probed again. Only the user can provide another login.
const REFUSED_INTERVALS: u32 = 10;
/// Minimum delay between two probes of a member.
const MIN_PAUSE: Duration = Duration::from_millis(100);

/// How often the certificate of a member is read. A connection can last for months, longer than the certificate that it
/// was made with.
pub(super) const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(3600);

/// Probes all members about once per `interval`, at once on a [`probe_request`](SharedState::probe_request), and all the
/// time while it is [`urgent`](SharedState::urgent).
pub(super) async fn probe_forever(shared: Arc<SharedState>, interval: Duration) {
    let probes = join_all((0..shared.members.len()).map(|index| probe_member_forever(&shared, index, interval)));
    let certificates = join_all(shared.members.iter().map(reread_certificate_forever));
    tokio::join!(probes, certificates);
}

async fn reread_certificate_forever(member: &Member) {
    loop {
        sleep(CERTIFICATE_INTERVAL).await;
        member.line().reread_certificate().await;
    }
}

async fn probe_member_forever(shared: &SharedState, index: usize, interval: Duration) {
    let mut probe_request = shared.probe_request.subscribe();
    let mut urgent = shared.urgent.subscribe();
    let mut round_trip = RoundTrip::default();
    loop {
        probe(shared, index, &mut round_trip).await;
        if shared.is_login_refused(index) {
            sleep(interval * REFUSED_INTERVALS).await;
            continue;
        }
        tokio::select! {
            () = sleep(interval) => (),
            Ok(()) = probe_request.changed() => sleep(MIN_PAUSE).await,
            () = wait_until(&mut urgent) => sleep(MIN_PAUSE).await,
        }
    }
}

async fn wait_until(flag: &mut watch::Receiver<bool>) {
    // The sender lives as long as the prober.
    let _ = flag.wait_for(|is_set| *is_set).await;
}

/// The round trip to a member: the shorter of the last two. A single one can include a pause of the member, which must
/// not set a timeout.
#[derive(Default)]
struct RoundTrip {
    last: Option<Duration>,
    shorter: Option<Duration>,
}

impl RoundTrip {
    /// Records a round trip. Returns the shorter of the last two.
    fn record(&mut self, span: Duration) -> Duration {
        let shorter = self.last.map_or(span, |last| last.min(span));
        self.last = Some(span);
        self.shorter = Some(shorter);
        shorter
    }

    /// Twice the round trip, but at least [`MIN_PROBE_TIMEOUT`].
    fn probe_timeout(&self) -> Duration {
        self.shorter.map_or(MIN_PROBE_TIMEOUT, |span| MIN_PROBE_TIMEOUT.max(span * 2))
    }
}

/// Probes one member. A member that does not answer in time counts as hanging until it answers. It is asked over a new
/// connection as well, because the old one may be dead, and the first answer counts. After two slow answers it gets
/// more time.
async fn probe(shared: &SharedState, index: usize, round_trip: &mut RoundTrip) {
    let probe_timeout = round_trip.probe_timeout();
    let member = &shared.members[index];
    let token = shared.login.token();
    let mut answer = pin!(timeout(shared.command_timeout.max(probe_timeout), member.probe(shared.age)));
    let answer = if let Ok(answer) = timeout(probe_timeout, &mut answer).await {
        answer
    } else {
        let within = format!("no reply within {} ms", probe_timeout.as_millis());
        let trouble = CallError::new(ErrorCause::NoReply, "read the status", &member.endpoint, within);
        shared.record_probe(index, without_details(member, Reachability::Down { trouble }));
        member.line().replace();
        tokio::select! {
            answer = &mut answer => answer,
            Ok(seen) = member.probe(shared.age) => {
                member.line().note_dead();
                Ok(Ok(seen))
            }
        }
    };
    let Ok(answer) = answer else { return };
    // A login takes as long as etcd's bcrypt cost makes it, and does not mean that the member hangs.
    let logged_in = timeout(shared.command_timeout, shared.probe_logged_in(member, token, answer));
    let Ok(answer) = logged_in.await else { return };
    let Some(mut seen) = probe_result(shared, member, answer) else { return };
    seen.round_trip = seen.round_trip.map(|span| round_trip.record(span));
    shared.record_probe(index, seen);
}

/// The member, as an answer shows it. A member that denies its status is up, because it replied. `None` if it is not
/// clear yet which cluster it belongs to.
fn probe_result(shared: &SharedState, member: &Member, answer: Result<Probe, CallError>) -> Option<MemberView> {
    match answer {
        Ok(Probe { view, evidence }) => {
            let is_clear = shared.accepts_probe(&member.endpoint, &evidence);
            if is_clear { Some(view) } else { None }
        }
        Err(error) if error.kind() == ErrorKind::Forbidden => Some(without_details(member, Reachability::Up)),
        Err(error) => Some(without_details(member, Reachability::Down { trouble: error })),
    }
}

/// A member of which only the reachability is known. If it is up, it counts as knowing a leader.
fn without_details(member: &Member, reachability: Reachability) -> MemberView {
    let has_leader = reachability == Reachability::Up;
    let (endpoint, certificate_end) = (member.endpoint.clone(), member.line().certificate_end());
    MemberView { endpoint, reachability, has_leader, certificate_end, ..MemberView::default() }
}
