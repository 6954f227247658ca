//! `wait`: waits until a lease is gone, is renewed, or has less time left.

use std::time::Duration;

use super::options::WaitArgs;
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::report::{self, Reason, Waited};
use crate::wait_condition::{Wait, WaitStatus};
use etcd_lease::{LeaseId, TimeToLive};
use simkit::Timestamp;

/// Time between queries while no member replies.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How long the last reply may arrive after the time-out.
const LAST_REPLY_GRACE: Duration = Duration::from_secs(1);

pub(super) async fn run(args: WaitArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    let mut signals = Signals::catch()?;
    let session = CommandSession::open(shared).await?;
    let mut wait = Wait::new(args.until);
    let reason = tokio::select! {
        reason = until(&session, &args, &mut wait, out) => reason?,
        () = signals.next() => Some(Reason::Stopped),
    };
    print_result(&session, &args, &wait, reason, out).await?;
    Ok(Exit::no_if(reason.is_some()))
}

/// Polls until the condition is met (`None`), can no longer be met, or the time is over.
async fn until(
    session: &CommandSession,
    args: &WaitArgs,
    wait: &mut Wait,
    out: &mut Out,
) -> Result<Option<Reason>, CliError> {
    let clock = &session.clock;
    let over = args.timeout.map_or(Timestamp::NEVER, |timeout| clock.now() + timeout);
    let mut trouble: Option<CliError> = None;
    loop {
        let sent = clock.now();
        let next = match ask(session, args.id, over).await {
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
async fn report_once(trouble: &mut Option<CliError>, error: CliError, out: &mut Out) {
    if trouble.is_none() {
        out.message(&format!("{error}. Retrying.")).await;
    }
    *trouble = Some(error);
}

async fn print_result(
    session: &CommandSession,
    args: &WaitArgs,
    wait: &Wait,
    reason: Option<Reason>,
    out: &mut Out,
) -> Result<(), CliError> {
    let now = session.clock.now();
    let (id, until, was_there, bounds) = (args.id, args.until, wait.was_there(), wait.bounds());
    let waited = Waited { at: session.clock.wall(now), now, id, until, reason, was_there, bounds };
    if !was_there && matches!(reason, None | Some(Reason::Gone)) {
        let hint = session.decimal_hint(id).await;
        if !hint.is_empty() {
            out.message(&format!("lease {id} not found{hint}")).await;
        }
    }
    match reason {
        _ if out.is_json() => out.data(report::waited_json(&waited)).await?,
        None => out.data(report::waited(&waited)).await?,
        Some(_) => out.message(report::waited(&waited).trim_end()).await,
    }
    Ok(())
}
