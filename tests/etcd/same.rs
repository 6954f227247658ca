//! Every `etcdctl lease` command of etcd's own tests (`tests/e2e/ctl_v3_lease_test.go`, `tests/framework/e2e/etcdctl.go`)
//! through etcdctl and through leasetop, on one etcd. With `-- --nocapture` it prints the differences.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use regex::Regex;

use crate::common::etcd::{Etcd, Version};
use crate::common::wait::until;

on_the_newest_versions! {
    the_commands_of_etcds_tests_print_the_same
}

/// What the two programs print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// The same, with the same exit code.
    Same,
    /// Something else, as this line of docs/commands.md says.
    Differs(&'static str),
}
use Expected::{Differs, Same};

const JSON: Expected = Differs("| names in JSON |");
const MISSING: Expected = Differs("| a lease that does not exist, in `timetolive` and `keep-alive` |");

/// The commands, with `LEASE` for a living lease with a key, `GONE` for one that has ended, and `NEW` for a new one.
const COMMANDS: &[(&str, Expected)] = &[
    ("grant 10", Same),
    ("grant 3", Same),
    ("grant 10 -w json", JSON),
    ("grant 10 -w fields", Same),
    ("grant 10 -w table", Differs("| errors |")),
    ("grant 0", Differs("| a TTL of 0 or less |")),
    ("grant ten", Differs("| errors |")),
    ("timetolive LEASE", Same),
    ("timetolive LEASE --keys", Same),
    ("timetolive LEASE -w fields --keys", Same),
    ("timetolive LEASE -w json", JSON),
    ("timetolive LEASE -w json --keys", JSON),
    ("timetolive GONE", MISSING),
    ("timetolive GONE --keys", MISSING),
    ("timetolive xyz", Differs("| errors |")),
    ("list", Same),
    ("list -w fields", Same),
    ("list -w json", JSON),
    ("keep-alive --once LEASE", Same),
    ("keep-alive LEASE --once", Same),
    ("keep-alive --once LEASE -w fields", Same),
    ("keep-alive LEASE --once -w json", JSON),
    ("keep-alive GONE", MISSING),
    ("keep-alive --once GONE", MISSING),
    ("revoke NEW", Same),
    ("revoke NEW -w fields", Same),
    ("revoke NEW -w json", JSON),
    ("revoke GONE", Same),
];

/// etcdctl prints ids in hex from 3.6 on.
const WITH_HEX: &[(&str, Expected)] = &[
    ("grant 10 -w fields --hex", Same),
    ("timetolive LEASE -w fields --hex", Same),
    ("list -w fields --hex", Same),
    ("keep-alive --once LEASE -w fields --hex", Same),
];

