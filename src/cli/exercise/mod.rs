//! `exercise`: measures the renewal interval for several TTLs.
//!
//! Grants leases, keeps them alive for a while, prints the cadence report, and revokes them.

mod revoke;
mod run;
mod usage;

use super::options::ExerciseArgs;
use super::{CliError, CommandSession, Exit, GlobalFlags, Out};
use crate::app::cadence::CadenceReport;
use crate::app::requests_for;
use crate::report;

use self::run::{ExercisePlan, ExerciseRun};

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
    let text = || report::exercise_table(exercise, start);
    out.report(text, || report::exercise_json(exercise, start, run.ended_at()), &report::EXERCISE_CSV).await?;
    if let Some(cost) = run.cost() {
        out.message(&cost).await;
    }
    Ok(())
}
