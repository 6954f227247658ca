//! Real etcd servers, one or a cluster, that end with their handle.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::certificates::{self, Certificates};
use super::guard::Guarded;
use super::wait::within;
use super::{http, ports};

/// How long a start may take on a busy machine.
const START: Duration = Duration::from_secs(30);
/// Starts tried when a port turns out to be taken.
const ATTEMPTS: usize = 5;
/// etcd's default of `--initial-cluster-token`. The ids of the cluster and its members derive from it and the peer URLs.
pub(crate) const TOKEN: &str = "etcd-cluster";
/// The administrator that [`Etcd::enable_auth`] makes.
const ROOT: &str = "root:root-password";

/// The versions that leasetop is tested against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// Any 3.4.
    V3_4,
    /// 3.5.1, with the faults of an early release.
    V3_5_1,
    /// A 3.5 that checks who may renew (3.5.28 or later).
    V3_5New,
    /// Any 3.6.
    V3_6,
    /// Any 3.7.
    V3_7,
}

impl Version {
    fn variable(self) -> &'static str {
        match self {
            Version::V3_4 => "LEASETOP_ETCD_3_4",
            Version::V3_5_1 => "LEASETOP_ETCD_3_5_1",
            Version::V3_5New => "LEASETOP_ETCD_3_5",
            Version::V3_6 => "LEASETOP_ETCD_3_6",
            Version::V3_7 => "LEASETOP_ETCD_3_7",
        }
    }

    /// The path of `etcd` or `etcdctl`.
    pub(crate) fn program(self, name: &str) -> PathBuf {
        let variable = self.variable();
        let folder = std::env::var_os(variable).unwrap_or_else(|| {
            panic!("{variable} does not name a folder with etcd and etcdctl: start the tests with tests/run, which finds or fetches them, or leave these out with LEASETOP_TESTS=sandbox tests/run")
        });
        PathBuf::from(folder).join(name)
    }
}

/// A running etcd: one member or several, on loopback, with its data in a temporary folder.
pub(crate) struct Etcd {
    version: Version,
    members: Vec<Member>,
    tls: Option<Box<Certificates>>,
    auth: bool,
    token: &'static str,
    /// More options of etcd.
    options: Vec<String>,
    home: TempDir,
}

struct Member {
    name: String,
    client: u16,
    peer: u16,
    metrics: u16,
    /// Whether it has no vote.
    is_learner: bool,
    process: Option<Guarded>,
}

/// Why a member did not come up.
enum Trouble {
    PortTaken,
    Other(String),
}

impl Etcd {
    /// Starts one member.
    pub(crate) async fn start(version: Version) -> Etcd {
        Etcd::launch(version, 1, false, &[]).await
    }

    /// Starts one member with more options, where `{home}` is the folder of the test with a file `secret`.
    pub(crate) async fn with_options(version: Version, options: &[&str]) -> Etcd {
        Etcd::launch(version, 1, false, options).await
    }

    /// Starts a cluster of three.
    pub(crate) async fn cluster(version: Version) -> Etcd {
        Etcd::launch(version, 3, false, &[]).await
    }

    /// Starts one member that wants a client certificate.
    pub(crate) async fn with_tls(version: Version) -> Etcd {
        Etcd::launch(version, 1, true, &[]).await
    }

    async fn launch(version: Version, members: usize, tls: bool, options: &[&str]) -> Etcd {
        for _ in 0..ATTEMPTS {
            match Etcd::attempt(version, members, tls, options).await {
                Ok(etcd) => return etcd,
                Err(Trouble::PortTaken) => {}
                Err(Trouble::Other(log)) => panic!("etcd {version:?} did not start:\n{log}"),
            }
        }
        panic!("etcd {version:?} found its ports taken {ATTEMPTS} times");
    }

    async fn attempt(version: Version, members: usize, tls: bool, options: &[&str]) -> Result<Etcd, Trouble> {
        let home = tempfile::tempdir().expect("a temporary folder");
        fs::write(home.path().join("secret"), "a secret of thirty-two characters").expect("a file");
        let options = options.iter().map(|option| option.replace("{home}", &home.path().to_string_lossy())).collect();
        let tls = tls.then(|| Box::new(certificates::write_to(home.path())));
        let members = (0..members).map(Member::new).collect();
        let mut etcd = Etcd { version, members, tls, auth: false, token: TOKEN, options, home };
        for member in 0..etcd.members.len() {
            etcd.spawn(member);
        }
        for member in 0..etcd.members.len() {
            etcd.wait_healthy(member).await?;
        }
        Ok(etcd)
    }

