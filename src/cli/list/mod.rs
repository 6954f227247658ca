//! `list`: every lease, or the one that holds a key: read once, or watched for a while.

mod read;
mod watch;

use std::time::Duration;

use super::table_args::TableArgs;
use super::watch_args::WatchArgs;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, headless, values};
use crate::app::Column;
use crate::report::{self, LeaseListing};
use etcd_lease::LeaseId;

/// What is said at the end of `--help`.
const AFTER_HELP: &str = "\
One reading tells who is there, for how long, and with which keys. How often a lease is renewed (every, last, margin) and \
what is wrong with it (warn) takes watching: --for fills these columns, and a dash stands for what is not known.";

/// `list`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = AFTER_HELP)]
#[command(mut_args(|arg| if WATCH_ONLY_OPTIONS.contains(&arg.get_id().as_str()) { arg.requires("watch_for") } else { arg }))]
pub(super) struct ListArgs {
    /// The lease that holds this key, and no other
    // Not --key: that is the private key's file, here as in etcdctl.
    #[arg(long, value_name = "KEY", value_parser = values::key)]
    holding: Option<String>,
    /// Watch the leases for this time, or until Ctrl-C, and then list them with what that has shown
    #[arg(long = "for", value_name = "DURATION", value_parser = values::duration, allow_negative_numbers = true)]
    watch_for: Option<Duration>,
    #[command(flatten)]
    rows: TableArgs,
    #[command(flatten)]
    watch_args: WatchArgs,
    /// Bare ids, one a line
    #[arg(short, long)]
    quiet: bool,
}

/// Options that mean nothing for one reading.
const WATCH_ONLY_OPTIONS: [&str; 2] = ["prefix", "budget"];

impl ListArgs {
    /// Every lease, with these rows.
    pub(super) fn of(rows: TableArgs) -> Self {
        ListArgs { rows, ..ListArgs::default() }
    }

    fn columns(&self) -> Result<Vec<Column>, CliError> {
        self.rows.columns_or(if self.watch_for.is_some() { &report::WATCHED } else { &report::LISTED })
    }

    /// Whether the ids are all that is wanted, so that no lease has to be asked.
    fn is_ids_only(&self, out: &Out) -> bool {
        self.quiet && !out.is_json() && !self.rows.is_some() && self.watch_for.is_none()
    }
}

pub(super) async fn run(args: ListArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    let columns = args.columns()?;
    let config = headless::config(args.watch_args.clone(), &shared);
    let session = CommandSession::open(shared).await?;
    let held = match &args.holding {
        None => None,
        Some(key) => match read::holder(&session, key).await? {
            Ok(id) => Some(id),
            Err(reason) => return no(&reason, out).await,
        },
    };
    if args.is_ids_only(out) {
        out.data(report::listing_ids(&read::ids(&session, held).await?)).await?;
        return Ok(Exit::Done);
    }
    let (mut listing, trouble) = match args.watch_for {
        Some(span) => watch::watched(&session, config, span, out).await?,
        None => (read::all(&session, held).await?, None),
    };
    if let Some(reason) = choose(&mut listing, held, &args.rows) {
        return no(&reason, out).await;
    }
    out.data(render(&listing, &args, &columns, out.is_json())).await?;
    trouble.map_or(Ok(Exit::Done), Err)
}

async fn no(reason: &str, out: &mut Out) -> Result<Exit, CliError> {
    out.message(reason).await;
    Ok(Exit::No)
}

/// Makes the rows that were asked for; why there is none, where it was one lease.
fn choose(listing: &mut LeaseListing, held: Option<LeaseId>, rows: &TableArgs) -> Option<String> {
    held.iter().for_each(|id| listing.keep_only(*id));
    let was_there = !listing.leases.is_empty();
    rows.filter.iter().for_each(|typed| listing.retain(typed.filter()));
    listing.sort(rows.sort.unwrap_or_default());
    let id = held.filter(|_| listing.leases.is_empty())?;
    Some(if was_there {
        format!("lease {id} holds the key, and is none that --filter means")
    } else {
        format!("lease {id} held the key, and is gone")
    })
}

fn render(listing: &LeaseListing, args: &ListArgs, columns: &[Column], is_json: bool) -> String {
    match args.quiet {
        _ if is_json => report::listing_json(listing),
        true => report::listing_ids(&listing.ids()),
        false => report::listing_table(listing, columns),
    }
}
