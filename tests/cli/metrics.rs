//! `leasetop serve` and commands that run on events, as processes.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::guard::Guarded;
use crate::sandbox::Sandbox;
use crate::{http, ports, wait};

const LIMIT: Duration = Duration::from_secs(60);

/// `leasetop serve` on a sandbox with a lease of 60 s that has a key.
struct Serve {
    port: u16,
    _sandbox: Sandbox,
    _process: Guarded,
}

impl Serve {
    fn start() -> Serve {
        let sandbox = Sandbox::start();
        sandbox.stdout(&["grant", "60", "--put", "/svc/orders/1=x"], 0);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = sandbox.command(&["serve", "--metrics", "127.0.0.1:0", "--metrics-services", "5"]);
        let process = Guarded::start(command.stdout(writer).stderr(Stdio::null()));
        drop(command);
        let mut line = String::new();
        BufReader::new(reader).read_line(&mut line).expect("it tells where it listens");
        let port = line.trim().strip_prefix("serving metrics on http://127.0.0.1:").expect("an address on loopback");
        let port = port.strip_suffix("/metrics").expect("the path").parse().expect("a port");
        Serve { port, _sandbox: sandbox, _process: process }
    }

    /// The metrics, once the lease is known.
    async fn metrics(&self) -> String {
        let mut text = String::new();
        wait::until("the lease is counted", LIMIT, async || {
            text = http::get(self.port, "/metrics").await.expect("a reply");
            text.contains("leasetop_service_leases{service=\"/svc/orders\"} 1\n")
        })
        .await;
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.0 200 OK"), "{head}");
        body.to_owned()
    }
}

#[tokio::test]
async fn serve_counts_the_leases_of_other_clients() {
    let serve = Serve::start();
    let metrics = serve.metrics().await;
    assert!(metrics.contains("leasetop_leases_by_owner{owner=\"other\"} 1\n"), "{metrics}");
    assert!(metrics.contains("leasetop_cluster_up 1\n"), "{metrics}");
    let other = http::get(serve.port, "/other").await.expect("a reply");
    assert!(other.contains("404") && other.ends_with("not found; the metrics are at /metrics\n"), "{other}");
}

#[test]
fn an_address_in_use_is_an_error_in_one_sentence() {
    let serve = Serve::start();
    let output = serve._sandbox.run(&["serve", "--metrics", &serve.port.to_string()]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    let expected = format!(
        "error: cannot serve metrics on 127.0.0.1:{}: address already in use; choose another port (0 = any)\n",
        serve.port
    );
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_command_gets_the_event_as_events_prints_it() {
    let sandbox = Sandbox::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("event");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let command = format!("cat >> '{}'", file.display());
    let args = ["-w", "json", "events", "--on-event", "event:attached key:/svc/", &command];
    let mut events = sandbox.command(&args);
    let _process = Guarded::start(events.stdout(writer).stderr(Stdio::null()));
    drop(events);
    let mut lines = BufReader::new(reader).lines().map_while(Result::ok);
    // The connection is reported first. Leases that are granted from now on are events.
    assert!(lines.next().expect("a line").contains("connection"));
    let mut text = String::new();
    wait::until("the command ran", LIMIT, async || {
        sandbox.stdout(&["grant", "60", "--put", "/svc/orders/1=x", "--put", "/other=x"], 0);
        text = fs::read_to_string(&file).unwrap_or_default();
        text.ends_with('\n')
    })
    .await;
    let input = text.lines().next().expect("a line");
    assert!(input.contains("\"event\":\"attached\"") && input.contains("/svc/orders/1"), "{input}");
    assert!(lines.any(|line| line == input), "events prints the same");
}

/// What needs promtool and prometheus. `tests/run` leaves these tests out where they are missing.
mod with_promtool {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    fn promtool(args: &[&str], stdin: &str) -> Output {
        let mut child = Command::new("promtool")
            .args(args)
            .current_dir(root().join("assets/prometheus"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("promtool runs; install the package prometheus, or use tests/run");
        child.stdin.take().expect("piped").write_all(stdin.as_bytes()).expect("it reads");
        child.wait_with_output().expect("it ends")
    }

    fn accepts(args: &[&str], stdin: &str) {
        let output = promtool(args, stdin);
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "promtool {args:?}: {told}");
    }

    #[tokio::test]
    async fn promtool_has_nothing_to_say_about_the_metrics() {
        let metrics = Serve::start().metrics().await;
        let output = promtool(&["check", "metrics"], &metrics);
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
        assert!(!promtool(&["check", "metrics"], "a_count 1\n").status.success(), "it does look");
    }

    #[test]
    fn the_alert_rules_fire_when_they_should() {
        accepts(&["check", "rules", "leasetop.rules.yml"], "");
        accepts(&["test", "rules", "leasetop.rules.test.yml"], "");
    }

    /// The configuration of the documents, with this target.
    fn configuration(port: u16) -> String {
        let document = fs::read_to_string(root().join("docs/metrics.md")).expect("docs/metrics.md");
        let (_, rest) = document.split_once("```yaml\n").expect("a configuration");
        let (text, _) = rest.split_once("```").expect("its end");
        assert!(text.contains("127.0.0.1:9709") && text.contains("15s") && text.contains("leasetop.rules.yml"));
        let rules = root().join("assets/prometheus/leasetop.rules.yml");
        text.replace("127.0.0.1:9709", &format!("127.0.0.1:{port}"))
            .replace("15s", "1s")
            .replace("leasetop.rules.yml", &rules.to_string_lossy())
    }

    /// The reply of Prometheus to a query.
    async fn query(port: u16, query: &str) -> serde_json::Value {
        let reply = http::get(port, &format!("/api/v1/query?query={query}")).await.unwrap_or_default();
        let body = reply.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_default()
    }

    #[tokio::test]
    async fn prometheus_scrapes_the_metrics_as_the_documents_say() {
        let serve = Serve::start();
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("prometheus.yml");
        fs::write(&config, configuration(serve.port)).expect("the file can be written");
        let (port, data) = (ports::free(), folder.path().join("data"));
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let _prometheus = Guarded::start(&mut command);
        wait::until("Prometheus has the lease", LIMIT, async || {
            let reply = query(port, "sum(leasetop_leases)").await;
            reply["data"]["result"][0]["value"][1] == "1"
        })
        .await;
        let reply = query(port, "leasetop_renewal_interval_ratio_bucket").await;
        assert_eq!(reply["data"]["result"].as_array().map(Vec::len), Some(12 * 5), "{reply}");
        let up = query(port, "up").await;
        assert_eq!(up["data"]["result"][0]["value"][1], "1", "{up}");
        let rules = http::get(port, "/api/v1/rules").await.expect("a reply");
        assert!(rules.contains("LeasetopServiceWithoutLease"), "{rules}");
    }
}
