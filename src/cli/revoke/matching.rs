//! `revoke --filter`: revokes every lease that matches, after their number is confirmed.

use std::io::{IsTerminal, stdin};

use futures_util::{StreamExt, stream};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{not_revoked, print_revoked};
use crate::app::TypedFilter;
use crate::cli::list::{print_leases, read};
use crate::cli::options::RevokeArgs;
use crate::cli::{CliError, CommandSession, Exit, Out};
use crate::plural::plural;
use crate::report::{self, LeaseListing};
use etcd_lease::wire::ErrorKind;

/// Revocations in flight at once.
const MAX_IN_FLIGHT: usize = 64;

/// Refuses an empty filter, which would match every lease, and a confirmation that cannot be typed without a terminal.
pub(super) fn check(args: &RevokeArgs) -> Result<(), CliError> {
    let Some(filter) = &args.filter else { return Ok(()) };
    if filter.filter().is_empty() {
        return Err(CliError::Usage("--filter is empty and would match every lease".to_owned()));
    }
    if args.yes.is_none() && !args.dry_run && !stdin().is_terminal() {
        let why = "revoke --filter asks for the number of leases; without a terminal, use --yes COUNT or --dry-run";
        return Err(CliError::Usage(why.to_owned()));
    }
    Ok(())
}

pub(super) async fn revoke(
    args: &RevokeArgs,
    filter: &TypedFilter,
    session: &CommandSession,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let mut listing = matching(session, filter).await?;
    listing.shows_hex = out.is_hex;
    let count = listing.leases.len();
    let leases = plural(count, "lease");
    if count == 0 {
        let needs_watching = filter.filter().needs_watching();
        let why = if needs_watching {
            "; renewals and warnings are unknown, because the leases are only read once"
        } else {
            ""
        };
        out.message(&format!("no lease matches --filter{why}")).await;
        return Ok(Exit::No);
    }
    if args.dry_run {
        print_leases(&listing, &report::LISTED, out).await?;
        out.message(&format!("{leases} with {} would be revoked", plural(listing.known_keys(), "key"))).await;
        return Ok(Exit::Done);
    }
    match args.yes {
        Some(expected) if expected == count => revoke_all(session, &listing, out).await,
        Some(expected) => {
            out.message(&format!("{leases} would be revoked, not {expected} as in --yes; nothing was revoked")).await;
            Ok(Exit::No)
        }
        None => revoke_if_confirmed(session, filter, &listing, out).await,
    }
}

/// Shows the leases, asks for their number and revokes them. Reads them again after the answer, and revokes nothing if
/// others match than those that were shown.
async fn revoke_if_confirmed(
    session: &CommandSession,
    filter: &TypedFilter,
    shown: &LeaseListing,
    out: &mut Out,
) -> Result<Exit, CliError> {
    let count = shown.leases.len();
    let keys = plural(shown.known_keys(), "key");
    out.message(&format!("{}{} will be deleted.", report::listing_table(shown, &report::LISTED), keys)).await;
    out.prompt(&format!("Type {count} to revoke {}: ", plural(count, "lease"))).await;
    let mut typed = String::new();
    let read = BufReader::new(tokio::io::stdin()).read_line(&mut typed).await;
    read.map_err(|error| CliError::System { tried: "read the answer", error })?;
    if typed.trim() != count.to_string() {
        out.message("nothing was revoked").await;
        return Ok(Exit::No);
    }
    let listing = matching(session, filter).await?;
    if ids(&listing) != ids(shown) {
        out.message("the matching leases have changed; nothing was revoked").await;
        return Ok(Exit::No);
    }
    revoke_all(session, &listing, out).await
}

fn ids(listing: &LeaseListing) -> Vec<etcd_lease::LeaseId> {
    let mut ids = listing.ids();
    ids.sort_unstable();
    ids
}

/// The leases that match now.
async fn matching(session: &CommandSession, filter: &TypedFilter) -> Result<LeaseListing, CliError> {
    let mut listing = read::all(session, None).await?;
    listing.retain(filter);
    Ok(listing)
}

/// Revokes the leases. Skips those that have ended. After an error, continues with the others and returns the error at
/// the end.
async fn revoke_all(session: &CommandSession, listing: &LeaseListing, out: &mut Out) -> Result<Exit, CliError> {
    let targets = stream::iter(listing.ids_with_keys());
    let mut replies =
        targets.map(|(id, keys)| async move { (id, keys, session.cluster.revoke(id).await) }).buffered(MAX_IN_FLIGHT);
    let mut failure = None;
    while let Some((id, keys, reply)) = replies.next().await {
        match reply {
            Ok(header) => print_revoked(id, header, keys, out).await?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                out.message(&format!("lease {id} had ended already")).await;
            }
            Err(error) => {
                let error = CliError::from(error);
                out.message(&not_revoked(id, &error)).await;
                failure = Some(error);
            }
        }
    }
    failure.map_or(Ok(Exit::Done), Err)
}
