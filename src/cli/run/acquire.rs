//! The lease of `run` with its keys, and waiting for keys that exist already.

use std::time::Duration;

use super::release;
use crate::cli::options::RunArgs;
use crate::cli::wait::report_once;
use crate::cli::{CliError, CommandSession, Out};
use crate::escape::printable;
use etcd_lease::engine::{Engine, KeepAlive};
use etcd_lease::wire::WatchUpdate;
use etcd_lease::{KeyRange, LeaseId};

/// Time between attempts while no member replies.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Grants a lease, keeps it alive in `lease`, and attaches the keys. With `--if-absent`, waits until none of the keys
/// exists, and has no lease while it waits.
///
/// # Errors
/// Any error of the first attempt. While waiting, it retries if no member replies, or if etcd is overloaded.
pub(super) async fn acquire(
    session: &CommandSession,
    engine: &Engine,
    args: &RunArgs,
    lease: &mut Option<KeepAlive>,
    out: &mut Out,
) -> Result<(), CliError> {
    let mut waiting = Waiting::default();
    loop {
        let outcome = match attempt(session, engine, args, lease).await {
            Ok(None) => {
                waiting.over(lease.as_ref(), out).await;
                return Ok(());
            }
            Ok(Some(key)) => {
                // No lease is held while waiting: a lease without keys would look like a leak.
                if let Some(lease) = lease.take() {
                    release(session, lease, out).await;
                }
                waiting.until_free(session, key, out).await
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => waiting.trouble = None,
            Err(error) if waiting.has_begun && (error.is_silence() || error.is_overload()) => {
                if let Some(lease) = lease.take() {
                    release(session, lease, out).await;
                }
                report_once(&mut waiting.trouble, error, out).await;
                session.clock.sleep(RETRY_INTERVAL).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Grants a lease, keeps it alive in `lease`, and attaches the keys. With `--if-absent`, returns a key that exists
/// already, if there is one; then no key was written.
async fn attempt(
    session: &CommandSession,
    engine: &Engine,
    args: &RunArgs,
    lease: &mut Option<KeepAlive>,
) -> Result<Option<Vec<u8>>, CliError> {
    let sent = session.clock.now();
    let granted = session.cluster.grant(None, args.ttl).await?;
    *lease = Some(engine.keep_granted(&granted, sent));
    let pairs: Vec<_> = args.puts.iter().map(|put| put.expand(1, args.ttl, granted.id)).collect();
    if args.if_absent {
        let taken = session.cluster.create_keys(&pairs, granted.id).await?;
        return Ok(taken.into_iter().next());
    }
    for (key, value) in &pairs {
        session.cluster.put(key, value, Some(granted.id)).await?;
    }
    Ok(None)
}

/// The state of waiting for the keys of `--if-absent`.
#[derive(Default)]
struct Waiting {
    /// Whether a key existed already.
    has_begun: bool,
    /// The last key that existed, and the lease it was attached to.
    key: Option<(Vec<u8>, Option<LeaseId>)>,
    /// The last error while waiting.
    trouble: Option<CliError>,
}

impl Waiting {
    /// Waits until a key may have been deleted. Prints what it waits for, unless that was printed last.
    async fn until_free(&mut self, session: &CommandSession, key: Vec<u8>, out: &mut Out) -> Result<(), CliError> {
        self.has_begun = true;
        // The watch starts before the key is read, so that no delete is missed.
        let mut watch = session.cluster.watch_deletes(&KeyRange::key(&key), 0).await?;
        let Some(pair) = session.cluster.get(&key).await? else { return Ok(()) };
        let held = Some((key, pair.lease));
        if self.key != held {
            self.key = held;
            self.announce(out).await;
        }
        loop {
            match watch.next().await {
                WatchUpdate::Progress { .. } => (),
                WatchUpdate::Changes { .. } | WatchUpdate::Compacted { .. } => return Ok(()),
                WatchUpdate::Cut(_) => {
                    session.clock.sleep(RETRY_INTERVAL).await;
                    return Ok(());
                }
            }
        }
    }

    async fn announce(&self, out: &mut Out) {
        let Some((key, lease)) = &self.key else { return };
        let holder = match lease {
            Some(id) => format!("it is attached to lease {id}"),
            None => "it is not attached to a lease, so it does not expire".to_owned(),
        };
        let key = printable(key);
        out.message(&format!("waiting until key “{key}” is deleted; {holder}")).await;
    }

    /// Prints that the keys were created, if there was a wait.
    async fn over(&self, lease: Option<&KeepAlive>, out: &mut Out) {
        if let (Some((key, _)), Some(lease)) = (&self.key, lease) {
            out.message(&format!("created key “{}” with lease {}", printable(key), lease.id())).await;
        }
    }
}
