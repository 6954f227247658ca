//! `--help`: the paragraphs below the options, and the rule that a command shows only its own options.

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::{Cli, CliError, Exit};

/// The names of all columns, as a literal for `concat!`.
macro_rules! columns {
    () => {
        "key state left ttl every share cycles drop id who next last margin q rtt keys warn"
    };
}

/// Help of `--put`. The empty escape sequence in `{n}` keeps clap from replacing it by a line break.
pub(super) const PUT: &str = "Attach a key; may contain {ttl}, {id}, {\x1b[mn}. Repeatable";

/// Commands, each with its purpose.
pub(super) const EXAMPLES: [(&str, &str); 6] = [
    ("leasetop demo", "try it without an etcd"),
    ("leasetop --endpoints 127.0.0.1:2379", "open the monitor"),
    ("leasetop grant 60 --put /service/self=here", "grant a lease with a key"),
    ("leasetop run --put /svc/api/1=here -- ./server", "run a service with its lease"),
    ("leasetop list --for 2m", "list leases with their renewals"),
    ("leasetop events -w json", "stream events as JSON"),
];

/// Headings and texts below the options of the program, and sections of its manual page.
pub(super) const NOTES: [(&str, &str); 6] = [
    (
        "Filters",
        "ttl<30 left<5s keys=0 drops>0 every>5s share>60% margin<2s last>10s next<1s rtt>5ms q>=16 state:late who:own warn:any \
         service:orders renewer:etcdctl key:/svc/ id:694d, or any part of a key or id; combine with and, or, ! and \
         parentheses.",
    ),
    ("Columns", columns!()),
    ("Lease ids", "hex as in etcdctl, or dec:... for decimal; write a negative id after `--`."),
    (
        "Environment",
        "ETCDCTL_ENDPOINTS, ETCDCTL_DISCOVERY_SRV, ETCDCTL_DISCOVERY_SRV_NAME, ETCDCTL_INSECURE_DISCOVERY, ETCDCTL_USER, \
         ETCDCTL_PASSWORD, ETCDCTL_DIAL_TIMEOUT, ETCDCTL_COMMAND_TIMEOUT, ETCDCTL_CACERT, ETCDCTL_CERT, ETCDCTL_KEY, \
         ETCDCTL_INSECURE_SKIP_TLS_VERIFY, ETCDCTL_INSECURE_TRANSPORT and ETCDCTL_WRITE_OUT, as in etcdctl; LEASETOP_PASSWORD_FILE, NO_COLOR.",
    ),
    ("Precedence", "option, environment variable, config file."),
    ("Exit codes", "0 success, 1 negative result (not found, lost, timed out), 2 error."),
];

/// The text below the options of the program.
pub(super) fn program() -> String {
    let examples: String = EXAMPLES.iter().map(|(command, purpose)| format!("  {command:44}  {purpose}\n")).collect();
    let notes: Vec<String> = NOTES.iter().map(|(heading, text)| format!("{heading}: {text}")).collect();
    format!("Examples:\n{examples}\n{}", notes.join("\n"))
}

pub(super) const GRANT: &str = "\
In --put, KEY and VALUE may contain {ttl}, {id} and {\x1b[mn} (1, 2, ...). Several leases need a key each: a key that is \
put again moves to the last lease.

Example: leasetop grant 60 --count 3 --put '/service/{\x1b[mn}={id}' --keep-alive";

pub(super) const REVOKE: &str = "\
With --filter it shows the matching leases and asks for their number. In scripts, --yes COUNT revokes only if exactly COUNT \
leases match when it runs; else it revokes nothing and exits 1. Each lease is read once, as by `leasetop list`: renewals and \
warnings are unknown, and unknown values never match.

Filters: service:orders key:/svc/ keys=0 ttl<30 left<5s, or any part of a key or id; combine with and, or, ! and parentheses.

Example: leasetop revoke --filter service:/svc/orders --dry-run";

pub(super) const LIST: &str = concat!(
    "\
Without --for each lease is read once. --for watches first, as the monitor does, and adds the columns every, last, margin \
and warn; Ctrl-C lists early. `-` means unknown. --columns is for the table; JSON and CSV have every field.

Filters: ttl<30 left<5s keys=0 share>60% state:late warn:any service:orders key:/svc/ id:694d, or any part of a key or \
id; combine with and, or, ! and parentheses.
Columns: ",
    columns!()
);

pub(super) const LOCKS: &str = "\
Without --for the keys and the leases of their holders are read once. --for also shows keys that another lease creates again, \
holders that are not renewed, and holders whose key is deleted.

