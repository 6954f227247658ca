//! `leasetop run` on a real etcd: a service, a lock, and an etcd that is gone for longer than the TTL.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::common::etcd::{Etcd, Version};
use crate::common::guard::Guarded;
use crate::common::wait::until;

on_the_newest_versions! {
    runs_a_service_and_a_lock
    ends_a_command_while_etcd_is_gone
}

/// How long anything may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Says its lease, and which signal ended it; ends by itself after a while.
const COMMAND: &str = "trap 'echo TERM; exit 7' TERM; echo $LEASETOP_LEASE; for i in $(seq 300); do sleep 0.1; done";

/// A `leasetop run` with what it and its command have printed.
struct Running {
    process: Guarded,
    printed: PathBuf,
    told: PathBuf,
}

impl Running {
    fn start(etcd: &Etcd, home: &TempDir, name: &str, options: &[&str]) -> Running {
        let file = |suffix: &str| home.path().join(format!("{name}.{suffix}"));
        let (printed, told) = (file("out"), file("err"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
        command.env("XDG_CONFIG_HOME", "/nowhere").env("ETCDCTL_ENDPOINTS", etcd.endpoints().join(","));
        command.arg("run").args(options).args(["--", "sh", "-c", COMMAND]);
        command.stdin(Stdio::null()).stdout(File::create(&printed).expect("a file"));
        command.stderr(File::create(&told).expect("a file"));
        Running { process: Guarded::start(&mut command), printed, told }
    }

    fn printed(&self) -> String {
        std::fs::read_to_string(&self.printed).expect("its output")
    }

    fn told(&self) -> String {
        std::fs::read_to_string(&self.told).expect("its messages")
    }

    /// The lease, once the command runs.
    async fn lease(&self) -> String {
        until("the command runs", TIMEOUT, async || self.printed().ends_with('\n')).await;
        self.printed().trim().to_owned()
    }

    async fn end(&mut self) {
        until("it ends", TIMEOUT, async || self.process.has_ended()).await;
    }
}

async fn runs_a_service_and_a_lock(version: Version) {
    let etcd = Etcd::start(version).await;
    let home = TempDir::new().expect("a folder");
    let lock = ["--ttl", "2", "--put", "/locks/job={id}", "--if-absent"];
    let mut holder = Running::start(&etcd, &home, "holder", &lock);
    let held = holder.lease().await;
    assert_eq!(etcd.ctl(&["get", "/locks/job", "--print-value-only"]), format!("{held}\n"));
    let mut waiting = Running::start(&etcd, &home, "waiting", &lock);
    let waits = format!("waiting until key “/locks/job” is deleted; it is attached to lease {held}\n");
    until("it waits", TIMEOUT, async || waiting.told() == waits).await;

    // Killed, it cannot revoke: the key goes when the lease expires.
    holder.process.signal("KILL");
    holder.end().await;
    let next = waiting.lease().await;
    assert_ne!(next, held);
    assert_eq!(etcd.ctl(&["get", "/locks/job", "--print-value-only"]), format!("{next}\n"));

    etcd.ctl(&["lease", "revoke", &next]);
    waiting.end().await;
    assert_eq!(waiting.printed(), format!("{next}\nTERM\n"));
    assert!(waiting.told().ends_with(&format!("lease {next} not found; sent SIGTERM to the command\n")));

    let mut service = Running::start(&etcd, &home, "service", &["--put", "/svc/a=1", "--put", "/svc/b=2"]);
    service.lease().await;
    assert_eq!(etcd.ctl(&["get", "/svc/", "--prefix", "--keys-only"]).matches("/svc/").count(), 2);
    service.process.signal("TERM");
    service.end().await;
    assert!(service.printed().ends_with("TERM\n") && service.told().is_empty(), "{}", service.told());
    assert_eq!(etcd.ctl(&["lease", "list"]), "found 0 leases\n");
}

async fn ends_a_command_while_etcd_is_gone(version: Version) {
    let mut etcd = Etcd::start(version).await;
    let home = TempDir::new().expect("a folder");
    let mut service = Running::start(&etcd, &home, "service", &["--ttl", "3", "--put", "/svc/a=1"]);
    let lease = service.lease().await;
    etcd.kill(0);
    service.end().await;
    assert_eq!(service.printed(), format!("{lease}\nTERM\n"));
    let told = service.told();
    assert!(told.starts_with(&format!("lease {lease} got no reply for its TTL")), "{told}");
    assert!(told.contains("; sent SIGTERM to the command\n") && told.contains("not revoked"), "{told}");
}
