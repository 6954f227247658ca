//! `grant`: leases, their keys, and keeping them alive.

use futures_util::future::join_all;

use super::attach::{Names, Put, tell_apart};
use super::keep_alive::Keeping;
use super::{Error, Exit, Out, Session, Shared, values};
use crate::domain::{Granted, LeaseId, Moment};
use crate::report;

/// Grants that are on their way at once.
const TOGETHER: usize = 64;

/// `grant TTL`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Seconds, or a duration as 10s or 2m
    #[arg(value_parser = values::ttl, allow_negative_numbers = true)]
    ttl: i64,
    /// The id of the lease; the server picks one otherwise
    #[arg(long, allow_negative_numbers = true)]
    id: Option<LeaseId>,
    /// How many leases
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// Attach a key; in KEY and VALUE {ttl}, {n} (1, 2, ...) and {id} are filled in. May be given again
    #[arg(long = "put", value_name = "KEY=VALUE")]
    puts: Vec<Put>,
    /// Keep the leases alive until stopped
    #[arg(long)]
    keep_alive: bool,
}

/// A lease to grant, with its keys.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    pub(super) id: Option<LeaseId>,
    pub(super) ttl: i64,
    /// 1 for the first lease of the command.
    pub(super) number: usize,
    pub(super) puts: &'a [Put],
}

/// A lease that was granted.
pub(super) struct New {
    pub(super) granted: Granted,
    /// When the grant was sent: its deadline counts from there.
    pub(super) sent: Moment,
    /// Whether all keys were put; the lease stays if not.
    pub(super) put: Result<(), Error>,
}

pub(super) async fn run(args: Args, shared: Shared, out: &mut Out) -> Result<Exit, Error> {
    shared.writes("grant")?;
    let count = args.count as usize;
    tell_apart(&args.puts, &[args.ttl], count).map_err(Error::Usage)?;
    if args.id.is_some() && count > 1 {
        return Err(Error::Usage("--id names one lease: with --count the server picks the ids".to_owned()));
    }
    let session = Session::open(shared).await?;
    let mut keeping = args.keep_alive.then(|| Keeping::start(&session)).transpose()?;
    grant_all(&session, &args, keeping.as_ref(), out).await?;
    match &mut keeping {
        Some(keeping) => keeping.until_stopped(&session, out).await,
        None => Ok(Exit::Done),
    }
}

/// Grants in bundles, so that whatever was granted is printed before an error ends it.
async fn grant_all(session: &Session, args: &Args, keeping: Option<&Keeping>, out: &mut Out) -> Result<(), Error> {
    let numbers: Vec<usize> = (1..=args.count as usize).collect();
    for bundle in numbers.chunks(TOGETHER) {
        let order = |number: &usize| Order { id: args.id, ttl: args.ttl, number: *number, puts: &args.puts };
        let news = join_all(bundle.iter().map(|number| grant(session, order(number)))).await;
        let mut trouble = None;
        for new in news {
            match new {
                Ok(new) => {
                    show(&new.granted, out).await?;
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

async fn show(granted: &Granted, out: &mut Out) -> Result<(), Error> {
    let line = if out.is_json() { report::granted_json(granted) } else { report::granted(granted) };
    out.data(line).await
}

/// Grants one lease and attaches its keys.
pub(super) async fn grant(session: &Session, order: Order<'_>) -> Result<New, Error> {
    let sent = session.clock.now();
    let granted = session.cluster.grant(order.id, order.ttl).await?;
    let put = attach(session, granted.id, order).await;
    Ok(New { granted, sent, put })
}

async fn attach(session: &Session, id: LeaseId, order: Order<'_>) -> Result<(), Error> {
    for put in order.puts {
        let (key, value) = put.fill(Names { ttl: order.ttl, number: order.number, id });
        let result = session.cluster.put(key.as_bytes(), value.as_bytes(), Some(id)).await;
        result.map_err(|error| Error::Put { id, key: report::escape(key.as_bytes()), error })?;
    }
    Ok(())
}
