//! External events: signals, a terminal that hangs up, a machine that slept.

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

use simkit::Clock;

/// An event from outside the terminal and the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalEvent {
    /// The program must exit: SIGTERM, SIGHUP, SIGINT, or the terminal is gone.
    End,
    /// The program must suspend itself: SIGTSTP.
    Suspend,
    /// The program was continued: SIGCONT. Another program may have used the terminal.
    Continued,
    /// The machine slept for this long, which the monotonic clock did not count.
    Slept(Duration),
}

/// How long the program has to exit by itself after its terminal is gone.
const GRACE: Duration = Duration::from_secs(1);

/// Installs the signal handlers and returns all external events.
pub(super) fn external_events(clock: Clock) -> io::Result<impl Stream<Item = ExternalEvent>> {
    let signals = [
        (SignalKind::terminate(), ExternalEvent::End),
        (SignalKind::hangup(), ExternalEvent::End),
        (SignalKind::interrupt(), ExternalEvent::End),
        (SignalKind::from_raw(Signal::TSTP.as_raw()), ExternalEvent::Suspend),
        (continued(), ExternalEvent::Continued),
    ];
    let caught = signals.map(|(kind, event)| Ok(SignalStream::new(signal(kind)?).map(move |()| event).boxed()));
    let mut sources = caught.into_iter().collect::<io::Result<Vec<_>>>()?;
    sources.push(stream::once(hung_up()?).filter_map(std::future::ready).boxed());
    sources.push(sleeps(clock).boxed());
    Ok(stream::select_all(sources))
}

/// SIGCONT. Its number depends on the platform.
pub(super) fn continued() -> SignalKind {
    SignalKind::from_raw(Signal::CONT.as_raw())
}

/// Whether the parent process is in our session, and can resume us after a suspension.
pub(super) fn has_shell() -> bool {
    // Linux reports 0 for a process outside of our container, and for a session that was created there.
    let is_here = |process: &Pid| process.as_raw() > 0;
    let parent = Some(getppid()).filter(is_here);
    let session = |process| getsid(process).ok().filter(is_here);
    parent.and_then(|parent| session(Some(parent))).is_some_and(|shell| session(None) == Some(shell))
}

/// Resolves when the terminal is gone.
///
/// crossterm's reader busy-loops on a terminal that is gone and may block the event loop, so the process is forced to
/// exit after a grace period.
#[expect(clippy::disallowed_methods, reason = "the runtime owns the threads; and there is no caller to return to")]
fn hung_up() -> io::Result<impl Future<Output = Option<ExternalEvent>>> {
    let terminal = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let (hung_up, on_hang_up) = oneshot::channel();
    std::thread::spawn(move || {
        // `poll` always reports hang-ups and errors.
        while poll(&mut [PollFd::new(&terminal, PollFlags::empty())], None).is_err() {}
        let _ = hung_up.send(());
        std::thread::sleep(GRACE);
        std::process::exit(2);
    });
    Ok(async move { on_hang_up.await.ok().map(|()| ExternalEvent::End) })
}

/// Yields each sleep of the machine.
pub fn sleeps(clock: Clock) -> impl Stream<Item = ExternalEvent> {
    simkit::sleeps(clock).map(ExternalEvent::Slept)
}
