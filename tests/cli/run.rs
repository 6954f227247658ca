//! `leasetop run` with real commands, on a sandbox.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::sandbox::{Sandbox, leasetop};

/// Ends with 7 on SIGTERM, after it has said that it is ready. It ends by itself if nothing ends it.
const TRAPS: &str = "trap 'exit 7' TERM; echo $LEASETOP_LEASE; for i in $(seq 200); do sleep 0.1; done";

/// A command that `leasetop run` runs.
struct Running {
    process: Child,
}

impl Running {
    fn start(sandbox: &Sandbox, options: &[&str], command: &[&str]) -> Running {
        let args = [&["run"], options, &["--"], command].concat();
        let mut program = sandbox.command(&args);
        // Of its own: a terminal that runs these tests would deliver SIGINT itself, so it would not be forwarded.
        program.process_group(0);
        Running { process: program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs") }
    }

    /// The next line on stdout, here the lease of [`TRAPS`].
    fn line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.process.stdout.as_mut().expect("piped");
        BufReader::with_capacity(1, stdout).read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    /// The next line on stderr.
    fn message(&mut self) -> String {
        let mut line = String::new();
        let stderr = self.process.stderr.as_mut().expect("piped");
        BufReader::with_capacity(1, stderr).read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for the end: the exit code and the rest of stderr.
    fn end(mut self) -> (ExitStatus, String) {
        let status = self.process.wait().expect("it ends");
        let mut told = String::new();
        self.process.stderr.take().expect("piped").read_to_string(&mut told).expect("text");
        (status, told)
    }
}

fn leases(sandbox: &Sandbox) -> String {
    sandbox.stdout(&["list", "-q"], 0)
}

#[test]
fn a_command_has_its_key_while_it_runs_and_its_exit_code_is_passed_on() {
    let sandbox = Sandbox::start();
    let lists = format!(
        "{} --endpoints {} list --holding /svc/self -q && echo $LEASETOP_LEASE && exit 3",
        env!("CARGO_BIN_EXE_leasetop"),
        sandbox.endpoint()
    );
    let printed = sandbox.stdout(&["run", "--put", "/svc/self={id}", "--", "sh", "-c", &lists], 3);
    let ids: Vec<&str> = printed.lines().collect();
    assert_eq!((ids.len(), ids[0]), (2, ids[1]), "{printed}");
    assert_eq!(leases(&sandbox), "", "the lease is revoked");
}

#[test]
fn a_command_whose_lease_is_lost_gets_sigterm() {
    let sandbox = Sandbox::start();
    let mut running = Running::start(&sandbox, &["--ttl", "2"], &["sh", "-c", TRAPS]);
    let lease = running.line();
    sandbox.stdout(&["revoke", &lease], 0);
    let (status, told) = running.end();
    assert_eq!(status.code(), Some(7));
    assert_eq!(told, format!("lease {lease} not found; sent SIGTERM to the command\n"));
}

#[test]
fn signals_are_forwarded_and_the_lease_is_revoked() {
    let sandbox = Sandbox::start();
    for (signal, code) in [("TERM", 7), ("HUP", 129), ("INT", 130), ("USR1", 138)] {
        let mut running = Running::start(&sandbox, &["--put", "/a=1"], &["sh", "-c", TRAPS]);
        running.line();
        running.signal(signal);
        let (status, told) = running.end();
        assert_eq!((status.code(), told.as_str()), (Some(code), ""), "{signal}");
        assert_eq!(leases(&sandbox), "", "{signal}");
    }
}

#[test]
fn a_command_that_cannot_be_run_leaves_no_lease() {
    let sandbox = Sandbox::start();
    let output = sandbox.run(&["run", "--put", "/a=1", "--", "leasetop-no-such-command"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), told.as_ref()),
        (Some(127), "error: command “leasetop-no-such-command” not found\n")
    );
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("script");
    std::fs::write(&script, "no program\n").expect("a file");
    assert_eq!(sandbox.run(&["run", "--", script.to_str().expect("text")]).status.code(), Some(126));
    // It looks like a program until it is started.
    std::fs::write(&script, b"\x7fELF").expect("a file");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    let output = sandbox.run(&["run", "--put", "/a=1", "--", script.to_str().expect("text")]);
    assert_eq!(output.status.code(), Some(126), "{output:?}");
    assert_eq!(leases(&sandbox), "");
}

#[test]
fn the_second_of_two_waits_until_the_key_is_free() {
    let sandbox = Sandbox::start();
    let lock = ["--if-absent", "--put", "/lock/job=me"];
    let mut holder = Running::start(&sandbox, &lock, &["sh", "-c", TRAPS]);
    let held = holder.line();
    let mut waiting = Running::start(&sandbox, &lock, &["sh", "-c", "echo $LEASETOP_LEASE"]);
    let first = format!("waiting until key “/lock/job” is deleted; it is attached to lease {held}");
    assert_eq!(waiting.message(), first);
    assert_eq!(leases(&sandbox), format!("{held}\n"), "who waits has no lease");
    holder.signal("TERM");
    let mine = waiting.line();
    let (status, told) = waiting.end();
    assert_eq!((status.code(), told), (Some(0), format!("created key “/lock/job” with lease {mine}\n")));
    assert!(mine != held && holder.end().0.code() == Some(7));
    assert_eq!(leases(&sandbox), "");
}

#[test]
fn waiting_for_a_key_ends_with_a_signal() {
    let sandbox = Sandbox::start();
    sandbox.stdout(&["grant", "600", "--put", "/lock/job=other"], 0);
    let held = leases(&sandbox);
    let mut waiting = Running::start(&sandbox, &["--if-absent", "--put", "/lock/job=me"], &["echo", "never"]);
    assert!(waiting.message().starts_with("waiting until key"));
    waiting.signal("TERM");
    assert_eq!(waiting.end().0.code(), Some(143));
    assert_eq!(leases(&sandbox), held);
}

#[test]
fn a_killed_leasetop_leaves_the_lease_to_expire() {
    let sandbox = Sandbox::start();
    let mut running = Running::start(&sandbox, &["--ttl", "2"], &["sh", "-c", "echo $LEASETOP_LEASE; sleep 1"]);
    let lease = running.line();
    running.signal("KILL");
    assert_eq!(running.end().0.code(), None);
    assert_eq!(leases(&sandbox), format!("{lease}\n"));
    sandbox.stdout(&["wait", &lease, "--until", "gone", "--timeout", "20"], 0);
}

#[test]
fn an_unreachable_etcd_starts_nothing() {
    let output = leasetop().args(["run", "--endpoints", "127.0.0.1:1", "--", "echo", "started"]).output();
    let output = output.expect("the program runs");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: could not grant a lease at "), "{output:?}");
}

#[test]
fn a_signal_interrupts_the_revocation() {
    let sandbox = Sandbox::start();
    let mut running = Running::start(&sandbox, &[], &["sh", "-c", &format!("trap '' QUIT; {TRAPS}")]);
    let lease = running.line();
    sandbox.signal("STOP");
    running.signal("TERM");
    // The command ignores those that come before its end.
    while running.process.try_wait().expect("it is ours").is_none() {
        running.signal("QUIT");
    }
    let (status, told) = running.end();
    assert_eq!(status.code(), Some(7));
    assert_eq!(told, format!("lease {lease} not revoked; it expires within its TTL: interrupted\n"));
}

#[test]
fn signals_that_were_ignored_at_the_start_stay_ignored() {
    let sandbox = Sandbox::start();
    let mut nohup = Command::new("sh");
    nohup.args(["-c", "trap '' HUP INT QUIT; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_leasetop")]);
    nohup.args(["--endpoints", sandbox.endpoint(), "run", "--", "sh", "-c", TRAPS]);
    let process = nohup.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh runs");
    let mut running = Running { process };
    running.line();
    for ignored in ["HUP", "INT", "QUIT"] {
        running.signal(ignored);
    }
    running.signal("TERM");
    let (status, told) = running.end();
    assert_eq!((status.code(), told.as_str()), (Some(7), ""), "only SIGTERM is forwarded");
}
