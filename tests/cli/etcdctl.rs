//! What users of etcdctl type: formats from the environment, and many leases at once.

use std::collections::BTreeSet;

use crate::sandbox::Sandbox;

/// What a command prints with this variable: exit code, stdout, stderr.
fn with_format(sandbox: &Sandbox, format: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let output = sandbox.command(args).env("ETCDCTL_WRITE_OUT", format).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn no_format_of_the_environment_stops_a_command() {
    let sandbox = Sandbox::start();
    for format in ["simple", "json", "fields", "table", "protobuf", ""] {
        for args in [
            &["grant", "600", "--put", "/a/{id}=1"][..],
            &["list"],
            &["ls", "--group", "service"],
            &["locks"],
            &["members"],
            &["keys"],
            &["events", "--for", "0.3"],
            &["wait", "694d", "--until", "gone"],
            &["exercise", "--ttl", "2", "--for", "0.2"],
            &["lease", "list"],
            &["run", "--", "echo", "hello"],
            &["config"],
            &["version"],
            &["completions", "bash"],
        ] {
            let (code, printed, told) = with_format(&sandbox, format, args);
            assert_eq!(code, Some(0), "{format} {args:?}: {told}");
            assert!(!printed.is_empty(), "{format} {args:?}");
        }
    }
    let (code, printed, told) = with_format(&sandbox, "table", &["grant", "600", "--id", "1"]);
    assert_eq!((code, printed.as_str()), (Some(0), "lease 0000000000000001 granted with TTL(600s)\n"));
    let note = "note: this command does not print table; it prints simple, json, fields, csv. Printing simple.\n";
    assert_eq!(told, note);
    assert_eq!(with_format(&sandbox, "protobuf", &["run", "--", "true"]).2, "", "it prints nothing of its own");
    let other = sandbox.command(&["list", "-q"]).env("COMPLETE", "1").output().expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&other.stdout).lines().count(), 7, "a variable of another program: {other:?}");
}

#[test]
fn csv_has_the_same_number_of_cells_in_each_line() {
    let sandbox = Sandbox::start();
    sandbox.stdout(&["grant", "600", "--count", "2", "--put", "/svc/a/{id}=1"], 0);
    for args in [
        &["list"][..],
        &["list", "--group", "service"],
        &["locks"],
        &["members"],
        &["grant", "60", "--count", "3"],
        &["exercise", "--ttl", "2,3", "--for", "0.2"],
        &["wait", "694d", "--until", "gone"],
        &["wait", "--until", "any(key:/svc/)"],
    ] {
        let printed = sandbox.stdout(&[args, &["-w", "csv"]].concat(), 0);
        let cells: BTreeSet<usize> = printed.lines().map(|line| line.split(',').count()).collect();
        assert!(cells.len() == 1 && printed.lines().count() > 1 || args == ["locks"], "{args:?}: {printed}");
    }
}

#[test]
fn keys_are_in_hex_with_hex() {
    let sandbox = Sandbox::start();
    sandbox.stdout(&["grant", "600", "--put", "/a=1"], 0);
    let listed = sandbox.stdout(&["list", "--hex"], 0);
    assert!(listed.contains("\\x2f\\x61") && !listed.contains("/a"), "{listed}");
}

#[test]
fn matching_leases_are_revoked_only_if_their_number_is_confirmed() {
    let sandbox = Sandbox::start();
    sandbox.stdout(&["grant", "600", "--count", "3", "--put", "/svc/orders/{n}=1"], 0);
    sandbox.stdout(&["grant", "600", "--put", "/svc/other/1=1"], 0);
    let filter = ["revoke", "--filter", "service:/svc/orders"];
    let with = |options: &[&str]| sandbox.run(&[&filter, options].concat());
    let count = || sandbox.stdout(&["list", "-q"], 0).lines().count();

    let tried = with(&["--dry-run"]);
    let told = String::from_utf8_lossy(&tried.stderr).into_owned();
    assert_eq!((tried.status.code(), told.as_str()), (Some(0), "3 leases with 3 keys would be revoked\n"));
    assert_eq!(String::from_utf8_lossy(&tried.stdout).matches("/svc/orders/").count(), 3);
    let wrong = with(&["--yes", "2"]);
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(told, "3 leases would be revoked, not 2 as in --yes; nothing was revoked\n");
    assert_eq!((wrong.status.code(), count()), (Some(1), 4));
    assert_eq!((with(&[]).status.code(), count()), (Some(2), 4), "nobody can be asked");
    assert_eq!((with(&["--yes", "3", "--read-only"]).status.code(), count()), (Some(2), 4));

    let done = with(&["--yes", "3", "-w", "csv"]);
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    assert_eq!((done.status.code(), printed.lines().count()), (Some(0), 4), "{printed}");
    assert!(printed.starts_with("id,revision,keys_deleted\n") && printed.trim_end().ends_with(",1"), "{printed}");
    assert_eq!((count(), with(&["--yes", "3"]).status.code()), (1, Some(1)));
}

#[test]
fn waiting_for_all_leases_ends_when_enough_match() {
    let sandbox = Sandbox::start();
    let waiting = sandbox.command(&["wait", "--until", "count(key:/svc/ and state:ok)>=3", "--timeout", "20"]);
    let mut waiting = { waiting }.stdout(std::process::Stdio::piped()).spawn().expect("the program runs");
    sandbox.stdout(&["grant", "600", "--count", "2", "--put", "/svc/{n}=1"], 0);
    let late = sandbox.run(&["wait", "--until", "count(key:/svc/)>=3", "--timeout", "3"]);
    let told = String::from_utf8_lossy(&late.stderr).into_owned();
    assert_eq!(
        (late.status.code(), told.as_str()),
        (Some(1), "timed out before count(key:/svc/)>=3: 2 leases match\n")
    );
    assert_eq!(waiting.try_wait().expect("it is ours"), None);
    sandbox.stdout(&["grant", "600", "--put", "/svc/3=1"], 0);
    let output = waiting.wait_with_output().expect("it ends");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(printed, "count(key:/svc/ and state:ok)>=3: 3 leases match\n");
    assert_eq!(sandbox.run(&["wait", "--until", "none(keys=0)", "--timeout", "20"]).status.code(), Some(0));
}

#[test]
fn waiting_for_all_leases_says_that_no_member_replies() {
    let args = ["wait", "--endpoints", "127.0.0.1:1", "--until", "any(left<5s)", "--timeout", "1"];
    let output = crate::sandbox::leasetop().args(args).output().expect("the program runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.starts_with("no member replied: ") && told.contains(". Retrying.\nerror: "), "{told}");
}
