//! `grant`: grants leases, attaches keys, and keeps the leases alive if requested.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;

use super::global_options::Format;
use super::keep_alive::KeepAliveLoop;
use super::options::GrantArgs;
use super::signals::Signals;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::app::GrantRequest;
use crate::escape::printable;
use crate::report;
use etcd_lease::{Granted, LeaseId};
use simkit::Timestamp;

/// Grants in flight at once.
const MAX_IN_FLIGHT: usize = 64;
/// How long the grants in flight may take to be printed once the command is stopped.
const LAST_BATCH_TIMEOUT: Duration = Duration::from_secs(2);

/// A lease that was granted.
pub(super) struct NewLease {
    pub(super) granted: Granted,
    /// When the grant was sent. The deadline counts from there.
    pub(super) sent: Timestamp,
    /// Whether all keys were attached. If not, the lease still exists.
    pub(super) put: Result<(), CliError>,
}

pub(super) async fn run(args: GrantArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    shared.writes("grant")?;
    let order = GrantRequest {
        ttl: args.ttl,
        count: args.count,
        id: args.id,
        templates: args.puts,
        keep_alive: args.keep_alive,
        pace: None,
        first_number: 1,
        job: None,
    };
    order.check()?;
    let session = CommandSession::open(shared).await?;
    if !order.keep_alive {
        grant_all(&session, &order, None, &Cell::new(false), out).await?;
        return Ok(Exit::Done);
    }
    let mut signals = Signals::catch()?;
    let mut keeping = KeepAliveLoop::start(&session);
    let is_stopped = Cell::new(false);
    {
        let granting = grant_all(&session, &order, Some(&keeping), &is_stopped, out);
        tokio::pin!(granting);
        tokio::select! {
            granted = &mut granting => granted?,
            () = signals.next() => {
                is_stopped.set(true);
                // If the output is not read, its lines are dropped.
                tokio::time::timeout(LAST_BATCH_TIMEOUT, granting).await.unwrap_or(Ok(()))?;
            }
        }
    }
    if !is_stopped.get() {
        tokio::select! {
            () = signals.next() => (),
            printed = keeping.print(&session, out) => printed?,
        }
    }
    keeping.finish().await
}

/// Grants in batches, so that every granted lease is printed before an error ends the command. No batch begins once it is
/// stopped.
async fn grant_all(
    session: &CommandSession,
    order: &GrantRequest,
    keeping: Option<&KeepAliveLoop>,
    is_stopped: &Cell<bool>,
    out: &mut Out,
) -> Result<(), CliError> {
    let numbers: Vec<u32> = order.numbers().collect();
    for batch in numbers.chunks(MAX_IN_FLIGHT).take_while(|_| !is_stopped.get()) {
        let news = join_all(batch.iter().map(|number| grant(session, order, *number))).await;
        let mut trouble = None;
        for new in news {
            match new {
                Ok(new) => {
                    print_granted(&new.granted, out).await?;
                    if let Some(keeping) = keeping {
                        keeping.keep_granted(&new.granted, new.sent);
                    }
                    trouble = trouble.or(new.put.err());
                }
                Err(error) => trouble = Some(error),
            }
        }
        trouble.map_or(Ok(()), Err)?;
    }
    Ok(())
}

async fn print_granted(granted: &Granted, out: &mut Out) -> Result<(), CliError> {
    if out.format == Format::Fields {
        return out.data(out.fields().granted(granted)).await;
    }
    out.report(|| report::granted(granted), || report::granted_json(granted), &report::GRANT_CSV).await
}

/// Grants lease `number` of the request and attaches its keys.
pub(super) async fn grant(session: &CommandSession, order: &GrantRequest, number: u32) -> Result<NewLease, CliError> {
    let sent = session.clock.now();
    let granted = session.cluster.grant(order.id, order.ttl).await?;
    let put = attach(session, granted.id, order, number).await;
    Ok(NewLease { granted, sent, put })
}

async fn attach(session: &CommandSession, id: LeaseId, order: &GrantRequest, number: u32) -> Result<(), CliError> {
    for put in &order.templates {
        let (key, value) = put.expand(number, order.ttl, id);
        let result = session.cluster.put(&key, &value, Some(id)).await;
        result.map_err(|error| CliError::Put { id, key: printable(&key), error })?;
    }
    Ok(())
}
