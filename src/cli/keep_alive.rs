//! `keep-alive`: renews leases until stopped. When one ends, it continues with the others.

use super::options::KeepAliveArgs;
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::report;
use etcd_lease::engine::{self, Consumer, Delivery, Engine, Response};
use etcd_lease::{Ended, Granted, LeaseId};
use simkit::Clock;
use simkit::Timestamp;

pub(super) async fn run(args: KeepAliveArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    shared.writes("keep-alive")?;
    let session = CommandSession::open(shared).await?;
    if args.once {
        return once(&session, &args.ids, out).await;
    }
    let mut keeping = KeepAliveLoop::start(&session)?;
    args.ids.iter().for_each(|id| keeping.consumer.keep_alive(*id));
    keeping.until_stopped(&session, out).await
}

async fn once(session: &CommandSession, ids: &[LeaseId], out: &mut Out) -> Result<Exit, CliError> {
    let engine = session.engine();
    let mut unknown = false;
    for id in ids {
        match engine.keep_alive_once(*id).await {
            Ok(response) => print_response(&session.clock, &response, out).await?,
            Err(error @ engine::RenewError::NotFound(_)) => {
                unknown = true;
                out.message(&format!("error: {error}")).await;
            }
            Err(engine::RenewError::Wire(error)) => return Err(error.into()),
        }
    }
    Ok(Exit::no_if(unknown))
}

/// Keeps leases alive and prints one line per reply.
pub(super) struct KeepAliveLoop {
    engine: Engine,
    consumer: Consumer,
    signals: Signals,
}

impl KeepAliveLoop {
    /// Starts an engine and catches SIGINT and SIGTERM.
    pub(super) fn start(session: &CommandSession) -> Result<Self, CliError> {
        let engine = session.engine();
        Ok(KeepAliveLoop { consumer: engine.consumer(), engine, signals: Signals::catch()? })
    }

    /// Keeps alive a lease whose grant was sent at `sent`.
    pub(super) fn keep_granted(&self, granted: &Granted, sent: Timestamp) {
        self.consumer.keep_granted(granted, sent);
    }

    /// Prints replies until a signal arrives or the last lease has ended.
    pub(super) async fn until_stopped(&mut self, session: &CommandSession, out: &mut Out) -> Result<Exit, CliError> {
        let mut lost = false;
        while let Some(delivery) = self.next().await {
            match delivery {
                Delivery::Response(response) => print_response(&session.clock, &response, out).await?,
                Delivery::Ended(id, ended) => {
                    lost |= ended.is_loss();
                    print_end(&session.clock, id, &ended, out).await?;
                }
            }
        }
        self.engine.close().await;
        Ok(Exit::no_if(lost))
    }

    async fn next(&mut self) -> Option<Delivery> {
        tokio::select! {
            delivery = self.consumer.next() => delivery,
            () = self.signals.next() => None,
        }
    }
}

async fn print_response(clock: &Clock, response: &Response, out: &mut Out) -> Result<(), CliError> {
    let Response { id, ttl, at, round_trip, .. } = *response;
    let line =
        if out.is_json() { report::kept_json(clock.wall(at), id, ttl, round_trip) } else { report::kept(id, ttl) };
    out.data(line).await
}

/// etcdctl's line on stdout gives no reason, so stderr does.
async fn print_end(clock: &Clock, id: LeaseId, ended: &Ended, out: &mut Out) -> Result<(), CliError> {
    out.message(&format!("lease {id} {}; keep-alive stopped", report::end_reason(ended))).await;
    let line = if out.is_json() { report::ended_json(clock.wall(clock.now()), id, ended) } else { report::ended(id) };
    out.data(line).await
}
