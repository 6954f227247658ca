//! `exercise`: is the interval between renewals the same for every TTL?
//!
//! Grants leases of several TTLs, keeps them alive for a while, reports what was seen, and revokes them.

mod revoke;
mod run;
mod usage;

use std::time::Duration;

use super::{CliError, CommandSession, Exit, GlobalFlags, Out, values};
use crate::app::cadence::CadenceReport;
use crate::app::{KeyTemplate, requests_for};
use crate::report;

use self::run::{ExercisePlan, ExerciseRun};

/// `exercise`.
#[derive(Debug, clap::Args)]
pub(super) struct ExerciseArgs {
    /// The TTLs, in seconds or as 10s or 2m
    #[arg(long, value_name = "TTL,...", value_delimiter = ',', default_value = "10,120,3600")]
    #[arg(value_parser = values::ttl, allow_negative_numbers = true)]
    ttl: Vec<i64>,
    /// How many leases of each TTL
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// How long to keep them alive
    #[arg(long = "for", value_name = "DURATION", default_value = "2m")]
    #[arg(value_parser = values::duration, allow_negative_numbers = true)]
    keep_for: Duration,
    /// Leave the responses unread: the queues fill, the leases live
    #[arg(long)]
    stall: bool,
    #[arg(long = "put", value_name = "KEY=VALUE", help = values::PUT_HELP)]
    puts: Vec<KeyTemplate>,
}

pub(super) async fn run(args: ExerciseArgs, shared: GlobalFlags, out: &mut Out) -> Result<Exit, CliError> {
    shared.writes("exercise")?;
    let plan = ExercisePlan {
        orders: requests_for(&args.ttl, args.count, &args.puts)?,
        keep_for: args.keep_for,
        stall: args.stall,
    };
    let session = CommandSession::open(shared).await?;
    let mut run = ExerciseRun::start(&session, &plan)?;
    let outcome = run.grant_and_keep(out).await;
    let exercise = run.report();
    let nothing = exercise.series.iter().all(|series| series.count == 0);
    let told = if nothing { Ok(()) } else { print_report(&exercise, &run, out).await };
    run.revoke(out).await;
    outcome.and(told)?;
    Ok(Exit::no_if(exercise.series.iter().any(|series| series.lost > 0)))
}

async fn print_report(exercise: &CadenceReport, run: &ExerciseRun<'_>, out: &mut Out) -> Result<(), CliError> {
    out.progress("").await;
    let start = run.start_of_clock();
    let text =
        if out.is_json() { report::exercise_json(exercise, start) } else { report::exercise_table(exercise, start) };
    out.data(text).await?;
    if let Some(cost) = run.cost() {
        out.message(&cost).await;
    }
    Ok(())
}