/// The two programs on one etcd.
struct Programs<'a> {
    etcd: &'a Etcd,
    lease: String,
    gone: String,
    normal: [(Regex, &'static str); 3],
}

/// Standard output, with ids and times left replaced, and the exit code.
type Output = (String, Option<i32>);

impl Programs<'_> {
    fn start(etcd: &Etcd) -> Programs<'_> {
        let (lease, gone) = (grant(etcd, "600"), grant(etcd, "600"));
        etcd.ctl(&["put", "/svc/self", "1", "--lease", &lease]);
        etcd.ctl(&["lease", "revoke", &gone]);
        let normal = [
            ("\"ID\" : [0-9a-f]+", "\"ID\" : ID"),
            ("\\b[0-9a-f]{16}\\b", "ID"),
            ("(remaining\\(|\"TTL\" : )[0-9]+", "$1N"),
        ];
        let normal = normal.map(|(pattern, text)| (Regex::new(pattern).expect("a pattern"), text));
        Programs { etcd, lease, gone, normal }
    }

    fn program(&self, is_etcdctl: bool) -> Command {
        let mut command = if is_etcdctl {
            Command::new(self.etcd.version().program("etcdctl"))
        } else {
            Command::new(env!("CARGO_BIN_EXE_leasetop"))
        };
        command.env("XDG_CONFIG_HOME", "/nowhere").args(["--endpoints", &self.etcd.endpoints().join(","), "lease"]);
        command
    }

    /// Runs a command in one of the programs.
    fn run(&self, command: &str, is_etcdctl: bool) -> Output {
        let new = if command.contains("NEW") { grant(self.etcd, "600") } else { String::new() };
        let word = |word: &str| match word {
            "LEASE" => self.lease.clone(),
            "GONE" => self.gone.clone(),
            "NEW" => new.clone(),
            word => word.to_owned(),
        };
        let mut program = self.program(is_etcdctl);
        let output = program.args(command.split(' ').map(word)).stderr(Stdio::null()).stdin(Stdio::null());
        let output = tokio::task::block_in_place(|| output.output()).expect("it runs");
        let mut text = String::from_utf8(output.stdout).expect("text");
        for (pattern, replacement) in &self.normal {
            text = pattern.replace_all(&text, *replacement).into_owned();
        }
        (sorted(text), output.status.code())
    }

    /// The first line of `keep-alive`, which runs until it is stopped, and whether it prints another one.
    fn first_renewal(&self, is_etcdctl: bool) -> String {
        let mut program = self.program(is_etcdctl);
        program.args(["keep-alive", &self.lease]).stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null());
        let mut child = program.spawn().expect("it runs");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("piped");
        tokio::task::block_in_place(|| BufReader::new(stdout).read_line(&mut line)).expect("a line");
        child.kill().and_then(|()| child.wait()).expect("it ends");
        line
    }
}

/// etcd lists leases in no order: the lines of a list are sorted.
fn sorted(text: String) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn grant(etcd: &Etcd, ttl: &str) -> String {
    let line = etcd.ctl(&["lease", "grant", ttl]);
    line.split(' ').nth(1).expect("a lease id").to_owned()
}

#[expect(clippy::print_stdout, reason = "with --nocapture it shows the differences")]
async fn the_commands_of_etcds_tests_print_the_same(version: Version) {
    let docs = include_str!("../../docs/commands.md");
    let etcd = Etcd::start(version).await;
    let programs = Programs::start(&etcd);
    let mut wrong = Vec::new();
    let with_hex = if version >= Version::V3_6 { WITH_HEX } else { &[] };
    for (command, expected) in COMMANDS.iter().chain(with_hex) {
        // A lease of another command may end between the two.
        let mut outputs = (0..5).map(|_| (programs.run(command, true), programs.run(command, false)));
        let (etcdctl, leasetop) = match expected {
            Same => outputs.find(|(one, other)| one == other).or_else(|| outputs.next()),
            Differs(_) => outputs.next(),
        }
        .unwrap_or_else(|| (programs.run(command, true), programs.run(command, false)));
        let is_same = etcdctl == leasetop;
        if !is_same {
            println!("lease {command}\n  etcdctl:  {etcdctl:?}\n  leasetop: {leasetop:?}\n  {expected:?}");
        }
        match expected {
            Same if !is_same => wrong.push(format!("{command}: {etcdctl:?} and {leasetop:?}")),
            Differs(_) if is_same => wrong.push(format!("{command}: no difference any more")),
            Differs(row) if !docs.contains(row) => wrong.push(format!("{row} is not in docs/commands.md")),
            _ => (),
        }
    }
    assert!(wrong.is_empty(), "{version:?}: {wrong:#?}");
    assert_eq!(programs.first_renewal(true), programs.first_renewal(false));

    let short = grant(&etcd, "2");
    until("it expires", Duration::from_secs(20), async || !etcd.ctl(&["lease", "list"]).contains(&short)).await;
    let expired = Programs { gone: short, ..programs };
    let (etcdctl, leasetop) = (expired.run("timetolive GONE", true), expired.run("timetolive GONE", false));
    assert_eq!((etcdctl.0, leasetop.1), (leasetop.0, Some(1)));
}
