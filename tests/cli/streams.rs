//! Pipes that close, signals, and leases that die beside healthy ones.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::sandbox::{Sandbox, leasetop};

fn grant(sandbox: &Sandbox, ttl: &str) -> String {
    let line = sandbox.stdout(&["grant", ttl], 0);
    line.split(' ').nth(1).expect("lease ID granted").to_owned()
}

/// Sends a signal by name, and waits for the end: exit code and what is left on stdout and stderr.
fn end(mut child: Child, signal: &str) -> (Option<i32>, String, String) {
    let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let status = child.wait().expect("it ends");
    let rest = |pipe: Option<&mut dyn Read>| {
        let mut text = String::new();
        if let Some(pipe) = pipe {
            pipe.read_to_string(&mut text).expect("text");
        }
        text
    };
    let stdout = rest(child.stdout.as_mut().map(|pipe| pipe as &mut dyn Read));
    let stderr = rest(child.stderr.as_mut().map(|pipe| pipe as &mut dyn Read));
    (status.code(), stdout, stderr)
}

fn spawn(sandbox: &Sandbox, args: &[&str]) -> Child {
    sandbox.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
}

/// The next line of a running command.
fn line(child: &mut Child) -> String {
    let mut line = Vec::new();
    let stdout = child.stdout.as_mut().expect("piped");
    // A byte at a time: what is not read now is read later.
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).expect("a line");
        line.push(byte[0]);
    }
    String::from_utf8(line).expect("text")
}

#[test]
fn keep_alive_continues_for_the_remaining_lease_and_exits_1() {
    let sandbox = Sandbox::start();
    let (healthy, dying) = (grant(&sandbox, "2"), grant(&sandbox, "2"));
    let mut child = spawn(&sandbox, &["keep-alive", &healthy, &dying]);
    let kept = |id: &str| format!("lease {id} keepalived with TTL(2)\n");
    let mut first = [line(&mut child), line(&mut child)];
    first.sort();
    let mut both = [kept(&healthy), kept(&dying)];
    both.sort();
    assert_eq!(first, both);

    sandbox.stdout(&["revoke", &dying], 0);
    while line(&mut child) != format!("lease {dying} expired or revoked.\n") {}
    for _ in 0..3 {
        assert_eq!(line(&mut child), kept(&healthy));
    }
    sandbox.stdout(&["revoke", &healthy], 0);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(1));
    let mut told = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut told).expect("text");
    assert!(told.contains(&format!("lease {dying} not found; keep-alive stopped")), "{told}");
}

#[test]
fn signals_end_keep_alive_with_exit_code_0() {
    let sandbox = Sandbox::start();
    for signal in ["INT", "TERM"] {
        let mut child = spawn(&sandbox, &["grant", "60", "--keep-alive"]);
        assert!(line(&mut child).ends_with("granted with TTL(60s)\n"));
        assert!(line(&mut child).ends_with("keepalived with TTL(60)\n"));
        assert_eq!(end(child, signal).0, Some(0), "{signal}");
    }
}

#[test]
fn an_interrupted_exercise_reports_and_revokes() {
    let sandbox = Sandbox::start();
    let child = spawn(&sandbox, &["exercise", "--ttl", "2", "--for", "1h", "--put", "/here=1"]);
    while !sandbox.run(&["list", "--holding", "/here"]).status.success() {}
    let (code, report, told) = end(child, "INT");
    assert_eq!(code, Some(0), "{told}");
    assert!(report.starts_with("TTL  LEASES"), "{report}");
    assert_eq!(sandbox.stdout(&["list", "-q"], 0), "");
}

#[test]
fn leases_that_cannot_be_revoked_are_named() {
    let sandbox = Sandbox::start();
    let child = spawn(&sandbox, &["exercise", "--ttl", "60", "--count", "20", "--for", "1h", "--put", "/here/{n}=1"]);
    while !sandbox.run(&["list", "--holding", "/here/20"]).status.success() {}
    let listed = sandbox.stdout(&["list", "-q"], 0);
    drop(sandbox);
    let (code, report, told) = end(child, "INT");
    assert_eq!(code, Some(0), "{told}");
    assert!(report.contains("60 s      20     0"), "kept, as far as one can know: {report}");
    let named = |id: &&str| told.contains(&format!("lease {id} not revoked: "));
    assert_eq!(listed.lines().filter(named).count(), 16, "{told}");
    assert!(told.contains("4 more leases not revoked; the last expires at "), "{told}");
}

