//! Reads `leasetop events -w json` as it runs.

use std::io::{BufRead, BufReader, PipeReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use etcd_lease::LeaseId;
use jiff::Timestamp;
use serde_json::Value;

use super::span::{Span, seconds};
use crate::common::etcd::Etcd;
use crate::common::guard::Guarded;
use crate::common::wait::until;

/// How long it may take until it is connected.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A reported event.
#[derive(Clone, Debug)]
pub(super) struct ReportedEvent {
    /// When it happened, with the reported error.
    pub(super) at: Span,
    /// When it was known.
    pub(super) seen: f64,
    pub(super) event: String,
    pub(super) lease: Option<LeaseId>,
    pub(super) object: Value,
}

impl ReportedEvent {
    fn read(line: &str) -> ReportedEvent {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let time = |name: &str| -> f64 {
            let text = object[name].as_str().unwrap_or_else(|| panic!("no {name} in {line}"));
            seconds(SystemTime::from(text.parse::<Timestamp>().expect("RFC 3339")))
        };
        ReportedEvent {
            at: Span::around(time("at"), object["at_error"].as_f64().unwrap_or(0.0)),
            seen: time("seen_at"),
            event: object["event"].as_str().expect("its kind").to_owned(),
            lease: object["lease"].as_str().map(|id| id.parse().expect("an id")),
            object,
        }
    }
}

/// A running `leasetop events`; dropping this ends it.
pub(super) struct EventReader {
    reported: Arc<Mutex<Vec<ReportedEvent>>>,
    _process: Guarded,
}

impl EventReader {
    /// Starts it, and waits until it has read the cluster once.
    pub(super) async fn start(etcd: &Etcd) -> EventReader {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = Command::new(program());
        command.args(["--endpoints", &etcd.endpoints().join(","), "events", "-w", "json"]);
        command.stdout(writer).stderr(Stdio::null());
        let process = Guarded::start(&mut command);
        drop(command);
        let reported = Arc::default();
        read(reader, Arc::clone(&reported));
        let event_reader = EventReader { reported, _process: process };
        until("it is connected", TIMEOUT, async || !event_reader.events().is_empty()).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        event_reader
    }

    /// All events so far.
    pub(super) fn events(&self) -> Vec<ReportedEvent> {
        self.reported.lock().expect("no reader panicked").clone()
    }
}

/// The program under test: the measurements name the release build.
pub(super) fn program() -> PathBuf {
    std::env::var_os("LEASETOP_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_leasetop").into(), PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "a pipe is read by a thread, while the test goes on")]
fn read(pipe: PipeReader, into: Arc<Mutex<Vec<ReportedEvent>>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            into.lock().expect("no reader panicked").push(ReportedEvent::read(&line));
        }
    });
}
