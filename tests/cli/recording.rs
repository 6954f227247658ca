//! Recordings from the command line, and reports of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use leasetop::recording::Recording;
use simkit::{Stopwatch, Timestamp};

use crate::guard::Guarded;
use crate::sandbox::{Sandbox, leasetop};
use crate::wait::until;

const LIMIT: Duration = Duration::from_secs(20);

/// What a kill may lose: what was not flushed for a second, and what was on its way on a busy machine.
const MOST_LOST: Duration = Duration::from_millis(1_600);

/// Records the events of a sandbox.
async fn record(sandbox: &Sandbox, path: &Path) -> Guarded {
    let mut command = sandbox.command(&["events", "--record"]);
    let recording = Guarded::start(command.arg(path).stdout(Stdio::null()).stderr(Stdio::null()));
    until("it records", LIMIT, async || path.exists()).await;
    recording
}

fn last(path: &Path) -> Timestamp {
    Recording::read(path).expect("a recording").end()
}

#[tokio::test]
async fn a_kill_loses_a_second_at_most_under_load() {
    for name in ["a.jsonl", "a.jsonl.gz"] {
        let (folder, sandbox) = (tempfile::tempdir().expect("a folder"), Sandbox::start());
        let path = folder.path().join(name);
        let started = Stopwatch::start();
        let recording = record(&sandbox, &path).await;
        let before = started.elapsed();
        while started.elapsed() < before + Duration::from_secs(3) {
            sandbox.stdout(&["grant", "60", "--count", "20", "--put", "/svc/{n}/{id}=secret-value"], 0);
        }
        recording.signal("KILL");
        // Its clock started at some time before the file was there.
        let ran = started.elapsed() - before;
        drop(recording);
        let recorded = last(&path).since_start();
        assert!(recorded + MOST_LOST > ran, "{name}: {recorded:?} of {ran:?}");
        let report = leasetop().arg("report").arg(&path).output().expect("the program runs");
        let text = String::from_utf8(report.stdout).expect("text");
        assert!(report.status.success() && text.contains("leases in "), "{name}: {text}");
        assert!(!text.contains("secret-value"), "{text}");
    }
}

/// The messages of a part, by the time at which they were recorded.
fn times(path: &Path) -> Vec<Timestamp> {
    Recording::read(path).expect("a part").entries.iter().map(|entry| entry.at).collect()
}

#[tokio::test]
async fn a_full_file_is_followed_by_one_that_knows_the_leases() {
    let (folder, sandbox) = (tempfile::tempdir().expect("a folder"), Sandbox::start());
    let path = folder.path().join("a.jsonl");
    let mut command = sandbox.command(&["events", "--record-size", "150kB", "--record"]);
    let mut recording = Guarded::start(command.arg(&path).stdout(Stdio::null()).stderr(Stdio::null()));
    let full = PathBuf::from(format!("{}.1", path.display()));
    sandbox.stdout(&["grant", "600", "--put", "/svc/first=v"], 0);
    // Short leases, so that the state stays small while messages come.
    until("the first file is full", LIMIT, async || {
        sandbox.stdout(&["grant", "2", "--count", "50", "--put", "/svc/{n}/{id}=v"], 0);
        full.exists()
    })
    .await;
    recording.signal("TERM");
    until("it ends", LIMIT, async || recording.has_ended()).await;
    let (before, after) = (times(&full), times(&path));
    assert!(before.last() <= after.first(), "no message is in both: {:?} {:?}", before.last(), after.first());
    let report = leasetop().args(["report", "--html"]).arg(&path).output().expect("the program runs");
    let text = String::from_utf8(report.stdout).expect("text");
    assert!(text.contains("This is part ") && text.contains(" leases in "), "{text}");
    let lines = fs::read_to_string(&path).expect("the next file");
    // The state has a message for each thousand leases and keys, and there can be several thousand.
    assert!(lines.lines().take(50).any(|line| line.contains("/svc/first")), "{lines}");
}

#[test]
fn a_recording_that_cannot_be_written_is_an_error() {
    let (folder, sandbox) = (tempfile::tempdir().expect("a folder"), Sandbox::start());
    let path = folder.path().join("a.jsonl");
    fs::write(&path, "mine").expect("a file");
    for path in [path.clone(), folder.path().join("none/a.jsonl")] {
        let output = sandbox.run(&["events", "--record", &path.display().to_string()]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.starts_with("error: could not record to ") && output.status.code() == Some(2), "{error}");
    }
    assert_eq!(fs::read_to_string(&path).expect("the file"), "mine");
}

#[test]
fn a_report_has_the_format_of_its_name_and_replaces_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/leak.jsonl.gz");
    let report = |options: &[&str], name: &str| {
        let mut command = leasetop();
        command.arg("report").arg(&recording).args(options).arg("--output").arg(folder.path().join(name));
        let output = command.output().expect("the program runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    for (options, name, what) in [
        (&[][..], "a.pdf", "the name must end in .html, .svg or .md"),
        (&[], "a", "the name must end in .html, .svg or .md"),
        (&["--svg"], "a.html", "--svg contradicts the name of --output"),
    ] {
        let (code, error) = report(options, name);
        assert!(code == Some(2) && error.contains(what), "{code:?} {error}");
        assert!(!folder.path().join(name).exists());
    }
    assert_eq!(report(&["--svg"], "a").0, Some(0));
    assert_eq!(report(&[], "a.md").0, Some(0));
    let (code, error) = report(&["--html"], "a");
    assert!(code == Some(2) && error.contains("exists; delete it first"), "{code:?} {error}");
    assert!(fs::read_to_string(folder.path().join("a")).expect("the picture").starts_with("<svg "));
}

#[test]
fn results_of_commands_become_reports() {
    let (folder, sandbox) = (tempfile::tempdir().expect("a folder"), Sandbox::start());
    sandbox.stdout(&["grant", "60", "--put", "/svc/<b>/1=v"], 0);
    for (command, answer) in [
        (&["list", "--for", "1", "-w", "json"][..], "1 lease, watched for 1.0 s: 1 ok."),
        (&["list", "-w", "json"], "1 lease, read once: 1 ok."),
        (
            &["exercise", "--ttl", "2,6", "--for", "5s", "-w", "json"],
            "Is the renewal interval the same for every TTL? NO",
        ),
    ] {
        let (result, page) = (folder.path().join("result.json"), folder.path().join("page.html"));
        fs::write(&result, sandbox.stdout(command, 0)).expect("a file");
        let report = |options: &[&str]| {
            let output = leasetop().arg("report").arg(&result).args(options).output().expect("the program runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).expect("text")
        };
        assert!(report(&["--md"]).contains(answer), "{}", report(&["--md"]));
        assert!(report(&["--svg"]).starts_with("<svg "));
        assert_eq!(report(&["--output", &page.display().to_string()]), "");
        let text = fs::read_to_string(&page).expect("the page");
        fs::remove_file(page).expect("it is there");
        let page = text;
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains(answer) && !page.contains("<b>"), "{page}");
    }
}
