//! Logins: users, roles, and tokens that expire.

use std::process::Command;
use std::time::Duration;

use etcd_lease::wire::{CallError, Cluster, Settings, User};
use leasetop::error_table::reason;
use serde_json::Value;

use super::{TRIES, always, always_for, said, the_only};
use crate::common::etcd::{Etcd, Version};
use crate::common::wait::until;
use crate::engine::{connect, settings};

on_each_version! {
    each_refused_login_has_its_message
    each_missing_right_has_its_message
    a_login_that_changes_under_a_client_has_its_message
    an_expired_token_is_replaced
    an_expired_token_is_no_event
}

on_each_version!(@ etcd_3_5_newest V3_5New a_recording_under_load_has_no_password_token_or_value);

/// The least that etcd takes: a login costs a millisecond.
pub(super) const CHEAP: &str = "--bcrypt-cost=4";

/// JWTs instead of simple tokens. Their time to live, such as `1s`, follows.
pub(super) const JWT: &str = "--auth-token=jwt,priv-key={home}/secret,sign-method=HS256,ttl=";

/// The successful logins, on etcd's metrics page.
const LOGINS: &str = "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Authenticate\",\
                      grpc_service=\"etcdserverpb.Auth\",grpc_type=\"unary\"}";

const LOGIN_REQUIRED: &str = "etcd requires a login (etcdserver: user name is empty); log in with --user NAME:PASSWORD";
const LOGIN_REFUSED: &str = "etcd refuses the user name or password (etcdserver: authentication failed, invalid user ID or \
                             password); check --user and --password";

fn as_user(etcd: &Etcd, name: &str, password: &str) -> Settings {
    let user = User { name: name.to_owned(), password: password.to_owned() };
    Settings { user: Some(user), ..settings(&etcd.endpoints()) }
}

async fn each_refused_login_has_its_message(version: Version) {
    let mut etcd = Etcd::with_options(version, &[CHEAP]).await;
    let disabled = always(&as_user(&etcd, "app", "app-password")).await;
    assert_eq!(
        disabled,
        "authentication is not enabled in etcd (etcdserver: authentication is not enabled); drop --user"
    );
    etcd.enable_auth();
    let none = always_for(&settings(&etcd.endpoints()), read).await;
    assert_eq!(none, LOGIN_REQUIRED);
    for (name, password) in [("app", "wrong"), ("nobody", "app-password"), ("app", "")] {
        assert_eq!(always(&as_user(&etcd, name, password)).await, LOGIN_REFUSED, "{name}:{password}");
    }
    assert_eq!(always(&as_user(&etcd, "app", "app-password")).await, "answered");
    etcd.ctl(&["user", "delete", "app"]);
    assert_eq!(always(&as_user(&etcd, "app", "app-password")).await, LOGIN_REFUSED);
}

/// A call that every version of etcd allows only to users with the right to read the key; some list leases to anyone.
async fn read(cluster: &Cluster) -> Result<(), CallError> {
    cluster.get(b"/app/a").await.map(drop)
}

/// Whether etcd checks who may list leases (from 3.5.28 on).
fn checks_lists(version: Version) -> bool {
    version >= Version::V3_5New
}

async fn each_missing_right_has_its_message(version: Version) {
    let mut etcd = Etcd::with_options(version, &[CHEAP]).await;
    etcd.enable_auth();
    etcd.ctl(&["user", "add", "bare:bare-password"]);
    let denied =
        "permission denied for this user (etcdserver: permission denied); log in as a user whose role allows it";
    let listing = if checks_lists(version) { denied } else { "answered" };
    let root = connect(as_user(&etcd, "root", "root-password")).await;
    let granted = root.grant(None, 600).await.unwrap().id;
    root.put(b"/app/a", b"", Some(granted)).await.unwrap();
    let [bare, app] = [("bare", "bare-password"), ("app", "app-password")].map(|(n, p)| as_user(&etcd, n, p));
    assert_eq!(always(&bare).await, listing, "no role");
    assert_eq!(always(&app).await, "answered", "a role for each key of each lease");
    root.put(b"/other", b"", Some(granted)).await.unwrap();
    assert_eq!(always(&app).await, listing, "a role for a part of the keys");
    let client = connect(app.clone()).await;
    let put = client.put(b"/other", b"", None).await.unwrap_err();
    assert_eq!(reason(&put), denied);
    etcd.ctl(&["user", "revoke-role", "app", "app"]);
    let put = client.put(b"/app/b", b"", None).await.unwrap_err();
    assert_eq!(reason(&put), denied, "the role is gone although the token is older");
    assert_eq!(always(&app).await, listing);
    assert_eq!(always(&as_user(&etcd, "root", "root-password")).await, "answered");
}

/// What an open client gets for each of many calls, which is the same.
async fn open_client_gets(client: &Cluster) -> String {
    let mut messages = Vec::new();
    for _ in 0..TRIES {
        messages.push(said(read(client).await));
    }
    the_only(messages)
}

