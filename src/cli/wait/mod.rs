//! `wait`: waits until a lease is gone, is renewed, or has less time left, or until enough leases match a filter.

mod matching;

use std::time::Duration;

use super::options::WaitArgs;
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::report::{self, Reason, Waited};
use crate::wait_condition::{Wait, WaitCondition, WaitStatus, WaitTarget};
use etcd_lease::{LeaseId, TimeToLive};
use simkit::Timestamp;

/// Time between queries while no member replies.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How long the last reply may arrive after the time-out.
const LAST_REPLY_GRACE: Duration = Duration::from_secs(1);

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
    let target = Target { id, condition, timeout: args.timeout };
    let mut signals = Signals::catch()?;
    let session = CommandSession::open(shared).await?;
    let mut wait = Wait::new(condition);
    let reason = tokio::select! {
        reason = until(&session, &target, &mut wait, out) => reason?,
        () = signals.next() => Some(Reason::Stopped),
    };
    print_result(&session, &target, &wait, reason, out).await?;
    Ok(Exit::no_if(reason.is_some()))
}

/// One lease to wait for.
struct Target {
    id: LeaseId,
    condition: WaitCondition,
    timeout: Option<Duration>,
}

/// Polls until the condition is met (`None`), can no longer be met, or the time is over.
async fn until(
    session: &CommandSession,
    target: &Target,
    wait: &mut Wait,
    out: &mut Out,
) -> Result<Option<Reason>, CliError> {
    let clock = &session.clock;
    let over = target.timeout.map_or(Timestamp::NEVER, |timeout| clock.now() + timeout);
    let mut trouble: Option<CliError> = None;
    loop {
        let sent = clock.now();
        let next = match ask(session, target.id, over).await {
            Ok(answer) => {
                trouble = None;
                match wait.on_reply(&answer, sent, clock.now()) {
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

/// Queries the lease. After the time-out the reply has [`LAST_REPLY_GRACE`] left.
async fn ask(session: &CommandSession, id: LeaseId, over: Timestamp) -> Result<TimeToLive, CliError> {
    let clock = &session.clock;
    let last = clock.instant(over.max(clock.now() + LAST_REPLY_GRACE * clock.speed()));
    match tokio::time::timeout_at(last, session.cluster.time_to_live(id, false)).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(session.unanswered()),
    }
}

/// Prints the first of consecutive errors.
pub(super) async fn report_once(trouble: &mut Option<CliError>, error: CliError, out: &mut Out) {
    if trouble.is_none() {
        out.message(&format!("{error}. Retrying.")).await;
    }
    *trouble = Some(error);
}

async fn print_result(
    session: &CommandSession,
    target: &Target,
    wait: &Wait,
    reason: Option<Reason>,
    out: &mut Out,
) -> Result<(), CliError> {
    let now = session.clock.now();
    let (id, until, was_there, bounds) = (target.id, target.condition, wait.was_there(), wait.bounds());
    let waited = Waited { at: session.clock.wall(now), now, id, until, reason, was_there, bounds };
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
