//! `wait`: waits until a lease is gone, is renewed, or has less time left, or until enough leases match a filter.

mod matching;

use std::time::Duration;

use super::options::{WATCH_ONLY, WaitArgs};
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::app::{LeaseKeys, WaitedLease};
use crate::report::{self, Reason, Waited};
use crate::wait_condition::{Wait, WaitCondition, WaitStatus, WaitTarget};
use etcd_lease::wire::ErrorKind;
use etcd_lease::{KeyEntry, LeaseId, TimeToLive};
use simkit::Timestamp;

/// Time between queries while no member replies.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How long a query may wait for its reply, even if the time-out comes earlier.
const LAST_REPLY_GRACE: Duration = Duration::from_secs(1);

/// What replies have shown so far.
struct Seen {
    wait: Wait,
    lease: WaitedLease,
    /// The first keys of the lease at the first reply. `None` before it.
    keys: Option<Vec<KeyEntry>>,
}

pub(super) async fn run(args: WaitArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    let (id, condition) = match (args.id, args.until) {
        (Some(id), WaitTarget::Lease(condition)) => (id, condition),
        (None, WaitTarget::Leases(condition)) => {
            return matching::run(&condition, args.watch_args, args.timeout, shared, out).await;
        }
        (None, WaitTarget::Lease(condition)) => {
            return Err(CliError::Usage(format!("--until {condition} needs the ID of a lease")));
        }
        (Some(_), WaitTarget::Leases(condition)) => {
            return Err(CliError::Usage(format!("--until {condition} is about all leases; drop the ID")));
        }
    };
    if WATCH_ONLY.into_iter().any(|option| shared.is_given(option)) {
        let why = "--prefix, --budget and --key-budget are for conditions on all leases; drop them or the ID";
        return Err(CliError::Usage(why.to_owned()));
    }
    let target = Target { id, condition, timeout: args.timeout };
    let mut signals = Signals::catch()?;
    let session = CommandSession::open(shared).await?;
    let mut seen = Seen { wait: Wait::new(condition), lease: WaitedLease::new(id), keys: None };
    let reason = tokio::select! {
        reason = until(&session, &target, &mut seen, out) => reason?,
        () = signals.next() => Some(Reason::Stopped),
    };
    print_result(&session, &target, &seen, reason, out).await?;
    Ok(Exit::no_if(reason.is_some()))
}

/// One lease to wait for.
struct Target {
    id: LeaseId,
    condition: WaitCondition,
    timeout: Option<Duration>,
}

/// Polls until the condition is met, can no longer be met, or the time is over. Returns the reason if it was not met.
async fn until(
    session: &CommandSession,
    target: &Target,
    seen: &mut Seen,
    out: &mut Out,
) -> Result<Option<Reason>, CliError> {
    let clock = &session.clock;
    let over = target.timeout.map_or(Timestamp::NEVER, |timeout| clock.now() + timeout);
    let mut trouble: Option<CliError> = None;
    loop {
        let sent = clock.now();
        let next = match ask(session, target.id, seen.keys.is_none(), over).await {
            Ok(answer) => {
                trouble = None;
                let received = clock.now();
                let is_renewed = seen.lease.on_reply(&answer, sent, received);
                let status = seen.wait.on_reply(&answer, is_renewed, (sent, received));
                if seen.keys.is_none() {
                    seen.keys = Some(read_keys(session, answer.keys).await);
                }
                match status {
                    WaitStatus::Happened => return Ok(None),
                    WaitStatus::TooLate => return Ok(Some(Reason::Gone)),
                    WaitStatus::NotYet(next) => next,
                }
            }
            Err(error) if error.is_silence() => {
                report_once(&mut trouble, error, out).await;
                clock.now() + RETRY_INTERVAL
            }
            Err(error) => return Err(error),
        };
        if clock.now() >= over {
            return trouble.map_or(Ok(Some(Reason::TimedOut)), Err);
        }
        clock.sleep_until(next.min(over)).await;
    }
}

/// Queries the lease, with its keys if they are wanted and the user may read them. Waits for the reply until `over`, or
/// for [`LAST_REPLY_GRACE`] if that is later.
async fn ask(session: &CommandSession, id: LeaseId, with_keys: bool, over: Timestamp) -> Result<TimeToLive, CliError> {
    let clock = &session.clock;
    let last = clock.instant(over.max(clock.now() + LAST_REPLY_GRACE * clock.speed()));
    let answer = async {
        match session.cluster.time_to_live(id, with_keys).await {
            Err(error) if with_keys && error.kind() == ErrorKind::Forbidden => {
                session.cluster.time_to_live(id, false).await
            }
            answer => answer,
        }
    };
    match tokio::time::timeout_at(last, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(session.unanswered()),
    }
}

/// Reads the first of these keys without their values, up to one that cannot be read.
async fn read_keys(session: &CommandSession, keys: Vec<Vec<u8>>) -> Vec<KeyEntry> {
    let mut entries = Vec::new();
    for key in keys.iter().take(LeaseKeys::FIRST) {
        let Ok(read) = session.cluster.read_key(key).await else { break };
        entries.extend(read.entries.into_iter().map(|(entry, _)| entry));
    }
    entries
}

/// The first of the keys `before` that moved from the lease to another one, and that other lease. A key that was
/// deleted with the lease and put again is not meant: it has a later create revision.
async fn moved_key(session: &CommandSession, id: LeaseId, before: &[KeyEntry]) -> Option<(Vec<u8>, LeaseId)> {
    let now = read_keys(session, before.iter().map(|entry| entry.key.clone()).collect()).await;
    let is_same = |a: &KeyEntry, b: &KeyEntry| a.key == b.key && a.create_revision == b.create_revision;
    let stayed = now.into_iter().filter(|entry| before.iter().any(|known| is_same(known, entry)));
    stayed.filter_map(|entry| Some((entry.key, entry.lease?))).find(|(_, lease)| *lease != id)
}

/// Prints an error if it is the first since the last reply, and stores it in `trouble`.
pub(super) async fn report_once(trouble: &mut Option<CliError>, error: CliError, out: &mut Out) {
    if trouble.is_none() {
        out.message(&format!("{error}. Retrying.")).await;
    }
    *trouble = Some(error);
}

async fn print_result(
    session: &CommandSession,
    target: &Target,
    seen: &Seen,
    reason: Option<Reason>,
    out: &mut Out,
) -> Result<(), CliError> {
    let now = session.clock.now();
    let (id, until, was_there, bounds) = (target.id, target.condition, seen.wait.was_there(), seen.wait.bounds());
    let has_ended = was_there && (reason == Some(Reason::Gone) || reason.is_none() && until == WaitCondition::Gone);
    let moved = match &seen.keys {
        Some(keys) if has_ended => moved_key(session, id, keys).await,
        _ => None,
    };
    let end = if has_ended { Some(seen.lease.end_cause(moved.is_some())) } else { None };
    let waited = Waited { at: session.clock.wall(now), now, id, until, reason, was_there, end, moved, bounds };
    if !was_there && matches!(reason, None | Some(Reason::Gone)) {
        let hint = session.decimal_hint(id).await;
        if !hint.is_empty() {
            out.message(&format!("lease {id} not found{hint}")).await;
        }
    }
    match reason {
        Some(_) if out.is_text() => out.message(report::waited(&waited).trim_end()).await,
        _ => out.report(|| report::waited(&waited), || report::waited_json(&waited), &report::WAIT_CSV).await?,
    }
    Ok(())
}
