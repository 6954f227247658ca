//! `wait`: until a lease is gone, is renewed, or has less left.

use std::time::Duration;

use super::signals::Signals;
use super::{Error, Exit, Out, Session, Shared, values};
use crate::domain::{Awaited, LeaseId, Moment, Seen, Wait};
use crate::report::{self, Waited};

/// Ends with 0 when it happened, with 1 when the time was over or the lease is gone and it cannot happen any more, with 2 on
/// an error.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The lease
    #[arg(allow_negative_numbers = true)]
    id: LeaseId,
    /// What to wait for: gone, renewed, or left<5s
    #[arg(long, value_name = "gone|renewed|left<5s")]
    until: Awaited,
    /// Wait no longer than this
    #[arg(long, value_name = "DURATION", value_parser = values::duration, allow_negative_numbers = true)]
    timeout: Option<Duration>,
}

/// How waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Happened,
    TooLate,
    TimedOut,
    Stopped,
}

pub(super) async fn run(args: Args, shared: Shared, out: &mut Out) -> Result<Exit, Error> {
    let mut signals = Signals::catch()?;
    let session = Session::open(shared).await?;
    let mut wait = Wait::new(args.until);
    let end = tokio::select! {
        end = until(&session, &args, &mut wait) => end?,
        () = signals.next() => End::Stopped,
    };
    show(&session, &args, &wait, end, out).await?;
    Ok(Exit::no_if(end != End::Happened))
}

/// Asks until it has happened, or cannot happen any more, or the time is over.
async fn until(session: &Session, args: &Args, wait: &mut Wait) -> Result<End, Error> {
    let over = args.timeout.map_or(Moment::FAR, |timeout| session.clock.now() + timeout);
    loop {
        let sent = session.clock.now();
        let answer = session.cluster.time_to_live(args.id, false).await?;
        match wait.hear(&answer, sent, session.clock.now()) {
            Seen::Happened => return Ok(End::Happened),
            Seen::TooLate => return Ok(End::TooLate),
            Seen::NotYet(_) if session.clock.now() >= over => return Ok(End::TimedOut),
            Seen::NotYet(next) => session.clock.sleep_until(next.min(over)).await,
        }
    }
}

async fn show(session: &Session, args: &Args, wait: &Wait, end: End, out: &mut Out) -> Result<(), Error> {
    let now = session.clock.now();
    let (id, until) = (args.id, args.until);
    let reason = match end {
        End::Happened => None,
        End::TooLate => Some("gone"),
        End::TimedOut => Some("timeout"),
        End::Stopped => Some("stopped"),
    };
    let waited = Waited { at: session.clock.wall(now), now, id, until, reason, bounds: wait.bounds() };
    if out.is_json() {
        return out.data(report::waited_json(&waited)).await;
    }
    match end {
        End::Happened => out.data(report::waited(&waited)).await?,
        End::TooLate => out.tell(&format!("lease {id} is gone: {until} will not come any more")).await,
        End::TimedOut => out.tell(&format!("the time is over, and {until} did not come for lease {id}")).await,
        End::Stopped => out.tell(&format!("stopped before {until} came for lease {id}")).await,
    }
    Ok(())
}
