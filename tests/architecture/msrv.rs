//! The Rust version that Cargo.toml promises is enough for every dependency.

use std::process::Command;

use serde_json::Value;

/// `1.88` and `1.88.0` as comparable numbers.
fn version(text: &str) -> Vec<u32> {
    let mut parts: Vec<u32> = text.split('.').map(|part| part.parse().expect("a number")).collect();
    parts.resize(3, 0);
    parts
}

/// The dependencies that need a newer Rust than `promised`.
fn too_new(metadata: &Value, promised: &str) -> Vec<String> {
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .filter_map(|package| {
            let asked = package["rust_version"].as_str()?;
            (version(asked) > version(promised)).then(|| format!("{} asks for Rust {asked}", package["name"]))
        })
        .collect()
}

fn output(program: &str, args: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn metadata() -> Value {
    let about = String::from_utf8(output("rustc", &["-vV"])).expect("rustc prints text");
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let args = ["metadata", "--format-version=1", "--locked", "--filter-platform", host];
    serde_json::from_slice(&output(env!("CARGO"), &args)).expect("cargo metadata prints JSON")
}

#[test]
fn no_dependency_asks_for_a_newer_rust() {
    let found = too_new(&metadata(), env!("CARGO_PKG_RUST_VERSION"));
    assert!(found.is_empty(), "Cargo.toml promises Rust {}, but: {found:#?}", env!("CARGO_PKG_RUST_VERSION"));
}

#[test]
fn the_check_finds_a_dependency_that_does() {
    let metadata = serde_json::json!({"packages": [
        {"name": "old", "rust_version": "1.56"},
        {"name": "same", "rust_version": "1.88.0"},
        {"name": "new", "rust_version": "1.90"},
        {"name": "silent", "rust_version": null},
    ]});
    assert_eq!(too_new(&metadata, "1.88"), ["\"new\" asks for Rust 1.90"]);
}
