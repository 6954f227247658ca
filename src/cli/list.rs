//! `list`: one reading of every lease, or of the one that holds a key.

use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::{Error, Exit, Out, Session, Shared, values};
use crate::domain::{ClusterView, Header, LeaseId, Reachability, Reading, printable};
use crate::report::{self, ListedLease, Listing};
use crate::wire::{self, ErrorKind, LeaseList};

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
    let list = match &args.holding {
        Some(key) => match holder(&session, key).await? {
            Ok(id) => LeaseList { ids: vec![id], header: Header::default() },
            Err(reason) => {
                out.tell(&reason).await;
                return Ok(Exit::No);
            }
        },
        None => all(&session).await?,
    };
    let text = if args.quiet && !out.is_json() {
        report::listing_ids(&list.ids)
    } else {
        let listing = read(&session, list).await?;
        if out.is_json() { report::listing_json(&listing) } else { report::listing_table(&listing) }
    };
    out.data(text).await?;
    Ok(Exit::Done)
}

async fn all(session: &Session) -> Result<LeaseList, Error> {
    session.cluster.leases().await.map_err(|error| match error.kind() {
        ErrorKind::Forbidden => Error::ListDenied(error),
        _ => error.into(),
    })
}

/// The lease that holds a key, or why there is none.
async fn holder(session: &Session, key: &str) -> Result<Result<LeaseId, String>, Error> {
    let name = printable(key.as_bytes());
    Ok(match session.cluster.get(key.as_bytes()).await? {
        None => Err(format!("there is no key \"{name}\"")),
        Some(pair) => pair.lease.ok_or_else(|| format!("no lease holds the key \"{name}\"")),
    })
}

/// Asks every lease how long it has left; those that are gone by then are left out.
async fn read(session: &Session, list: LeaseList) -> Result<Listing, Error> {
    let mut answers = stream::iter(list.ids).map(|id| reading(session, id)).buffered(TOGETHER);
    let mut leases = Vec::new();
    let mut header = list.header;
    while let Some(lease) = answers.next().await {
        let lease = lease?;
        if header == Header::default() {
            header = lease.answer.header;
        }
        if lease.answer.reading() != Reading::Missing {
            leases.push(lease);
        }
    }
    leases.sort_by_key(|lease| (lease.deadline, lease.answer.id));
    Ok(Listing { view: introduced(session).await, header, now: session.clock.now(), leases })
}

async fn reading(session: &Session, id: LeaseId) -> Result<ListedLease, wire::Error> {
    let sent = session.clock.now();
    let (answer, keys_known) = match session.cluster.time_to_live(id, true).await {
        // The time alone needs no right to read the keys.
        Err(error) if error.kind() == ErrorKind::Forbidden => (session.cluster.time_to_live(id, false).await?, false),
        answer => (answer?, true),
    };
    let deadline = answer.deadline(sent, session.clock.now());
    Ok(ListedLease { answer, keys_known, deadline })
}

/// The members, once they have said who they are.
async fn introduced(session: &Session) -> ClusterView {
    let mut view = session.cluster.watch();
    let known = |view: &ClusterView| view.members.iter().all(|member| member.reachability != Reachability::Unknown);
    // Without it the list is as good, but for its first line.
    let _ = tokio::time::timeout(INTRODUCTION, view.wait_for(known)).await;
    session.cluster.view()
}
