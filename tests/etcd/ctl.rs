//! The real etcdctl works on `leasetop sandbox`.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::common::etcd::Version;
use crate::common::guard::Guarded;
use crate::common::wait::until;

on_each_version! {
    etcdctl_watches
    etcdctl_runs_transactions
    etcdctl_locks
    etcdctl_campaigns
}

/// How long etcdctl may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A sandbox that listens, and the etcdctl of a version.
struct EtcdctlTest {
    etcdctl: PathBuf,
    endpoint: String,
    home: TempDir,
    _sandbox: Guarded,
}

/// A running etcdctl; dropping this ends it.
struct Running {
    process: Guarded,
    output: PathBuf,
}

impl EtcdctlTest {
    fn start(version: Version) -> EtcdctlTest {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
        command.args(["sandbox", "--listen", "127.0.0.1:0"]).stdout(writer).stderr(Stdio::null());
        let sandbox = Guarded::start(&mut command);
        drop(command);
        let mut line = String::new();
        BufReader::new(reader).read_line(&mut line).expect("it prints its address");
        let endpoint = line.trim().strip_prefix("serving on ").expect("it prints its address").to_owned();
        let home = TempDir::new().expect("a folder");
        EtcdctlTest { etcdctl: version.program("etcdctl"), endpoint, home, _sandbox: sandbox }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.etcdctl);
        command.env_clear().args(["--endpoints", &self.endpoint]).args(args);
        command
    }

    /// Runs etcdctl with this input and returns its output.
    fn fed(&self, args: &[&str], input: &str) -> String {
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("etcdctl runs");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("it reads");
        let output = tokio::task::block_in_place(|| child.wait_with_output()).expect("it ends");
        assert!(output.status.success(), "etcdctl {args:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    fn ctl(&self, args: &[&str]) -> String {
        self.fed(args, "")
    }

    /// Starts an etcdctl that keeps running.
    fn spawn(&self, name: &str, args: &[&str]) -> Running {
        let output = self.home.path().join(name);
        let mut command = self.command(args);
        command.stdout(File::create(&output).expect("a file")).stderr(Stdio::null());
        Running { process: Guarded::start(&mut command), output }
    }
}

impl Running {
    fn text(&self) -> String {
        std::fs::read_to_string(&self.output).expect("its output")
    }

    async fn prints(&self, text: &str) {
        until(&format!("it prints {text:?}"), TIMEOUT, async || self.text().contains(text)).await;
    }
}

async fn etcdctl_watches(version: Version) {
    let test = EtcdctlTest::start(version);
    test.ctl(&["put", "svc/a", "first"]);
    let watch = test.spawn("watch", &["watch", "svc/", "--prefix", "--prev-kv", "--rev", "2"]);
    watch.prints("PUT\nsvc/a\nfirst\n").await;
    test.ctl(&["put", "svc/a", "second"]);
    watch.prints("PUT\nsvc/a\nfirst\nsvc/a\nsecond\n").await;
    test.ctl(&["del", "svc/a"]);
    watch.prints("DELETE\nsvc/a\nsecond\nsvc/a\n").await;
    test.ctl(&["compaction", "4"]);
    assert_eq!(test.ctl(&["get", "svc/a", "--rev", "4"]), "");
}

async fn etcdctl_runs_transactions(version: Version) {
    let test = EtcdctlTest::start(version);
    let once = "create(\"k\") = \"0\"\n\nput k made\nget k\n\nput k again\nget k\n\n";
    assert_eq!(test.fed(&["txn"], once), "SUCCESS\n\nOK\n\nk\nmade\n");
    assert_eq!(test.fed(&["txn"], once), "FAILURE\n\nOK\n\nk\nagain\n");
}

async fn etcdctl_locks(version: Version) {
    let test = EtcdctlTest::start(version);
    let holder = test.spawn("holder", &["lock", "--ttl", "2", "mutex"]);
    holder.prints("mutex/").await;
    let mut waiting = test.spawn("waiting", &["lock", "--ttl", "2", "mutex", "/bin/echo", "mine"]);
    let both_wait = async || test.ctl(&["get", "mutex/", "--prefix", "--keys-only"]).matches("mutex/").count() == 2;
    until("both are in line", TIMEOUT, both_wait).await;
    assert_eq!(waiting.text(), "");
    holder.process.signal("INT");
    waiting.prints("mine").await;
    until("it ends", TIMEOUT, async || waiting.process.has_ended()).await;
    until("both leases are gone", TIMEOUT, async || test.ctl(&["lease", "list"]).starts_with("found 0")).await;
}

async fn etcdctl_campaigns(version: Version) {
    let test = EtcdctlTest::start(version);
    let first = test.spawn("first", &["elect", "chair", "ada"]);
    first.prints("ada").await;
    let observer = test.spawn("observer", &["elect", "-l", "chair"]);
    observer.prints("ada").await;
    let second = test.spawn("second", &["elect", "chair", "bob"]);
    let both_wait = async || test.ctl(&["get", "chair/", "--prefix", "--keys-only"]).matches("chair/").count() == 2;
    until("both are candidates", TIMEOUT, both_wait).await;
    first.process.signal("INT");
    second.prints("bob").await;
    observer.prints("bob").await;
}