async fn a_login_that_changes_under_a_client_has_its_message(version: Version) {
    let mut etcd = Etcd::with_options(version, &[CHEAP]).await;
    let anonymous = connect(settings(&etcd.endpoints())).await;
    let app = connect(as_user(&etcd, "app", "app-password")).await;
    assert_eq!(open_client_gets(&anonymous).await, "answered");
    etcd.enable_auth();
    assert_eq!(open_client_gets(&anonymous).await, LOGIN_REQUIRED);
    // A login that was refused because there is no authentication is repeated after 5 s.
    until("the login", Duration::from_secs(20), async || read(&app).await.is_ok()).await;
    etcd.ctl(&["user", "delete", "app"]);
    assert_eq!(open_client_gets(&app).await, LOGIN_REFUSED);
}

async fn an_expired_token_is_replaced(version: Version) {
    // etcd cuts the end of a JWT to the second: of 1 s there may be nothing left.
    for tokens in ["--auth-token-ttl=1", &format!("{JWT}2s")] {
        let mut etcd = Etcd::with_options(version, &[CHEAP, tokens]).await;
        etcd.enable_auth();
        // Each use of a simple token makes it last longer, so the status is not read meanwhile.
        let rare = Settings { probe_every: Duration::from_secs(600), ..as_user(&etcd, "app", "app-password") };
        let client = connect(rare).await;
        client.put(b"/app/a", b"", None).await.unwrap();
        let logins = etcd.metric(0, LOGINS).await.expect("logins are counted");
        // etcd removes simple tokens that have expired once per second.
        tokio::time::sleep(Duration::from_secs(3)).await;
        client.put(b"/app/a", b"", None).await.unwrap();
        assert_eq!(etcd.metric(0, LOGINS).await, Some(logins + 1.0), "{tokens}");
    }
}

/// A JWT lives for its time, however often it is used.
async fn an_expired_token_is_no_event(version: Version) {
    let mut etcd = Etcd::with_options(version, &[CHEAP, &format!("{JWT}2s")]).await;
    etcd.enable_auth();
    assert_eq!(
        always(&as_user(&etcd, "app", "wrong")).await.split(" (").next(),
        Some("etcd refuses the user name or password")
    );
    let lease = connect(as_user(&etcd, "app", "app-password")).await.grant(None, 600).await.unwrap().id.to_string();
    etcd.ctl(&["put", "/app/a", "1", "--lease", &lease]);
    let logins = etcd.metric(0, LOGINS).await.expect("logins are counted");
    let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    // A password on the command line is a warning.
    command.args(["--endpoints", &etcd.endpoints()[0], "--user", "app"]).env("ETCDCTL_PASSWORD", "app-password");
    command.args(["events", "--for", "8s", "--prefix", "/app/", "-w", "json"]);
    let output = tokio::task::block_in_place(|| command.output()).expect("the program runs");
    let more = etcd.metric(0, LOGINS).await.expect("logins are counted") - logins;
    // Older versions ask for the token only when a watch is opened.
    let least = if checks_lists(version) { 3.0 } else { 1.0 };
    assert!(more >= least, "the token expired: {more} logins");
    let text = String::from_utf8_lossy(&output.stdout);
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().expect("a name")).collect();
    assert!(!names.contains(&"error") && names.iter().filter(|name| **name == "connection").count() <= 1, "{text}");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

/// The tokens expire while it records, so that it logs in again and again.
async fn a_recording_under_load_has_no_password_token_or_value(version: Version) {
    let mut etcd = Etcd::with_options(version, &[CHEAP, &format!("{JWT}2s")]).await;
    etcd.enable_auth();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    command.env("XDG_CONFIG_HOME", "/nowhere").env("ETCDCTL_USER", "root:root-password");
    command.args(["events", "--endpoints", &etcd.endpoints().join(","), "--for", "10", "--record"]).arg(&path);
    let recording = tokio::process::Command::from(command).output();
    let load = async {
        until("it records", Duration::from_secs(20), async || path.exists()).await;
        for number in 0..30 {
            let granted = etcd.ctl(&["lease", "grant", "20"]);
            let id = granted.split_whitespace().nth(1).expect("an id").to_owned();
            etcd.ctl(&["put", &format!("/app/{number}"), "secret-value", "--lease", &id]);
            etcd.ctl(&["lease", "keep-alive", "--once", &id]);
        }
    };
    let (output, ()) = tokio::join!(recording, load);
    assert!(output.expect("it runs").status.success());
    let text = std::fs::read_to_string(&path).expect("the recording");
    assert!(text.matches("/app/").count() >= 30 && text.lines().count() > 60, "{text}");
    // Each JWT begins with the base64 of `{"`.
    for secret in ["root-password", "secret-value", "eyJ"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