#[test]
fn a_hangup_ends_an_exercise_as_a_signal_does() {
    let sandbox = Sandbox::start();
    let child = spawn(&sandbox, &["exercise", "--ttl", "60", "--for", "1h"]);
    while sandbox.stdout(&["list", "-q"], 0).is_empty() {}
    let (code, _, told) = end(child, "HUP");
    assert_eq!((code, sandbox.stdout(&["list", "-q"], 0).as_str()), (Some(0), ""), "{told}");
}

#[test]
fn a_signal_ends_grants_whose_output_is_not_read() {
    let sandbox = Sandbox::start();
    let child = spawn(&sandbox, &["grant", "60", "--count", "100000", "--keep-alive"]);
    let granted = || sandbox.stdout(&["list", "-q"], 0).lines().count();
    // Until the lines fill the pipe.
    let mut before = 0;
    while before < 1_000 || before != granted() {
        before = granted();
    }
    let (code, _, told) = end(child, "INT");
    assert_eq!((code, told.as_str()), (Some(0), ""));
    assert!(granted() < 50_000);
}

#[test]
fn a_pipe_closed_early_is_no_error() {
    let sandbox = Sandbox::start();
    let mut child = spawn(&sandbox, &["grant", "60", "--count", "2000"]);
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut first).expect("a line");
    assert!(first.ends_with("granted with TTL(60s)\n"));
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_duplicate_id_is_refused_with_a_message() {
    let sandbox = Sandbox::start();
    assert_eq!(sandbox.stdout(&["grant", "60", "--id", "694d"], 0), "lease 000000000000694d granted with TTL(60s)\n");
    let output = sandbox.run(&["grant", "60", "--id", "694d"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.starts_with("error: ") && told.contains("lease already exists"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn without_a_terminal_the_monitor_says_so_and_lists() {
    let sandbox = Sandbox::start();
    let lease = grant(&sandbox, "60");
    let output = sandbox.run(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("No terminal; running `leasetop list`."));
    assert!(String::from_utf8_lossy(&output.stdout).contains(&lease));
}

#[test]
fn without_a_terminal_a_config_file_hides_no_lease() {
    let sandbox = Sandbox::start();
    let lease = grant(&sandbox, "60");
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "filter = \"who:own\"\ngroup = \"owner\"\n").expect("it can be written");
    let config = ["--config", file.path().to_str().expect("text")];
    let listed = |args: &[&str]| sandbox.stdout(&[&config, args].concat(), 0);
    let all = listed(&[]);
    assert!(all.contains(&lease), "{all}");
    assert!(!listed(&["--filter", "who:own"]).contains(&lease));
    let groups = listed(&["--group", "ttl"]);
    assert!(!groups.contains(&lease) && groups.contains("60 s"), "{groups}");
}

#[test]
fn bare_ids_are_text_whatever_the_environment_says() {
    let sandbox = Sandbox::start();
    let lease = grant(&sandbox, "60");
    for format in ["json", "csv", "fields", "simple"] {
        let output = sandbox.command(&["list", "-q"]).env("ETCDCTL_WRITE_OUT", format).output();
        let output = output.expect("the program runs");
        let printed = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!((printed.0.as_ref(), printed.1.as_ref()), (&*format!("{lease}\n"), ""), "{format}");
    }
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let sandbox = Sandbox::start();
    let lease = grant(&sandbox, "2");
    let mut ignoring = Command::new("sh");
    ignoring.args(["-c", "trap '' INT; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_leasetop")]);
    ignoring.args(["--endpoints", sandbox.endpoint(), "keep-alive", &lease]);
    let mut child = ignoring.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("sh runs");
    line(&mut child);
    let sent = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    for _ in 0..2 {
        assert!(line(&mut child).contains("keepalived"));
    }
    assert_eq!(end(child, "TERM").0, Some(0));
}

/// The lines of a running command as they come.
#[expect(clippy::disallowed_methods, reason = "a pipe knows no time-out: a thread reads, the test waits for it")]
fn lines(child: &mut Child) -> Receiver<String> {
    let (tell, told) = mpsc::channel();
    let stdout = BufReader::new(child.stdout.take().expect("piped"));
    std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
    told
}

/// Waits for a line that holds this.
fn wait_for(told: &Receiver<String>, part: &str) -> String {
    let next =
        || told.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|error| panic!("no line with {part}: {error}"));
    std::iter::repeat_with(next).find(|line| line.contains(part)).expect("one of them")
}

#[test]
fn events_are_printed_as_they_happen_until_a_signal() {
    let sandbox = Sandbox::start();
    let old = grant(&sandbox, "600");
    let mut child = spawn(&sandbox, &["events"]);
    let told = lines(&mut child);
    wait_for(&told, "  connection                    connected to ");
    // What is granted before the first list was there at the start.
    let granted = std::iter::repeat_with(|| grant(&sandbox, "600"));
    let lines = granted.map(|_| told.recv_timeout(Duration::from_millis(300)));
    let first = lines.take(100).find_map(Result::ok).expect("one of them is news");
    assert!(first.contains("  granted     ") && !first.contains(&old), "{first}");
    let new = first.split_whitespace().nth(3).expect("its id");
    sandbox.stdout(&["revoke", new], 0);
    // A revocation can be recognised only if the lease was polled before.
    let last = wait_for(&told, "other client's");
    assert!(last.contains(new) && !last.contains("  expired "), "{last}");
    assert_eq!(end(child, "INT").0, Some(0));
}

#[test]
fn events_are_filtered_and_the_connection_is_reported_on_stderr() {
    let sandbox = Sandbox::start();
    let mut child = spawn(&sandbox, &["events", "--filter", "key:/svc/ or state:gone", "-w", "json"]);
    let mut beside = BufReader::new(child.stderr.take().expect("piped")).lines();
    let connected = beside.next().expect("a line").expect("text");
    assert!(connected.contains("  connection  "), "{connected}");
    let told = lines(&mut child);
    // What is granted before the first list was there at the start.
    let svc = || sandbox.stdout(&["grant", "600", "--put", "/svc/a=1"], 0);
    let other = || sandbox.stdout(&["grant", "600", "--put", "/other=1"], 0);
    let lines = std::iter::repeat_with(|| (other(), svc())).map(|_| told.recv_timeout(Duration::from_millis(300)));
    let heard: Vec<String> = lines.take(100).flatten().take(2).collect();
    let attached = heard.iter().find(|line| line.contains(r#""event":"attached""#)).expect("the attach is reported");
    assert!(attached.contains(r#""keys":["/svc/a"]"#) && !heard.concat().contains("/other"), "{heard:?}");
    let (code, rest, _) = end(child, "INT");
    assert_eq!((code, rest.contains("/other"), rest.contains("connection")), (Some(0), false, false), "{rest}");
}

#[test]
fn events_end_after_their_duration_or_without_a_reader() {
    let sandbox = Sandbox::start();
    let mut child = spawn(&sandbox, &["events", "--for", "300ms", "-w", "json"]);
    assert!(line(&mut child).contains(r#""event":"connection","lease":null,"cause":"up""#));
    assert_eq!(child.wait().expect("it ends").code(), Some(0));

    let mut child = spawn(&sandbox, &["events"]);
    line(&mut child);
    drop(child.stdout.take());
    while child.try_wait().expect("it is ours").is_none() {
        let lease = grant(&sandbox, "600");
        sandbox.stdout(&["revoke", &lease], 0);
    }
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn an_empty_temporary_sandbox_is_pointed_out() {
    let output = leasetop().args(["--sandbox", "--warp", "100", "events", "--for", "10s"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing happens in it"), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1, "{output:?}");
}

#[test]
fn an_id_in_decimal_is_answered_with_its_hex_form_and_not_acted_on() {
    let sandbox = Sandbox::start();
    sandbox.stdout(&["grant", "600", "--id", "dec:16"], 0);
    for (args, code) in [
        (vec!["timetolive", "16"], 1),
        (vec!["revoke", "16"], 1),
        (vec!["keep-alive", "16"], 1),
        (vec!["keep-alive", "--once", "16"], 1),
    ] {
        let output = sandbox.run(&args);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {told}");
        assert!(
            told.contains("read as decimal it is lease 0000000000000010, which exists (dec:16)"),
            "{args:?}: {told}"
        );
    }
    assert_eq!(sandbox.stdout(&["list", "-q"], 0), "0000000000000010\n");
}

#[test]
fn keep_alive_says_nothing_of_a_lease_that_etcd_was_not_asked_about() {
    let output =
        leasetop().args(["keep-alive", "694d", "--endpoints", "127.0.0.1:1"]).output().expect("the program runs");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.starts_with("error: could not read the time left of a lease at 127.0.0.1:1: "), "{told}");
}
