//! `list`: lists leases, read once or after watching them.

pub(super) mod read;
mod watch;

use super::global_options::Format;
use super::options::{ListArgs, TableArgs};
use super::{CliError, CommandSession, Exit, GlobalFlags, Out, headless};
use crate::app::{AppConfig, Column, GroupBy, Sort, TypedFilter};
use crate::report::{self, LeaseListing};
use etcd_lease::LeaseId;

impl ListArgs {
    fn columns(&self) -> Result<Vec<Column>, CliError> {
        self.rows.columns_or(if self.watch_for.is_some() { &report::WATCHED } else { &report::LISTED })
    }

    /// Whether only ids are printed, so that no lease has to be queried.
    fn is_ids_only(&self) -> bool {
        self.quiet && !self.rows.is_some() && self.watch_for.is_none()
    }
}

pub(super) async fn run(args: ListArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    let columns = args.columns()?;
    if args.quiet {
        out.require_text("-q")?;
    }
    if shared.is_given("columns") {
        out.require_text("--columns")?;
    }
    let filter = args.rows.filter.clone().unwrap_or_default();
    let config = AppConfig { filter, ..headless::config(args.watch_args.clone(), &shared) };
    let session = CommandSession::open(shared).await?;
    let held = match &args.holding {
        None => None,
        Some(key) => match read::holder(&session, key).await? {
            Ok(id) => Some(id),
            Err(reason) => return no(&reason, out).await,
        },
    };
    if args.is_ids_only() {
        out.data(report::listing_ids(&read::ids(&session, held).await?)).await?;
        return Ok(Exit::Done);
    }
    let (mut listing, trouble) = match args.watch_for {
        Some(span) => watch::watched(&session, config, span, args.rows.group.is_some(), out).await?,
        None => (read::all(&session, held).await?, None),
    };
    listing.shows_hex = out.is_hex;
    if let Some(id) = held {
        listing.keep_only(id);
    }
    let needs_watching = |typed: &TypedFilter| typed.filter().needs_watching() && listing.is_undecided(typed);
    let needs_for = args.watch_for.is_none() && args.rows.filter.as_ref().is_some_and(needs_watching);
    let reason = choose(&mut listing, held, &args.rows);
    if needs_for && listing.leases.is_empty() {
        let why = "the filter needs --for: the renewals and warnings of leases that are read once are unknown";
        return Err(CliError::Usage(why.to_owned()));
    }
    if let Some(reason) = reason {
        return no(&reason, out).await;
    }
    print(&listing, &args, &columns, out).await?;
    trouble.map_or(Ok(Exit::Done), Err)
}

/// Prints why there is nothing to list, and returns the exit code of a negative result.
async fn no(reason: &str, out: &mut Out) -> Result<Exit, CliError> {
    out.message(reason).await;
    Ok(Exit::No)
}

/// Filters and sorts the rows. With `held`, the lease of `--holding`, returns the reason if it is not among the rows.
fn choose(listing: &mut LeaseListing, held: Option<LeaseId>, rows: &TableArgs) -> Option<String> {
    let exists = !listing.leases.is_empty();
    if let Some(typed) = &rows.filter {
        listing.retain(typed);
    }
    listing.sort(rows.sort.unwrap_or(Sort::by(Column::Left)));
    let id = held?;
    if !listing.leases.is_empty() {
        return None;
    }
    Some(if exists { format!("lease {id} does not match --filter") } else { format!("lease {id} is gone") })
}

async fn print(listing: &LeaseListing, args: &ListArgs, columns: &[Column], out: &mut Out) -> Result<(), CliError> {
    let follows_rows = args.rows.sort.is_some();
    if let Some(by) = args.rows.group.filter(|by| *by != GroupBy::None) {
        let text = || report::groups_table(listing, by, follows_rows);
        return out.report(text, || report::groups_json(listing, by, follows_rows), &report::GROUPS_CSV).await;
    }
    if args.quiet {
        return out.data(report::listing_ids(&listing.ids())).await;
    }
    print_leases(listing, columns, out).await
}

/// Prints leases in any format.
pub(super) async fn print_leases(listing: &LeaseListing, columns: &[Column], out: &mut Out) -> Result<(), CliError> {
    let text = match out.format {
        Format::Json => report::listing_json(listing),
        Format::Fields => report::fields(&report::listing_json(listing)),
        Format::Csv => return out.csv(report::listing_csv(listing)).await,
        Format::Simple | Format::Table | Format::Protobuf => report::listing_table(listing, columns),
    };
    out.data(text).await
}
