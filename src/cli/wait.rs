//! `wait`: until a lease is gone, is renewed, or has less left.

use std::time::Duration;

use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, values};
use crate::report::{self, Reason, Waited};
use crate::wait_condition::{Wait, WaitCondition, WaitStatus};
use etcd_lease::{LeaseId, TimeToLive};
use simkit::Timestamp;

/// How soon it is asked again where nobody answers.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
/// How long the last answer may take beyond the time-out.
const LAST_REPLY_GRACE: Duration = Duration::from_secs(1);

/// What is said at the end of `--help`.
const AFTER_HELP: &str = "\
It ends with 0 when it happened, with 1 when the time was over or the lease is not there, so that it cannot happen any \
more, with 2 on an error. A lease that is not there counts as gone. While no member answers it is asked again each second; \
where none does when the time is over, that is an error.";

/// `wait`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct WaitArgs {
    /// The lease
    #[arg(allow_negative_numbers = true)]
    id: LeaseId,
    /// What to wait for: gone, renewed, or left<5s
    #[arg(long, value_name = "gone|renewed|left<5s")]
    until: WaitCondition,
    /// Wait no longer than this
    #[arg(long, value_name = "DURATION", value_parser = values::duration, allow_negative_numbers = true)]
    timeout: Option<Duration>,
}

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

/// Asks until it has happened, or cannot happen any more, or the time is over; why it did not happen.
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

/// Asks the lease; when the time is over the answer may take a moment more, and no longer.
async fn ask(session: &CommandSession, id: LeaseId, over: Timestamp) -> Result<TimeToLive, CliError> {
    let clock = &session.clock;
    let last = clock.instant(over.max(clock.now() + LAST_REPLY_GRACE * clock.speed()));
    match tokio::time::timeout_at(last, session.cluster.time_to_live(id, false)).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(session.unanswered(None)),
    }
}

/// Keeps why nobody answers, and tells it where it is news.
async fn report_once(trouble: &mut Option<CliError>, error: CliError, out: &mut Out) {
    if trouble.is_none() {
        out.message(&format!("{error}. It is asked again until it answers.")).await;
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
    match reason {
        _ if out.is_json() => out.data(report::waited_json(&waited)).await?,
        None => out.data(report::waited(&waited)).await?,
        Some(_) => out.message(report::waited(&waited).trim_end()).await,
    }
    Ok(())
}
