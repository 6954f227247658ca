//! The commands of docs/recipes.md, as they are written there.

use std::fs::Permissions;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::common::etcd::{Etcd, Version};
use crate::common::guard::Guarded;
use crate::common::wait::until;
use crate::pty::Terminal;

on_each_version!(@ etcd_3_5_newest V3_5New every_recipe_does_what_it_says);

const TIMEOUT: Duration = Duration::from_secs(60);
const RECIPES: &str = include_str!("../../docs/recipes.md");

/// A shell with `leasetop` and a `logger` that writes to a file.
struct Desk {
    etcd: Etcd,
    home: TempDir,
}

impl Desk {
    async fn new(version: Version) -> Desk {
        let desk = Desk { etcd: Etcd::start(version).await, home: TempDir::new().expect("a folder") };
        desk.program("logger", "echo \"$*\" >>logged; cat >>logged");
        desk.program("leasetop", &format!("exec {} \"$@\"", env!("CARGO_BIN_EXE_leasetop")));
        desk
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.home.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("its mode");
    }

    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("sh");
        let path = std::env::var("PATH").expect("PATH is set");
        command.env("PATH", format!("{}:{path}", self.home.path().display())).env("XDG_CONFIG_HOME", "/nowhere");
        command.env("ETCDCTL_ENDPOINTS", self.etcd.endpoints().join(",")).current_dir(self.home.path());
        command.args(["-c", script]).stdin(Stdio::null());
        command
    }

    /// Runs a block to its end. Returns its output and exit code.
    async fn run(&self, script: &str) -> (String, i32) {
        let output = tokio::process::Command::from(self.shell(script)).output();
        let output = tokio::time::timeout(TIMEOUT, output).await.expect("it ends in time").expect("sh runs");
        (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code().expect("an exit code"))
    }

    /// Runs a block whose etcd does not answer.
    async fn run_unreached(&self, script: &str) -> (String, i32) {
        self.run(&format!("export ETCDCTL_ENDPOINTS=127.0.0.1:1\n{script}")).await
    }

    /// Starts a block that runs until it is dropped.
    fn start(&self, script: &str) -> Guarded {
        let script = format!("exec {}", script.trim());
        Guarded::start(self.shell(&script).stdout(Stdio::null()))
    }

    /// Starts a service that keeps a lease with a key alive.
    async fn service(&self, key: &str) -> Guarded {
        let script = format!("leasetop grant 2 --keep-alive --put {key}=v");
        let service = self.start(&script);
        let key = key.to_owned();
        until("the key is there", TIMEOUT, async || !self.etcd.ctl(&["get", &key]).is_empty()).await;
        service
    }

    /// What a file of the scripts contains.
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.home.path().join(name)).unwrap_or_default()
    }
}

/// The `number`th block of commands of a recipe.
fn block(title: &str, number: usize) -> &'static str {
    let (_, recipe) = RECIPES.split_once(&format!("## {title}\n")).unwrap_or_else(|| panic!("no recipe {title}"));
    let recipe = recipe.split("\n## ").next().expect("a recipe");
    let block = recipe.split("```sh\n").nth(number + 1).unwrap_or_else(|| panic!("{title} has no block {number}"));
    block.split("```").next().expect("a block")
}

async fn every_recipe_does_what_it_says(version: Version) {
    let desk = Desk::new(version).await;
    alarm_when_a_key_is_gone(&desk).await;
    wait_for_three_replicas(&desk).await;
    find_leaks(&desk).await;
    attach_a_recording(&desk).await;
    nightly_report(&desk).await;
    prometheus(&desk).await;
}

async fn alarm_when_a_key_is_gone(desk: &Desk) {
    let (watch, look) = (block("Alert when a key is gone", 0), block("Check that a prefix has a lease", 0));
    let _watching = desk.start(&watch.replace("/dev/null", "events"));
    until("it is connected", TIMEOUT, async || desk.read("events").contains("connected")).await;
    let service = desk.service("/svc/orders/1").await;
    until("it is renewed", TIMEOUT, async || desk.read("events").contains("  renewed  ")).await;
    assert_eq!(desk.run(look).await, (String::new(), 0));

    drop(service);
    until("the alarm", TIMEOUT, async || desk.read("logged").contains("/svc/orders/1")).await;
    assert!(desk.read("logged").starts_with("-t leasetop\n"), "{}", desk.read("logged"));
    assert_eq!(desk.run(look).await, ("no lease for /svc/orders/\n".to_owned(), 0));
    assert_eq!(desk.run_unreached(look).await, (String::new(), 2), "a failed check is not an alarm");
}