Locks of one key are known by their names in some clients, and by a [[lock]] in the config file. PLACE is holds, next, the \
number of candidates before it, released (its key was deleted, by itself or by another client), or lost (only another client deletes it). VALUE is the value of a lock of one key.";

pub(super) const MEMBERS: &str = "\
Lists the members that etcd's member list names, also those that are not among the endpoints (marked *), and endpoints that do \
not answer. DB is the size of the database file, IN USE what is left of it after a defragmentation, QUOTA its limit (etcd 3.6 \
and later report it). CERTIFICATE is the day on which the server's certificate ends.

--probe-members finds the member that answers but cannot renew: it grants a lease of 10 s through each member, renews it once \
and revokes it. A signal interrupts that.

Exits 0 if every member answers, 1 if a member does not answer or a probe failed or was interrupted, 2 on an error.";

pub(super) const EVENTS: &str = "\
Existing leases produce no event. Renewals of other clients are inferred from polls; ± shows the maximum error of each \
time. Lines are in the order of detection (seen_at).

The filter is evaluated when the event happens. For a lease that has just ended, its last keys and time left count, and \
state:expired or state:revoked selects by the cause. Unknown values never match: at its grant, the TTL and keys of another \
client's lease are usually unknown. With --filter, events of the connection go to stderr.

Exits 0 on Ctrl-C, after --for, or when the reader closes the pipe; 2 if no member has replied by then.";

pub(super) const SERVE: &str = "\
Serves the metrics of all leases at http://HOST:PORT/metrics. A port alone listens on 127.0.0.1. docs/metrics.md lists them.

--metrics-services 50 counts the leases of the 50 services that are seen first; those of all others are counted together.

Exits 0 on Ctrl-C or SIGTERM. While no member replies, serve retries every second, and cluster_up is 0.";

pub(super) const REPLAY: &str = "\
Plays what --record or the key R wrote. p pauses, + and - change the speed, , and . step one second, ( and ) one minute, E and B \
go to the next and the previous event that view 3 lists, :seek 50% and :seek 14:05:30 go to a place and to a time of day. \
Everything else works as in the monitor, except what needs an etcd. A truncated file is played as far as it goes.

  leasetop replay incident.jsonl.gz";

pub(super) const REPORT: &str = "\
FILE is a recording (--record, the key R), or the output of `exercise -w json` or `list --for 1m -w json`. The page has the \
answer in one or two sentences, the renewals and the end of each lease, the time left of the leases that were in trouble, \
diagnoses, and the events. It contains the names of keys, but no values.

  leasetop report incident.jsonl.gz --output incident.html
  leasetop list --for 1m -w json | leasetop report - --html > leases.html";

pub(super) const WAIT: &str = "\
Conditions of one lease: gone, renewed, left<5s (less than 5 s left). A lease that does not exist is gone.
Conditions of all leases: count(FILTER)>=3 (also > <= < =), any(FILTER), none(FILTER). A lease with an unknown value may match: \
none() and upper limits wait until it is known. --prefix and the budgets apply to these conditions.

Exits 0 when it happened, 1 on time-out or when the lease does not exist, 2 on an error. While no member replies, wait \
retries every second.

Example: leasetop wait --until 'count(key:/svc/ and last<30s)>=3' --timeout 30";

pub(super) const RUN: &str = "\
Grants a lease, attaches the keys, runs the command, and revokes the lease when the command ends. When the lease is lost, the \
command gets SIGTERM. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 are forwarded to the command. Its environment has the \
lease id as LEASETOP_LEASE.

With --if-absent the keys are created in one transaction if none of them exists; until then it waits.

Exits with the exit code of the command: 128 plus the number of the signal that killed it, 127 if the command is not found, 126 \
if it is not executable.

Example: leasetop run --ttl 10 --put /svc/api/1=10.0.0.1:80 -- ./api-server";

pub(super) const EXERCISE: &str = "\
Grants leases of each TTL, keeps them alive, reports how often they were renewed, and revokes them. Exits 1 if any lease \
was lost.";

pub(super) const SANDBOX: &str = "\
Serves leases, keys, watches, status and the member list to etcdctl and any other etcd client. Listens on loopback only; \
data is lost on exit.";

/// The last line of a command's help.
const GLOBAL_OPTIONS: &str = "Global options: see leasetop --help";

