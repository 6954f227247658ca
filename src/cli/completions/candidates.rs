//! What completion offers for the value of an option.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use futures_util::future::join_all;
use tokio::runtime::Builder;

use crate::app::{Column, GroupBy};
use crate::cli::config::{self, Env};
use crate::cli::{Cli, CommandSession, GlobalFlags, on_runtime};
use crate::escape::printable;
use crate::filter;
use etcd_lease::{LeaseId, TimeToLive};

/// How long a `Tab` may wait for the list of leases.
const LIST_TIMEOUT: Duration = Duration::from_millis(200);
/// How long a `Tab` may then wait for the keys of the leases.
const KEYS_TIMEOUT: Duration = Duration::from_millis(100);
/// Leases whose keys are read: more do not fit on a screen.
const MAX_WITH_KEYS: usize = 100;

/// Adds completion candidates to the options of a command and of its subcommands.
pub(super) fn add(command: Command) -> Command {
    command.mut_args(with_candidates).mut_subcommands(add)
}

fn with_candidates(arg: Arg) -> Arg {
    let takes_values = arg.get_action().takes_values();
    match arg.get_id().as_str() {
        "id" | "ids" if arg.is_positional() => arg.add(ArgValueCandidates::new(leases)),
        "keep_alive" if takes_values => arg.add(ArgValueCandidates::new(leases)),
        "cluster" => arg.add(ArgValueCandidates::new(clusters)),
        "theme" => arg.add(ArgValueCandidates::new(themes)),
        "columns" | "sort" => arg.add(ArgValueCandidates::new(|| named(Column::ALL.map(Column::name)))),
        "group" => arg.add(ArgValueCandidates::new(|| named(GroupBy::ALL.map(GroupBy::name)))),
        "filter" => arg.add(ArgValueCompleter::new(of_filter)),
        "until" => arg.add(ArgValueCompleter::new(of_condition)),
        "command" if takes_values && arg.is_positional() && !arg.is_last_set() => {
            arg.add(ArgValueCandidates::new(commands))
        }
        _ => arg,
    }
}

fn named<T: Into<OsString>>(names: impl IntoIterator<Item = T>) -> Vec<CompletionCandidate> {
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// The commands, for `help` and `man`.
fn commands() -> Vec<CompletionCandidate> {
    let program = Cli::command();
    let shown = program.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| CompletionCandidate::new(command.get_name()).help(command.get_about().cloned())).collect()
}

/// Completes the last word of a filter. The words before it stay.
fn of_filter(typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    let filter::Completions { start, candidates } = filter::complete(typed, typed.chars().count());
    let before: String = typed.chars().take(start).collect();
    candidates.into_iter().map(|word| CompletionCandidate::new(format!("{before}{word}"))).collect()
}

/// Completes a condition of `wait`, or the last word of its filter.
fn of_condition(typed: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = typed.to_str() else { return Vec::new() };
    if let Some((name, filter)) = typed.split_once('(') {
        let candidates = of_filter(OsStr::new(filter));
        return candidates.into_iter().map(|candidate| candidate.add_prefix(format!("{name}("))).collect();
    }
    let conditions = ["gone", "renewed", "left<", "count(", "any(", "none("];
    named(conditions.into_iter().filter(|condition| condition.starts_with(typed)))
}

/// The options of every command, from the words typed so far and the config file.
fn shared() -> Option<GlobalFlags> {
    let words: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    config::for_completion(&words, &Env::here())
}

fn clusters() -> Vec<CompletionCandidate> {
    let choices = shared().map_or_else(Vec::new, |shared| shared.config_file.clusters());
    let candidate = |name: String, target: String| CompletionCandidate::new(name).help(Some(StyledStr::from(target)));
    choices.into_iter().map(|choice| candidate(choice.name, choice.target)).collect()
}

fn themes() -> Vec<CompletionCandidate> {
    named(shared().map_or_else(Vec::new, |shared| shared.general.theme_names()))
}

/// The leases of the cluster with their first keys. Empty if no member replies in time or a password is missing.
fn leases() -> Vec<CompletionCandidate> {
    let Some(shared) = shared() else { return Vec::new() };
    if shared.sandbox() || shared.user_without_password().is_some() {
        return Vec::new();
    }
    on_runtime(&mut Builder::new_current_thread(), async { Ok(read(shared).await) }).unwrap_or_default()
}

/// Reads the leases. If their keys do not arrive in time, they are offered without help.
async fn read(shared: GlobalFlags) -> Vec<CompletionCandidate> {
    let listed = async {
        let session = CommandSession::open(shared).await.ok()?;
        let list = session.cluster.leases().await.ok()?;
        Some((session, list.ids))
    };
    let Ok(Some((session, ids))) = tokio::time::timeout(LIST_TIMEOUT, listed).await else { return Vec::new() };
    let first = ids.iter().take(MAX_WITH_KEYS).map(|id| session.cluster.time_to_live(*id, true));
    let replies = tokio::time::timeout(KEYS_TIMEOUT, join_all(first)).await.unwrap_or_default();
    let known: Vec<TimeToLive> = replies.into_iter().flatten().collect();
    let help = |id: &LeaseId| known.iter().find(|reply| reply.id == *id).map(|reply| StyledStr::from(described(reply)));
    ids.iter().map(|id| CompletionCandidate::new(id.to_string()).help(help(id))).collect()
}

fn described(reply: &TimeToLive) -> String {
    let key = reply.keys.iter().min().map_or_else(|| "(no key)".to_owned(), |key| printable(key));
    format!("{key}, {} of {} s left", reply.ttl, reply.granted_ttl)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(candidates: Vec<CompletionCandidate>) -> Vec<String> {
        candidates.iter().map(|candidate| candidate.get_value().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn words_of_a_filter_are_completed_where_they_are() {
        assert_eq!(offered(of_filter(OsStr::new("ttl<30 who:o"))), ["ttl<30 who:own", "ttl<30 who:other"]);
        assert_eq!(offered(of_filter(OsStr::new("serv"))), ["service:"]);
    }

    #[test]
    fn conditions_of_wait_are_completed_with_their_filters() {
        assert_eq!(offered(of_condition(OsStr::new(""))).len(), 6);
        assert_eq!(offered(of_condition(OsStr::new("co"))), ["count("]);
        assert_eq!(offered(of_condition(OsStr::new("any(state:la"))), ["any(state:late"]);
    }
}