async fn wait_for_three_replicas(desk: &Desk) {
    let recipe = block("Wait for three replicas", 0);
    let _two = (desk.service("/svc/orders/1").await, desk.service("/svc/orders/2").await);
    assert_eq!(desk.run(&recipe.replace("2m", "3")).await, (String::new(), 1));
    let _third = desk.service("/svc/orders/3").await;
    assert!(desk.run(recipe).await.0.ends_with("ready\n"));
}

async fn no_leases_are_left(desk: &Desk) {
    until("all leases have ended", TIMEOUT, async || desk.etcd.ctl(&["lease", "list"]) == "found 0 leases\n").await;
}

async fn find_leaks(desk: &Desk) {
    let (own, shared) = (block("Find leaks in CI", 0), block("Find leaks in CI", 1));
    let short = shared.replace("20s", "1s");
    no_leases_are_left(desk).await;
    for script in [own, short.as_str()] {
        assert_eq!(desk.run(script).await, (String::new(), 0));
        assert_eq!(desk.run_unreached(script).await, (String::new(), 2));
    }
    for _ in 0..3 {
        desk.etcd.ctl(&["lease", "grant", "25"]);
    }
    for (script, title) in [(own, "leases left:"), (shared, "leaks:")] {
        let (left, code) = desk.run(script).await;
        assert_eq!((left.lines().next(), left.lines().count(), code), (Some(title), 4, 1), "{left}");
    }
}

async fn attach_a_recording(desk: &Desk) {
    let recipe = |number| block("Attach a recording to a bug", number);
    no_leases_are_left(desk).await;
    let service = desk.service("/svc/bug/1").await;
    let record = async { desk.run(&recipe(0).replace("10m", "8")).await };
    let die = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        drop(service);
    };
    let (recorded, ()) = tokio::join!(record, die);
    assert_eq!(recorded, (String::new(), 0));

    assert_eq!(desk.run(recipe(1)).await, (String::new(), 0));
    let (page, text) = (desk.read("bug.html"), desk.read("bug.md"));
    assert!(page.contains("/svc/bug/1 is gone: its lease expired"), "{page}");
    assert!(text.contains("\n1 lease in ") && text.contains(": 1 expired.\n"), "{text}");

    let mut command = CommandBuilder::from_argv(["sh", "-c", recipe(2)].map(Into::into).into());
    for (name, value) in desk.shell("").get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("TERM", "xterm-256color");
    command.cwd(desk.home.path());
    let mut replay = Terminal::start(command, 120, 30);
    replay.wait_for("next event");
    replay.keys(":seek 100%\r");
    replay.wait_for("/svc/bug/1");
}

async fn nightly_report(desk: &Desk) {
    let (list, night) = (block("A nightly report", 0), block("A nightly report", 1));
    let _service = desk.service("/svc/nightly/1").await;
    assert_eq!(desk.run(&list.replace("2m", "5")).await, (String::new(), 0));
    assert_eq!(desk.run(&night.replace("8h", "3")).await, (String::new(), 0));
    let today = desk.run("date +%F").await.0;
    for name in ["leases", "night"] {
        let page = desk.run(&format!("cat {name}-{}-*.html", today.trim())).await.0;
        assert!(page.contains("/svc/nightly/1") && page.ends_with("</html>\n"), "{name}: {page}");
    }
    let again = format!("rm leases-*.html\n{}", list.replace("2m", "1"));
    assert_eq!(desk.run_unreached(&again).await, (String::new(), 2));
    assert_eq!(desk.run("ls leases-*.html").await.1, 2, "no page is written");
    assert_eq!(desk.read("leases.json"), "");
}

async fn prometheus(desk: &Desk) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
    let _serving = desk.start(&block("A Prometheus alert", 0).replace("9709", &port.to_string()));
    let _service = desk.service("/svc/orders/1").await;
    let figure = "leasetop_service_leases{service=\"/svc/orders\"} 1";
    until("the service's figure", TIMEOUT, async || scrape(port).unwrap_or_default().contains(figure)).await;
}

fn scrape(port: u16) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    io::read_to_string(stream)
}

/// A recipe that is added gets a test.
#[test]
fn every_recipe_is_tested() {
    let tests = include_str!("recipes.rs");
    for title in RECIPES.lines().filter_map(|line| line.strip_prefix("## ")) {
        assert!(tests.contains(&format!("\"{title}\"")), "no test of the recipe `{title}`");
    }
}
