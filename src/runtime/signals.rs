//! What reaches the monitor from outside of terminal and cluster: signals, a terminal that hangs up, a machine that slept.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use nix::unistd::{Pid, getppid, getsid};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio_stream::wrappers::SignalStream;

use super::sleep_watch::SleepWatch;
use simkit::{Clock, Stopwatch};

/// What the outside wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalEvent {
    /// The program is to end: SIGTERM, SIGHUP, SIGINT, or the terminal is gone.
    End,
    /// The program is to be suspended: SIGTSTP.
    Suspend,
    /// The program was continued: SIGCONT. Somebody else may have had the terminal.
    Continued,
    /// The machine slept for so long, and our clock did not count it.
    Slept(Duration),
}

/// How often the wall is looked at.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long a program whose terminal is gone has to end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// Everything that can come; signals are caught from now on.
pub(super) fn external_events(clock: Clock) -> io::Result<impl Stream<Item = ExternalEvent>> {
    let signals = [
        (SignalKind::terminate(), ExternalEvent::End),
        (SignalKind::hangup(), ExternalEvent::End),
        (SignalKind::interrupt(), ExternalEvent::End),
        (SignalKind::from_raw(Signal::TSTP.as_raw()), ExternalEvent::Suspend),
        (continued(), ExternalEvent::Continued),
    ];
    let caught = signals
        .map(|(kind, matches_filter)| Ok(SignalStream::new(signal(kind)?).map(move |()| matches_filter).boxed()));
    let mut sources = caught.into_iter().collect::<io::Result<Vec<_>>>()?;
    sources.push(stream::once(hung_up()?).filter_map(std::future::ready).boxed());
    sources.push(sleeps(clock).boxed());
    Ok(stream::select_all(sources))
}

/// SIGCONT, whose number is another on each system.
pub(super) fn continued() -> SignalKind {
    SignalKind::from_raw(Signal::CONT.as_raw())
}

/// Whether a shell of our session is there, to continue what it sees suspended.
pub(super) fn has_shell() -> bool {
    // Linux tells 0 of a process that lies outside of our container, and of a session that was begun there.
    let is_here = |process: &Pid| process.as_raw() > 0;
    let parent = Some(getppid()).filter(is_here);
    let session = |process| getsid(process).ok().filter(is_here);
    parent.and_then(|parent| session(Some(parent))).is_some_and(|shell| session(None) == Some(shell))
}

/// Ends when the terminal is gone.
///
/// crossterm's reader turns in circles on a terminal that is gone, and may take the loop with it: who does not end in
/// time is ended.
#[expect(clippy::disallowed_methods, reason = "the runtime owns the threads; and there is nobody left to return to")]
fn hung_up() -> io::Result<impl Future<Output = Option<ExternalEvent>>> {
    let terminal = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        // Hanging up and errors are told without being asked for.
        while poll(&mut [PollFd::new(&terminal, PollFlags::empty())], None).is_err() {}
        let _ = tell.send(());
        std::thread::sleep(GRACE);
        std::process::exit(2);
    });
    Ok(async move { told.await.ok().map(|()| ExternalEvent::End) })
}

/// Every sleep of the machine.
pub fn sleeps(clock: Clock) -> impl Stream<Item = ExternalEvent> {
    let ran = Stopwatch::start();
    let watch = SleepWatch::start(clock.wall_now(), ran.elapsed());
    stream::unfold((watch, clock), move |(mut watch, clock)| async move {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            if let Some(span) = watch.check(clock.wall_now(), ran.elapsed()) {
                return Some((ExternalEvent::Slept(span), (watch, clock)));
            }
        }
    })
}
