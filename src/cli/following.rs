//! What a command follows without a screen, and until when: for `events` and `list --for`.

use std::future::pending;
use std::time::Duration;

use futures_util::stream::{self, Stream};

use super::observing::Observing;
use super::signals::Signals;
use super::{Error, Session, Shared};
use crate::app::{Place, Setup};
use crate::runtime::{self, FollowOptions, Known, Outside};
use simkit::Clock;

/// What is followed: read-only, on what this command line describes.
pub(super) fn setup(observing: Observing, shared: &Shared) -> Setup {
    let place = if shared.sandbox() { Place::Sandbox { warp: shared.warp() } } else { Place::Cluster };
    Setup { target: shared.target(), place, is_read_only: true, ..observing.setup() }
}

/// The same on the session's cluster.
pub(super) fn options(session: &Session, setup: Setup) -> FollowOptions {
    FollowOptions { cluster: session.cluster.clone(), clock: session.clock.clone(), setup }
}

/// The end, by a signal or after a while, and what the machine does until then.
pub(super) fn outside(signals: Signals, clock: Clock, after: Option<Duration>) -> impl Stream<Item = Outside> + Unpin {
    let end = stop(signals, clock.clone(), after);
    stream::select(Box::pin(stream::once(end)), Box::pin(runtime::sleeps(clock)))
}

async fn stop(mut signals: Signals, clock: Clock, after: Option<Duration>) -> Outside {
    let over = async {
        match after {
            Some(after) => clock.sleep(after).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = signals.next() => Outside::End,
        () = over => Outside::End,
    }
}

/// Passes what became known of a cluster that was reached.
pub(super) fn reached(known: Known, session: &Session) -> Result<Known, Error> {
    if known.model.was_reached() { Ok(known) } else { Err(session.unanswered(known.model.link_trouble())) }
}
