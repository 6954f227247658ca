//! What the monitor does besides drawing: metrics, commands that run on events, notifications.

use crate::sandbox::ServedSandbox;
use crate::{http, ports};

#[test]
fn a_recording_that_cannot_be_written_ends_the_monitor_before_it_shows_anything() {
    let served = ServedSandbox::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.jsonl");
    std::fs::write(&file, "mine").expect("a file");
    for file in [file.clone(), folder.path().join("none/a.jsonl")] {
        let mut terminal = served.monitor(&["--record", &file.display().to_string()], 160, 40);
        assert_eq!(terminal.exit_code(), 2);
        let bytes = String::from_utf8_lossy(terminal.bytes()).into_owned();
        assert!(bytes.contains("error: could not record to ") && !bytes.contains("\x1b[?1049h"), "{bytes}");
    }
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "mine");
}

#[test]
fn the_monitor_serves_metrics_runs_commands_and_notifies() {
    let served = ServedSandbox::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("event");
    let port = ports::free();
    let command = format!("echo noise; cat >> '{}'; exit 3", file.display());
    let address = port.to_string();
    let arguments = ["--metrics-listen", &address, "--notify", "--bell", "--on-event", "event:granted", &command];
    let mut terminal = served.monitor(&arguments, 160, 40);
    terminal.wait_for("No leases yet.");
    // The first list may already show this one: leases that exist at the start are no events.
    served.sandbox.grant(600).expect("a lease");
    terminal.wait_for("1 lease   0 own");
    served.sandbox.grant(600).expect("a lease");
    terminal.wait_for("2 leases   0 own");
    let notification = "\x1b]9;leasetop: error: --on-event echo noise";
    terminal.read_until("a notification", |terminal| terminal.count(notification) == 1);
    let bytes = String::from_utf8_lossy(terminal.bytes()).into_owned();
    let (_, rest) = bytes.split_once(notification).expect("the notification");
    let (text, rest) = rest.split_once('\x07').expect("its end");
    assert!(text.contains("exit code 3") && rest.starts_with('\x07'), "the bell rings: {text:?}");
    terminal.wait_for("exit code 3");
    assert!(!bytes.contains("\nnoise"), "the output of the command does not reach the screen");
    let event = std::fs::read_to_string(&file).expect("the command ran");
    assert!(event.contains("\"event\":\"granted\"") && event.ends_with("}\n"), "{event}");
    let metrics = served.runtime().block_on(http::get(port, "/metrics")).expect("a reply");
    assert!(metrics.contains("leasetop_leases_by_owner{owner=\"other\"} 2\n"), "{metrics}");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_sane();
}