    /// Adds a learner, which becomes the last member.
    pub(crate) async fn add_learner(&mut self) {
        let learner = Member { is_learner: true, ..Member::new(self.members.len()) };
        let peer = format!("--peer-urls=http://127.0.0.1:{}", learner.peer);
        self.ctl(&["member", "add", &learner.name, "--learner", &peer]);
        self.members.push(learner);
        let added = self.members.len() - 1;
        self.spawn(added);
        if let Err(Trouble::Other(log)) = self.wait_healthy(added).await {
            panic!("the learner did not start:\n{log}");
        }
    }

    /// Its version.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// Each member's client address as `--endpoints` takes it.
    pub(crate) fn endpoints(&self) -> Vec<String> {
        self.members.iter().map(|member| self.endpoint(member)).collect()
    }

    fn endpoint(&self, member: &Member) -> String {
        format!("{}127.0.0.1:{}", self.prefix(), member.client)
    }

    /// The address of its metrics page, which is not for clients.
    pub(crate) fn metrics_endpoint(&self) -> String {
        format!("127.0.0.1:{}", self.members[0].metrics)
    }

    /// The certificates, of one started [`with_tls`](Etcd::with_tls).
    pub(crate) fn certificates(&self) -> &Certificates {
        self.tls.as_ref().expect("started with TLS")
    }

    /// Kills a member as `kill -9` does.
    pub(crate) fn kill(&mut self, member: usize) {
        self.members[member].process = None;
    }

    /// Starts a killed member again, on its data and its ports, and waits until it serves.
    pub(crate) async fn restart(&mut self, member: usize) {
        for _ in 0..ATTEMPTS {
            self.spawn(member);
            match self.wait_healthy(member).await {
                Ok(()) => return,
                Err(Trouble::PortTaken) => self.kill(member),
                Err(Trouble::Other(log)) => panic!("member {member} did not come back:\n{log}"),
            }
        }
        panic!("another process has taken the ports of member {member}");
    }

    /// Wipes a killed member without others. It gets other ids with another token.
    pub(crate) fn wipe(&mut self, member: usize, token: &'static str) {
        self.token = token;
        fs::remove_dir_all(self.data_path(member)).expect("its data");
    }

    /// Saves the data of the only member. Returns the file.
    pub(crate) fn save_snapshot(&self) -> PathBuf {
        let file = self.home.path().join("snapshot");
        self.ctl(&["snapshot", "save", &file.display().to_string()]);
        file
    }

