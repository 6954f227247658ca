//! What an open monitor shows when rights and logins change.

use super::auth::CHEAP;
use crate::common::etcd::{Etcd, Version};
use crate::pty::{Terminal, leasetop};

on_the_newest_versions! {
    a_role_that_is_removed_is_shown_once_per_right
    a_login_that_becomes_necessary_is_named_once
    a_user_that_is_deleted_is_named_once_by_the_list_and_the_link
}

/// A monitor with more options.
fn monitor(etcd: &Etcd, options: &[&str]) -> Terminal {
    let mut command = leasetop();
    command.args(["--endpoints", &etcd.endpoints()[0]]);
    command.args(options);
    Terminal::start(command, 200, 40)
}

/// An etcd with a lease whose key is `/app/a`. Authentication is not enabled yet.
async fn with_lease(version: Version) -> Etcd {
    let etcd = Etcd::with_options(version, &[CHEAP]).await;
    let granted = etcd.ctl(&["lease", "grant", "600"]);
    etcd.ctl(&["put", "/app/a", "1", "--lease", granted.split(' ').nth(1).expect("a lease id")]);
    etcd
}

const AS_APP: [&str; 4] = ["--user", "app:app-password", "--prefix", "/app/"];

/// How often a text is on the screen.
fn shown(monitor: &Terminal, text: &str) -> usize {
    monitor.screen().contents().matches(text).count()
}

async fn a_role_that_is_removed_is_shown_once_per_right(version: Version) {
    let mut etcd = with_lease(version).await;
    etcd.enable_auth();
    tokio::task::block_in_place(|| {
        let mut monitor = monitor(&etcd, &AS_APP);
        monitor.wait_for("/app/a");
        // 3.5 shows the status of a member only to root.
        let rights =
            if version == Version::V3_5New { ["status denied", "list denied"].as_slice() } else { &["list denied"] };
        assert_eq!(shown(&monitor, "list denied"), 0);
        etcd.ctl(&["user", "revoke-role", "app", "app"]);
        monitor.wait_for("list denied");
        for right in rights {
            assert_eq!(shown(&monitor, right), 1, "{}", monitor.screen().contents());
        }
        etcd.ctl(&["user", "grant-role", "app", "app"]);
        monitor.wait_until("the right is back", |screen| !screen.contents().contains("list denied"));
    });
}

async fn a_login_that_becomes_necessary_is_named_once(version: Version) {
    const WHY: &str = "etcd requires a login";
    let mut etcd = with_lease(version).await;
    tokio::task::block_in_place(|| {
        let mut monitor = monitor(&etcd, &[]);
        monitor.wait_for("/app/a");
        monitor.keys("3");
        etcd.enable_auth();
        monitor.wait_for(WHY);
        monitor.pass(3.0);
        assert_eq!(shown(&monitor, WHY), 1, "{}", monitor.screen().contents());
    });
}

async fn a_user_that_is_deleted_is_named_once_by_the_list_and_the_link(version: Version) {
    const WHY: &str = "etcd refuses the user name or password (";
    let mut etcd = with_lease(version).await;
    etcd.enable_auth();
    tokio::task::block_in_place(|| {
        let mut monitor = monitor(&etcd, &AS_APP);
        monitor.wait_for("/app/a");
        monitor.keys("3");
        etcd.ctl(&["user", "delete", "app"]);
        monitor.wait_for(WHY);
        monitor.pass(3.0);
        // A list may be refused before the link: each of them is reported once.
        let named = shown(&monitor, WHY);
        assert!((1..=2).contains(&named), "{}", monitor.screen().contents());
    });
}