/// The program for parsing a command line: each command hides the global options in its help but accepts them, and `-h`
/// and `--help` print the same compact page.
///
/// Call it last: each command gets copies of the global options, which later changes do not reach.
pub(super) fn with_short_help(program: Command) -> Command {
    let globals = program.get_arguments().filter(|option| option.is_global_set());
    let hidden: Vec<Arg> = globals.map(|option| option.clone().hide(true)).collect();
    let about = program.get_long_about().cloned().unwrap_or_default();
    // The variables are listed at the end: beside each option they would break half of the lines.
    let mut program = with_compact_page(program.about(about)).mut_args(|option| option.hide_env(true));
    for command in program.get_subcommands_mut() {
        *command = with_own_options(std::mem::take(command), &hidden);
    }
    program
}

/// A command, and its own commands, without the global options in the help.
fn with_own_options(command: Command, hidden: &[Arg]) -> Command {
    let help = match command.get_after_help() {
        Some(help) => format!("{}\n\n{GLOBAL_OPTIONS}", help.ansi()),
        None => GLOBAL_OPTIONS.to_owned(),
    };
    let mut command = with_compact_page(command).args(hidden).after_help(help);
    for inner in command.get_subcommands_mut() {
        *inner = with_own_options(std::mem::take(inner), hidden);
    }
    command.disable_help_subcommand(true)
}

/// `help`: prints what `COMMAND --help` prints, and exits.
pub(super) fn run(command: &[String]) -> Result<Exit, CliError> {
    let words = ["leasetop"].into_iter().chain(command.iter().map(String::as_str)).chain(["--help"]);
    match with_short_help(Cli::command()).try_get_matches_from(words) {
        Err(help) => help.exit(),
        Ok(_) => Ok(Exit::Done),
    }
}

/// Makes `--help` print the compact page of `-h`: clap's own separates options by blank lines, which takes three
/// screens.
fn with_compact_page(command: Command) -> Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::HelpShort).help("Print help");
    let help = help.help_heading(None::<&str>);
    command.disable_help_flag(true).arg(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Column;

    /// What `leasetop NAME --help` prints.
    fn help(name: &str) -> String {
        let shown = with_short_help(Cli::command()).try_get_matches_from(["leasetop", name, "--help"]);
        shown.expect_err("help is shown").to_string()
    }

    fn longs(command: &Command) -> Vec<String> {
        command.get_arguments().filter_map(Arg::get_long).map(|name| format!("--{name}")).collect()
    }

    fn shows(help: &str, option: &str) -> bool {
        let name = |word: &str| word.split(['[', '.']).next() == Some(option);
        help.lines().any(|line| line.split_whitespace().take(2).any(name))
    }

    #[test]
    fn a_command_shows_its_own_options_and_fits_on_a_screen() {
        let program = Cli::command();
        for command in program.get_subcommands() {
            let help = help(command.get_name());
            let own = longs(command);
            assert!(own.iter().all(|option| shows(&help, option)), "{help}");
            assert!(longs(&program).iter().all(|option| own.contains(option) || !shows(&help, option)), "{help}");
            assert!(help.trim_end().ends_with(GLOBAL_OPTIONS), "{help}");
            assert!(help.lines().count() <= 40, "{} lines:\n{help}", help.lines().count());
        }
    }

    #[test]
    fn the_program_shows_every_option_and_every_command_with_the_demo_first() {
        let program = Cli::command();
        let shown = with_short_help(program.clone()).try_get_matches_from(["leasetop", "--help"]);
        let help = shown.expect_err("help is shown").to_string();
        for heading in ["Commands:", "Monitor:", "Connection:", "TLS:", "General:", "Keepalive:", "Examples:"] {
            assert!(help.contains(&format!("\n{heading}\n")), "{heading} in {help}");
        }
        let options = longs(&program);
        let commands = program.get_subcommands().filter(|command| !command.is_hide_set());
        for name in options.iter().map(String::as_str).chain(commands.map(Command::get_name)) {
            assert!(shows(&help, name), "{name} in {help}");
        }
        assert_eq!(program.get_subcommands().next().map(Command::get_name), Some("demo"));
    }

    #[test]
    fn the_help_lists_every_column() {
        assert_eq!(columns!(), Column::names());
    }

    #[test]
    fn every_command_takes_every_global_option() {
        let program = with_short_help(Cli::command());
        let mut built = program.clone();
        built.build();
        let globals: Vec<&Arg> = program.get_arguments().filter(|option| option.is_global_set()).collect();
        assert!(globals.len() > 20);
        for command in built.get_subcommands() {
            let takes = |option: &&Arg| command.get_arguments().any(|own| own.get_id() == option.get_id());
            assert!(globals.iter().all(takes), "{}", command.get_name());
        }
    }
}
