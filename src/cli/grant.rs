//! `grant`: leases, their keys, and keeping them alive.

use futures_util::future::join_all;

use super::keep_alive::KeepAliveLoop;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, values};
use crate::app::{GrantRequest, KeyTemplate};
use crate::escape::printable;
use crate::report;
use etcd_lease::{Granted, LeaseId};
use simkit::Timestamp;

/// Grants that are on their way at once.
const MAX_IN_FLIGHT: usize = 64;

/// `grant TTL`.
#[derive(Debug, clap::Args)]
pub(super) struct GrantArgs {
    /// Seconds, or a duration as 10s or 2m
    #[arg(value_parser = values::ttl, allow_negative_numbers = true)]
    ttl: i64,
    /// The id of the lease; the server picks one otherwise
    #[arg(long, allow_negative_numbers = true)]
    id: Option<LeaseId>,
    /// How many leases
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    #[arg(long = "put", value_name = "KEY=VALUE", help = values::PUT_HELP)]
    puts: Vec<KeyTemplate>,
    /// Keep the leases alive until stopped
    #[arg(long)]
    keep_alive: bool,
}

/// A lease that was granted.
pub(super) struct NewLease {
    pub(super) granted: Granted,
    /// When the grant was sent: its deadline counts from there.
    pub(super) sent: Timestamp,
    /// Whether all keys were put; the lease stays if not.
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
    };
    order.check()?;
    let session = CommandSession::open(shared).await?;
    let mut keeping = order.keep_alive.then(|| KeepAliveLoop::start(&session)).transpose()?;
    grant_all(&session, &order, keeping.as_ref(), out).await?;
    match &mut keeping {
        Some(keeping) => keeping.until_stopped(&session, out).await,
        None => Ok(Exit::Done),
    }
}

/// Grants in bundles, so that whatever was granted is printed before an error ends it.
async fn grant_all(
    session: &CommandSession,
    order: &GrantRequest,
    keeping: Option<&KeepAliveLoop>,
    out: &mut Out,
) -> Result<(), CliError> {
    let numbers: Vec<u32> = order.numbers().collect();
    for bundle in numbers.chunks(MAX_IN_FLIGHT) {
        let news = join_all(bundle.iter().map(|number| grant(session, order, *number))).await;
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
    let line = if out.is_json() { report::granted_json(granted) } else { report::granted(granted) };
    out.data(line).await
}

/// Grants the lease of that number and attaches its keys.
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
