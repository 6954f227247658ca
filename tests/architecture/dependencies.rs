//! The libraries below `crates/` can be used without a terminal.

use std::process::Command;

/// Crates that only a terminal program or a command line needs.
const TERMINAL: &[&str] = &["ratatui", "crossterm", "clap", "color-eyre", "eyre", "rpassword", "tui-input"];

/// The names of all crates in the normal and build dependencies of a package.
fn dependencies(package: &str) -> Vec<String> {
    let args = ["tree", "--locked", "--offline", "-e", "normal,build", "--prefix", "none", "-f", "{p}", "-p", package];
    let output = Command::new(env!("CARGO")).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.unwrap_or_else(|error| panic!("cargo tree: {error}"));
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("cargo tree prints text");
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// Those of `names` that start with the name of a terminal crate, such as `ratatui-core`.
fn of_a_terminal(names: &[String]) -> Vec<&String> {
    let is_terminal = |name: &&String| TERMINAL.iter().any(|crate_name| name.starts_with(crate_name));
    names.iter().filter(is_terminal).collect()
}

#[test]
fn no_library_depends_on_a_terminal_crate() {
    for package in ["etcd-lease", "etcd-sandbox", "etcd-discovery", "simkit"] {
        let names = dependencies(package);
        assert!(names.iter().any(|name| name == "tokio"), "{package}: {names:?}");
        assert!(of_a_terminal(&names).is_empty(), "{package} depends on {:?}", of_a_terminal(&names));
    }
}

#[test]
fn the_engine_does_not_depend_on_the_sandbox_and_the_sandbox_not_on_the_engine() {
    assert!(!dependencies("etcd-lease").contains(&"etcd-sandbox".to_owned()));
    assert!(!dependencies("etcd-sandbox").contains(&"etcd-lease".to_owned()));
}

#[test]
fn the_check_finds_a_terminal_crate() {
    assert!(!of_a_terminal(&dependencies("leasetop")).is_empty());
}