    /// Replaces the data of a killed member without others by a snapshot. The ids stay.
    pub(crate) fn restore_snapshot(&self, member: usize, snapshot: &Path, options: &[&str]) {
        fs::remove_dir_all(self.data_path(member)).expect("its data");
        let Member { name, peer, .. } = &self.members[member];
        let program = if self.version >= Version::V3_6 { "etcdutl" } else { "etcdctl" };
        let mut command = Command::new(self.version.program(program));
        command.env_clear().args(["snapshot", "restore"]).arg(snapshot).args(options);
        command.arg(format!("--name={name}")).arg(format!("--data-dir={}", self.data_path(member).display()));
        command.arg(format!("--initial-cluster={name}=http://127.0.0.1:{peer}"));
        command.arg(format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"));
        command.arg(format!("--initial-cluster-token={}", self.token));
        let output = tokio::task::block_in_place(|| command.output()).expect("the restore runs");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn data_path(&self, member: usize) -> PathBuf {
        self.home.path().join(&self.members[member].name)
    }

    /// Stops a member as a hung machine would: SIGSTOP.
    pub(crate) fn freeze(&self, member: usize) {
        self.process(member).signal("STOP");
    }

    /// Continues a frozen member: SIGCONT.
    pub(crate) fn thaw(&self, member: usize) {
        self.process(member).signal("CONT");
    }

    /// The member that leads.
    pub(crate) async fn leader(&self) -> usize {
        for member in 0..self.members.len() {
            if self.metric(member, "etcd_server_is_leader").await == Some(1.0) {
                return member;
            }
        }
        panic!("no member leads");
    }

    /// The value of one series of a member's metrics page, named with its labels.
    pub(crate) async fn metric(&self, member: usize, series: &str) -> Option<f64> {
        let page = http::get(self.members[member].metrics, "/metrics").await.ok()?;
        let value = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        value.parse().ok()
    }

    /// Turns authentication on, with a user `root` and a user `app` (password
    /// `app-password`) who may read and write keys that begin with `/app/`.
    pub(crate) fn enable_auth(&mut self) {
        self.ctl(&["user", "add", ROOT]);
        self.ctl(&["user", "grant-role", "root", "root"]);
        self.ctl(&["role", "add", "app"]);
        self.ctl(&["role", "grant-permission", "app", "readwrite", "--prefix=true", "/app/"]);
        self.ctl(&["user", "add", "app:app-password"]);
        self.ctl(&["user", "grant-role", "app", "app"]);
        self.ctl(&["auth", "enable"]);
        self.auth = true;
    }

    /// Runs etcdctl on all voting members and returns its output; as root if authentication is enabled.
    pub(crate) fn ctl(&self, args: &[&str]) -> String {
        let mut command = self.etcdctl();
        let output = tokio::task::block_in_place(|| command.args(args).output()).expect("etcdctl runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "etcdctl {args:?}: {error}");
        String::from_utf8(output.stdout).expect("etcdctl prints text")
    }

    /// Starts an etcdctl that keeps running; its output is not read.
    pub(crate) fn ctl_on(&self, args: &[&str]) -> Guarded {
        Guarded::start(self.etcdctl().args(args).stdout(Stdio::null()).stderr(Stdio::null()))
    }

    fn etcdctl(&self) -> Command {
        let mut command = Command::new(self.version.program("etcdctl"));
        let voting: Vec<_> = self.members.iter().filter(|it| !it.is_learner).map(|it| self.endpoint(it)).collect();
        command.env_clear().arg("--endpoints").arg(voting.join(","));
        if let Some(tls) = &self.tls {
            command.arg("--cacert").arg(&tls.ca);
            command.arg("--cert").arg(&tls.client.cert).arg("--key").arg(&tls.client.key);
        }
        if self.auth {
            command.args(["--user", ROOT]);
        }
        command
    }

    fn process(&self, member: usize) -> &Guarded {
        self.members[member].process.as_ref().expect("the member runs")
    }

    fn spawn(&mut self, member: usize) {
        let log = File::create(self.log_path(member)).expect("a log file");
        let mut command = Command::new(self.version.program("etcd"));
        // The data of a killed etcd survives without fsync; only a power cut would lose it.
        command.env_clear().env("ETCD_UNSAFE_NO_FSYNC", "true");
        command.args(self.flags(member)).stdout(log.try_clone().expect("a second handle")).stderr(log);
        self.members[member].process = Some(Guarded::start(&mut command));
    }

    fn flags(&self, member: usize) -> Vec<String> {
        let Member { name, client, peer, metrics, is_learner, .. } = &self.members[member];
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let cluster: Vec<_> = self.members.iter().map(|m| format!("{}=http://127.0.0.1:{}", m.name, m.peer)).collect();
        let mut flags = vec![
            format!("--name={name}"),
            format!("--data-dir={}", self.data_path(member).display()),
            format!("--listen-client-urls={scheme}://127.0.0.1:{client}"),
            format!("--advertise-client-urls={scheme}://127.0.0.1:{client}"),
            format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
            format!("--initial-advertise-peer-urls=http://127.0.0.1:{peer}"),
            format!("--initial-cluster={}", cluster.join(",")),
            format!("--initial-cluster-token={}", self.token),
            // Plain HTTP for health and metrics, with or without TLS for clients.
            format!("--listen-metrics-urls=http://127.0.0.1:{metrics}"),
        ];
        flags.extend(self.options.iter().cloned());
        if *is_learner {
            flags.push("--initial-cluster-state=existing".to_owned());
        }
        if let Some(tls) = &self.tls {
            flags.push("--client-cert-auth".to_owned());
            flags.push(format!("--trusted-ca-file={}", tls.ca.display()));
            flags.push(format!("--cert-file={}", tls.server.cert.display()));
            flags.push(format!("--key-file={}", tls.server.key.display()));
        }
        flags
    }

    async fn wait_healthy(&mut self, member: usize) -> Result<(), Trouble> {
        let Member { metrics, process, .. } = &mut self.members[member];
        let process = process.as_mut().expect("the member was started");
        let mut ended = false;
        let up = within(START, async || {
            ended = process.has_ended();
            ended || http::get(*metrics, "/health").await.is_ok_and(|page| page.contains(r#""health":"true""#))
        });
        if up.await && !ended {
            return Ok(());
        }
        let log = fs::read_to_string(self.log_path(member)).unwrap_or_default();
        Err(if log.contains("address already in use") { Trouble::PortTaken } else { Trouble::Other(log) })
    }

    fn log_path(&self, member: usize) -> PathBuf {
        self.home.path().join(format!("{}.log", self.members[member].name))
    }

    fn prefix(&self) -> &'static str {
        if self.tls.is_some() { "https://" } else { "" }
    }
}

impl Member {
    fn new(number: usize) -> Member {
        Member {
            name: format!("m{number}"),
            client: ports::free(),
            peer: ports::free(),
            metrics: ports::free(),
            is_learner: false,
            process: None,
        }
    }
}
