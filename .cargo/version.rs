//! The text of `leasetop --version`: version, commit and features.
//!
//! A debug build names no commit, because each commit would then compile the crate again.

#![allow(clippy::print_stdout, reason = "cargo reads what a build script prints")]

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.cargo/version.rs");
    println!("cargo::rerun-if-env-changed=LEASETOP_COMMIT");
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = std::env::var("LEASETOP_COMMIT").ok().or_else(packaged);
    let commit = if release { commit.or_else(checked_out).or_else(|| Some("unknown".to_owned())) } else { commit };
    let commit =
        commit.as_deref().map_or_else(|| "debug build".to_owned(), |commit| format!("commit {}", short(commit)));
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo::rustc-env=LEASETOP_VERSION={version} ({commit}, {})", features());
}

fn features() -> String {
    let names = std::env::vars().filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase()));
    let names: Vec<_> = names.filter(|name| name != "default").collect();
    if names.is_empty() { "no features".to_owned() } else { format!("features: {}", names.join(" ")) }
}

/// The commit that `cargo package` writes into the crate.
fn packaged() -> Option<String> {
    let info = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, after) = info.split_once("\"sha1\": \"")?;
    after.split('"').next().map(str::to_owned)
}

fn checked_out() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    // HEAD names the branch; the branch's file or packed-refs names the commit.
    for path in ["HEAD", "packed-refs", &git(&["symbolic-ref", "--quiet", "HEAD"]).unwrap_or_default()] {
        let file = git(&["rev-parse", "--git-path", path]).filter(|file| Path::new(file).is_file());
        file.into_iter().for_each(|file| println!("cargo::rerun-if-changed={file}"));
    }
    git(&["rev-parse", "HEAD"])
}

fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}
