//! `list`: one reading of every lease, or of the one that holds a key.

use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::{Error, Exit, Out, Session, Shared, values};
use crate::domain::{ClusterView, Header, LeaseId, Reachability, Reading};
use crate::report::{self, ListedLease, Listing};
use crate::wire::{self, ErrorKind};

/// LeaseTimeToLive questions in flight at once.
const TOGETHER: usize = 64;

/// How long to wait until the members have said who they are; the list itself does not need it.
const INTRODUCTION: Duration = Duration::from_millis(500);

/// `list`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// The lease that holds this key, and no other
    // Not --key: that is the private key's file, here as in etcdctl.
    #[arg(long, value_name = "KEY", value_parser = values::key)]
    holding: Option<String>,
    /// Bare ids, one a line
    #[arg(short, long)]
    quiet: bool,
}

pub(super) async fn run(args: Args, shared: Shared, out: &mut Out) -> Result<Exit, Error> {
    let session = Session::open(shared).await?;
    let found = match &args.holding {
        Some(key) => holding(&session, key, out).await?,
        None => Some(all(&session).await?),
    };
    let Some((ids, header)) = found else { return Ok(Exit::No) };
    let listing = if args.quiet && !out.is_json() {
        bare(ids, header, &session)
    } else {
        read(&session, ids, header).await?
    };
    let text = if out.is_json() {
        report::listing_json(&listing)
    } else if args.quiet {
        report::listing_ids(&listing)
    } else {
        report::listing_table(&listing)
    };
    out.data(text).await?;
    Ok(Exit::Done)
}

async fn all(session: &Session) -> Result<(Vec<LeaseId>, Header), Error> {
    let list = session.cluster.leases().await.map_err(|error| match error.kind() {
        ErrorKind::Forbidden => Error::ListDenied(error),
        _ => error.into(),
    })?;
    Ok((list.ids, list.header))
}
