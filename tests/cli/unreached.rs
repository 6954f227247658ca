//! Nobody answers yet, or not any more; and what the environment says beside the command line.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Output, Stdio};

use crate::guard::Guarded;
use crate::ports;
use crate::sandbox::{Sandbox, leasetop};

/// What the program tells with endpoints in the environment.
fn with_endpoints(endpoints: &str, args: &[&str]) -> Output {
    leasetop().env("ETCDCTL_ENDPOINTS", endpoints).args(args).output().expect("the program runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn waiting_continues_until_etcd_answers() {
    let endpoint = format!("127.0.0.1:{}", ports::free());
    let mut waiting = leasetop();
    waiting.args(["wait", "694d", "--until", "gone", "--endpoints", &endpoint]);
    let mut waiting = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    let mut told = BufReader::new(waiting.stderr.take().expect("piped")).lines();
    let first = told.next().expect("a line").expect("text");
    assert!(first.contains(&endpoint) && first.ends_with(". Retrying."), "{first}");
    let _sandbox = Guarded::start(leasetop().args(["sandbox", "--listen", &endpoint]).stdout(Stdio::null()));
    assert_eq!(told.next().map(|line| line.expect("text")), None, "the error is printed once");
    let output = waiting.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "lease 000000000000694d not found\n");
}

#[test]
fn events_say_once_that_they_retry() {
    let told = |args: &[&str]| {
        let output = with_endpoints("127.0.0.1:1", &[&["events", "--for", "300ms"], args].concat());
        (String::from_utf8_lossy(&output.stdout).into_owned(), stderr(&output))
    };
    let (lines, messages) = told(&[]);
    assert!(lines.contains("could not reach 127.0.0.1:1: ") && lines.ends_with(". Retrying.\n"), "{lines}");
    assert!(!messages.contains("Retrying"), "{messages}");
    let (lines, messages) = told(&["-w", "json"]);
    assert!(lines.contains(r#""cause":"down","endpoint":"127.0.0.1:1""#), "{lines}");
    assert!(messages.starts_with("No member has replied yet. Retrying.\n"), "{messages}");
    let (_, messages) = told(&["-w", "json", "--filter", "who:own"]);
    assert_eq!(messages.matches("Retrying").count(), 1, "{messages}");
}

#[test]
fn an_error_does_not_print_values_of_the_environment() {
    let told = stderr(&with_endpoints("127.0.0.1:1", &["timetolive"]));
    assert!(told.contains("Usage: leasetop timetolive <ID>\n"), "{told}");
    let told = stderr(&with_endpoints("localhost", &["list"]));
    assert!(told.contains("invalid endpoint"), "an invalid environment variable is reported: {told}");
    let help = with_endpoints("127.0.0.1:1", &["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("ETCDCTL_ENDPOINTS"));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let names = [
        "USER",
        "PASSWORD",
        "CACERT",
        "CERT",
        "KEY",
        "DIAL_TIMEOUT",
        "COMMAND_TIMEOUT",
        "WRITE_OUT",
        "ENDPOINTS",
        "DISCOVERY_SRV",
        "DISCOVERY_SRV_NAME",
        "INSECURE_DISCOVERY",
        "INSECURE_SKIP_TLS_VERIFY",
        "INSECURE_TRANSPORT",
    ];
    for name in names {
        let output = leasetop().env(format!("ETCDCTL_{name}"), "").args(["--sandbox", "list"]).output();
        let output = output.expect("the program runs");
        assert!(output.status.success(), "ETCDCTL_{name}: {}", stderr(&output));
    }
    let output = leasetop().envs(names.map(|name| (format!("ETCDCTL_{name}"), ""))).args(["list"]).output();
    let told = stderr(&output.expect("the program runs"));
    assert!(told.contains(" at 127.0.0.1:2379: ") || told.is_empty(), "the default endpoint, without TLS: {told}");
}

#[test]
fn the_sandbox_option_overrides_endpoints_of_the_environment() {
    let output = with_endpoints("127.0.0.1:1", &["--sandbox", "list"]);
    assert!(output.status.success(), "{output:?}");
    let sandbox = Sandbox::start();
    let output = sandbox.run(&["--sandbox", "list"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--sandbox conflicts with --endpoints"), "{output:?}");
}

#[test]
fn a_variable_that_is_not_used_is_not_checked() {
    let told = |name: &str, value: &str, args: &[&str]| {
        let output = leasetop().env(name, value).args(args).output().expect("the program runs");
        (output.status.code(), stderr(&output))
    };
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "[cluster.prod]\nendpoints = [\"127.0.0.1:1\"]\n").expect("it can be written");
    let config = file.path().to_str().expect("text");
    for (name, value, args) in [
        ("ETCDCTL_DIAL_TIMEOUT", "x", &["--sandbox", "--dial-timeout", "1s", "list"][..]),
        ("ETCDCTL_WRITE_OUT", "x", &["--sandbox", "list", "-w", "json"]),
        ("ETCDCTL_ENDPOINTS", "x", &["--sandbox", "list"]),
        ("ETCDCTL_ENDPOINTS", "x", &["version"]),
        ("ETCDCTL_WRITE_OUT", "x", &["config"]),
        ("ETCDCTL_ENDPOINTS", "x", &["keys"]),
        ("ETCDCTL_ENDPOINTS", "x", &["--help"]),
    ] {
        assert_eq!(told(name, value, args), (Some(0), String::new()), "{name}={value} {args:?}");
    }
    let (_, of_cluster) = told("ETCDCTL_ENDPOINTS", "x", &["--config", config, "--cluster", "prod", "list"]);
    assert!(of_cluster.contains(" at 127.0.0.1:1: "), "{of_cluster}");
    for (name, args) in [
        ("ETCDCTL_ENDPOINTS", &["list"][..]),
        ("ETCDCTL_WRITE_OUT", &["--sandbox", "list"]),
        ("ETCDCTL_DIAL_TIMEOUT", &["--sandbox", "list", "-w", "json"]),
    ] {
        let (code, error) = told(name, "x", args);
        assert!(code == Some(2) && error.contains("invalid value 'x'"), "{name} {args:?}: {error}");
    }
}

#[test]
fn a_port_alone_is_an_address_of_the_sandbox() {
    let port = ports::free().to_string();
    assert_eq!(Sandbox::listening(&port).endpoint(), format!("127.0.0.1:{port}"));
}

#[test]
fn an_ipv6_address_is_an_endpoint() {
    // Some machines have no IPv6.
    if TcpListener::bind("[::1]:0").is_ok() {
        let sandbox = Sandbox::listening("[::1]:0");
        let lease = sandbox.stdout(&["grant", "60"], 0);
        let listed = sandbox.stdout(&["list", "-q"], 0);
        assert_eq!(lease.split(' ').nth(1), Some(listed.trim()));
    }
}
