//! `keep-alive`: renews leases until stopped. When one ends, it continues with the others.

use super::global_options::Format;
use super::options::KeepAliveArgs;
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::report;
use etcd_lease::engine::{self, Consumer, Delivery, Engine, Response};
use etcd_lease::{Ended, Granted, LeaseId};
use simkit::Timestamp;

pub(super) async fn run(args: KeepAliveArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    shared.writes("keep-alive")?;
    let session = CommandSession::open(shared).await?;
    if args.once {
        return once(&session, &args.ids, out).await;
    }
    let mut signals = Signals::catch()?;
    let mut keeping = KeepAliveLoop::start(&session);
    args.ids.iter().for_each(|id| keeping.consumer.keep_alive(*id));
    tokio::select! {
        () = signals.next() => (),
        printed = keeping.print(&session, out) => printed?,
    }
    keeping.finish().await
}

async fn once(session: &CommandSession, ids: &[LeaseId], out: &mut Out) -> Result<Exit, CliError> {
    let engine = session.engine();
    let (mut unknown, mut failure) = (false, None);
    for id in ids {
        match engine.keep_alive_once(*id).await {
            Ok(response) => print_response(session, &response, out).await?,
            Err(error @ engine::RenewError::NotFound(_)) => {
                unknown = true;
                let hint = session.decimal_hint(*id).await;
                out.message(&format!("error: {error}{hint}")).await;
            }
            Err(engine::RenewError::Wire(error)) => {
                let error = CliError::from(error);
                if ids.len() > 1 {
                    out.message(&format!("lease {id} not renewed: {error}")).await;
                }
                if error.is_silence() {
                    return Err(error);
                }
                failure = Some(error);
            }
        }
    }
    failure.map_or(Ok(Exit::no_if(unknown)), Err)
}

/// Keeps leases alive and prints one line per reply.
pub(super) struct KeepAliveLoop {
    engine: Engine,
    consumer: Consumer,
    /// Whether a lease was lost.
    is_lost: bool,
    failure: Option<Failure>,
}

impl KeepAliveLoop {
    /// Starts an engine.
    pub(super) fn start(session: &CommandSession) -> Self {
        let engine = session.engine();
        KeepAliveLoop { consumer: engine.consumer(), engine, is_lost: false, failure: None }
    }

    /// Keeps alive a lease whose grant was sent at `sent`.
    pub(super) fn keep_granted(&self, granted: &Granted, sent: Timestamp) {
        self.consumer.keep_granted(granted, sent);
    }

    /// Prints replies until the last lease has ended.
    pub(super) async fn print(&mut self, session: &CommandSession, out: &mut Out) -> Result<(), CliError> {
        while let Some(delivery) = self.consumer.next().await {
            // Print the failure now: the other leases may be kept alive for a long time.
            if let Some(unprinted) = self.failure.as_mut().and_then(Failure::take_unprinted) {
                out.message(&unprinted).await;
            }
            match delivery {
                Delivery::Response(response) => print_response(session, &response, out).await?,
                Delivery::Ended(id, ended) => {
                    print_end(session, id, &ended, out).await?;
                    match is_loss(session, id, ended) {
                        Ok(is_lost) => self.is_lost |= is_lost,
                        Err(error) if self.failure.is_some() => out.message(&format!("error: {error}")).await,
                        Err(error) => self.failure = Some(Failure { error, is_printed: false }),
                    }
                }
            }
        }
        Ok(())
    }

    /// Stops renewing the leases that are left.
    pub(super) async fn finish(self) -> Result<Exit, CliError> {
        self.engine.close().await;
        self.failure.map_or(Ok(Exit::no_if(self.is_lost)), |failure| Err(failure.error))
    }
}

async fn print_response(session: &CommandSession, response: &Response, out: &mut Out) -> Result<(), CliError> {
    let Response { id, ttl, at, round_trip, revision } = *response;
    if out.format == Format::Fields {
        return out.data(out.fields().kept(id, ttl, session.header(revision))).await;
    }
    let json = || report::kept_json(session.clock.wall(at), id, ttl, round_trip);
    out.report(|| report::kept(id, ttl), json, &report::KEEP_ALIVE_CSV).await
}

/// The first error by which a lease could not be kept alive. It is printed if other leases are still kept alive, and
/// returned at the end.
struct Failure {
    error: CliError,
    is_printed: bool,
}

impl Failure {
    /// The line to print, the first time.
    fn take_unprinted(&mut self) -> Option<String> {
        if std::mem::replace(&mut self.is_printed, true) { None } else { Some(format!("error: {}", self.error)) }
    }
}

/// Whether the end of a keepalive is the loss of the lease.
///
/// # Errors
/// The keepalive could not start, or etcd refuses to renew the lease. The lease may still exist.
fn is_loss(session: &CommandSession, id: LeaseId, ended: Ended) -> Result<bool, CliError> {
    match ended {
        Ended::NotStarted { error: Some(error) } => Err(CliError::Wire(*error)),
        Ended::NotStarted { error: None } => Err(session.unanswered()),
        Ended::Forbidden { .. } => Err(CliError::NotRenewed { id, why: report::end_reason(&ended) }),
        ended => Ok(ended.is_loss()),
    }
}

/// Prints that a keepalive ended: the reason to stderr, because etcdctl's line has none, then etcdctl's line or an
/// object to stdout. If the lease may still exist, the caller reports the error, so the reason and etcdctl's line are
/// left out.
async fn print_end(session: &CommandSession, id: LeaseId, ended: &Ended, out: &mut Out) -> Result<(), CliError> {
    let clock = &session.clock;
    let may_exist = matches!(ended, Ended::NotStarted { .. } | Ended::Forbidden { .. });
    if !may_exist {
        let hint = if *ended == Ended::NotFound { session.decimal_hint(id).await } else { String::new() };
        out.message(&format!("lease {id} {}; keep-alive stopped{hint}", report::end_reason(ended))).await;
    }
    match out.format {
        // In `fields`, etcdctl prints nothing at the end.
        Format::Fields => Ok(()),
        Format::Simple if may_exist => Ok(()),
        _ => {
            let json = || report::ended_json(clock.wall(clock.now()), id, ended);
            out.report(|| report::ended(id), json, &report::KEEP_ALIVE_CSV).await
        }
    }
}
