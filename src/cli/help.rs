//! `--help`: the paragraphs below the options, and the rule that a command shows only its own options.

use clap::{Arg, ArgAction, Command};

/// Help of `--put`. The empty escape sequence in `{n}` keeps clap from replacing it by a line break.
pub(super) const PUT: &str = "Attach a key; may contain {ttl}, {id}, {\x1b[mn}. Repeatable";

/// Commands, each with its purpose.
pub(super) const EXAMPLES: [(&str, &str); 5] = [
    ("leasetop demo", "try it without an etcd"),
    ("leasetop --endpoints 127.0.0.1:2379", "open the monitor"),
    ("leasetop grant 60 --put /service/self=here", "grant a lease with a key"),
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
    ("Columns", "id who state left ttl every last next margin q drop rtt keys warn key"),
    ("Lease ids", "hex as in etcdctl, or dec:... for decimal; write a negative id after `--`."),
    (
        "Environment",
        "ETCDCTL_ENDPOINTS, ETCDCTL_USER, ETCDCTL_PASSWORD, ETCDCTL_DIAL_TIMEOUT, ETCDCTL_COMMAND_TIMEOUT, ETCDCTL_CACERT, \
         ETCDCTL_CERT, ETCDCTL_KEY, ETCDCTL_INSECURE_SKIP_TLS_VERIFY and ETCDCTL_WRITE_OUT, as in etcdctl; NO_COLOR.",
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

pub(super) const LIST: &str = "\
Without --for each lease is read once. --for watches first, as the monitor does, and adds the columns every, last, margin \
and warn; Ctrl-C lists early. `-` means unknown.

Filters: ttl<30 left<5s keys=0 share>60% state:late warn:any service:orders key:/svc/ id:694d, or any part of a key or \
id; combine with and, or, ! and parentheses.
Columns: key state left ttl every share cycles drop id who next last margin q rtt keys warn";

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
and revokes it.

Exits 0 if every member answers, 1 if a member does not answer or a probe failed, 2 on an error.";

pub(super) const EVENTS: &str = "\
Existing leases produce no event. Renewals of other clients are inferred from polls; ± shows the maximum error of each \
time. Lines are in the order of detection (seen_at).

The filter is evaluated when the event happens. For a lease that has just ended, its last keys and time left count, and \
state:expired or state:revoked selects by the cause. Unknown values never match: at its grant, the TTL and keys of another \
client's lease are usually unknown. With --filter, events of the connection go to stderr.

Exits 0 on Ctrl-C, after --for, or when the reader closes the pipe; 2 if no member has replied by then.";

pub(super) const WAIT: &str = "\
Conditions: gone, renewed, left<5s (less than 5 s left). A lease that does not exist is gone.

Exits 0 when it happened, 1 on time-out or when the lease does not exist, 2 on an error. While no member replies, wait \
retries every second.";

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
        let help = match command.get_after_help() {
            Some(help) => format!("{}\n\n{GLOBAL_OPTIONS}", help.ansi()),
            None => GLOBAL_OPTIONS.to_owned(),
        };
        *command = with_compact_page(std::mem::take(command)).args(&hidden).after_help(help);
    }
    program
}

/// clap's own `--help` separates options by blank lines, which takes three screens.
fn with_compact_page(command: Command) -> Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::HelpShort).help("Print help");
    let help = help.help_heading(None::<&str>);
    command.disable_help_flag(true).arg(help)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

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
        for name in longs(&program).iter().map(String::as_str).chain(program.get_subcommands().map(Command::get_name)) {
            assert!(shows(&help, name), "{name} in {help}");
        }
        assert_eq!(program.get_subcommands().next().map(Command::get_name), Some("demo"));
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
