//! `list`: one reading of every lease, or of the one that holds a key.

use std::time::Duration;

use futures_util::{StreamExt, stream};

use super::rows::Rows;
use super::{Error, Exit, Out, Session, Shared, values};
use crate::app::Column;
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
    #[command(flatten)]
    rows: Rows,
    /// Bare ids, one a line
    #[arg(short, long)]
    quiet: bool,
}

impl Args {
    /// Every lease, with these rows.
    pub(super) fn of(rows: Rows) -> Self {
        Args { rows, ..Args::default() }
    }
}

pub(super) async fn run(args: Args, shared: Shared, out: &mut Out) -> Result<Exit, Error> {
    let columns = args.rows.columns_or(&report::LISTED)?;
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
    let text = if args.quiet && !out.is_json() && !args.rows.is_some() {
        report::listing_ids(&list.ids)
    } else {
        let mut listing = read(&session, list).await?;
        args.rows.filter.iter().for_each(|typed| listing.retain(typed.filter()));
        listing.sort(args.rows.sort.unwrap_or_default());
        show(&listing, &args, &columns, out.is_json())
    };
    out.data(text).await?;
    Ok(Exit::Done)
}

fn show(listing: &Listing, args: &Args, columns: &[Column], is_json: bool) -> String {
    match args.quiet {
        _ if is_json => report::listing_json(listing),
        true => report::listing_ids(&listing.ids()),
        false => report::listing_table(listing, columns),
    }
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
