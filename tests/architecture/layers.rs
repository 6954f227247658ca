//! Dependencies between the modules of the program point down only. Cargo enforces the same between crates.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// A module of `src/`, the modules it may use, and the crates it must not use.
struct Layer {
    name: &'static str,
    may_use: &'static [&'static str],
    forbidden: &'static [&'static str],
}

/// Crates that a pure module must not use: terminal, runtime and network.
const IMPURE: &[&str] = &["ratatui", "crossterm", "tokio", "tokio_stream", "tonic", "etcd_client", "etcd_sandbox"];
/// Crates that only modules with a screen need.
const SCREEN: &[&str] = &["ratatui", "crossterm", "tonic", "etcd_client"];

const LAYERS: &[Layer] = &[
    Layer { name: "escape", may_use: &[], forbidden: IMPURE },
    Layer { name: "width", may_use: &[], forbidden: &["crossterm", "tokio", "tonic", "etcd_client", "etcd_sandbox"] },
    Layer { name: "id_format", may_use: &[], forbidden: IMPURE },
    Layer { name: "plural", may_use: &[], forbidden: IMPURE },
    Layer { name: "byte_budget", may_use: &[], forbidden: IMPURE },
    Layer { name: "compact", may_use: &[], forbidden: IMPURE },
    Layer { name: "config_edit", may_use: &[], forbidden: IMPURE },
    Layer { name: "list_interval", may_use: &[], forbidden: IMPURE },
    Layer { name: "error_table", may_use: &[], forbidden: IMPURE },
    Layer { name: "inference", may_use: &["escape", "compact"], forbidden: IMPURE },
    Layer { name: "filter", may_use: &["inference"], forbidden: IMPURE },
    Layer { name: "wait_condition", may_use: &["inference", "filter"], forbidden: IMPURE },
    Layer { name: "observe", may_use: &["inference", "byte_budget", "list_interval"], forbidden: SCREEN },
    Layer { name: "demo", may_use: &["inference"], forbidden: SCREEN },
    Layer {
        name: "app",
        may_use: &[
            "wait_condition",
            "filter",
            "inference",
            "list_interval",
            "error_table",
            "escape",
            "id_format",
            "plural",
            "config_edit",
            "byte_budget",
            "compact",
        ],
        forbidden: IMPURE,
    },
    Layer { name: "recording", may_use: &["app", "escape"], forbidden: IMPURE },
    Layer {
        name: "report",
        may_use: &[
            "recording",
            "app",
            "wait_condition",
            "filter",
            "inference",
            "error_table",
            "escape",
            "id_format",
            "plural",
            "width",
        ],
        forbidden: IMPURE,
    },
    Layer {
        name: "ui",
        may_use: &["app", "filter", "inference", "escape", "id_format", "plural", "width", "byte_budget"],
        forbidden: &["tokio", "tonic", "etcd_client", "etcd_sandbox"],
    },
    Layer {
        name: "runtime",
        may_use: &[
            "ui",
            "report",
            "recording",
            "app",
            "observe",
            "demo",
            "wait_condition",
            "filter",
            "inference",
            "error_table",
            "escape",
            "id_format",
            "plural",
        ],
        forbidden: &["etcd_client"],
    },
];

/// The code of a file without its comments.
fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The forbidden names that a source text of a layer uses. `use crate::{..}` hides names from this check and is forbidden.
fn violations(layer: &Layer, text: &str) -> Vec<String> {
    let text = without_comments(text);
    let modules = Regex::new(r"\bcrate::(\w+|\{)").expect("a pattern");
    let crates = Regex::new(r"(?:^|[^\w:])(?:::)?(\w+)::|\buse (\w+)").expect("a pattern");
    let is_layer = |name: &str| name == "{" || name == "cli" || LAYERS.iter().any(|layer| layer.name == name);
    let mut found = Vec::new();
    for name in modules.captures_iter(&text).map(|m| m.extract::<1>().1[0].to_owned()) {
        if is_layer(&name) && name != layer.name && !layer.may_use.contains(&name.as_str()) {
            found.push(format!("crate::{name}"));
        }
    }
    for m in crates.captures_iter(&text) {
        let name = m.get(1).or(m.get(2)).map_or("", |m| m.as_str());
        if layer.forbidden.contains(&name) {
            found.push(name.to_owned());
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The Rust files of a layer: `src/name.rs` and everything below `src/name/`.
fn files(layer: &str) -> Vec<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![source.join(format!("{layer}.rs"))];
    let mut folders = vec![source.join(layer)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.retain(|path| path.is_file() && path.extension().is_some_and(|end| end == "rs"));
    found
}

#[test]
fn dependencies_point_down_only() {
    let mut found = Vec::new();
    for layer in LAYERS {
        let files = files(layer.name);
        assert!(!files.is_empty(), "no source of {}", layer.name);
        for file in files.iter().filter(|file| !file.components().any(|part| part.as_os_str() == "tests")) {
            let text = fs::read_to_string(file).expect("a readable file");
            found.extend(violations(layer, &text).iter().map(|name| format!("{} uses {name}", file.display())));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_check_finds_a_violation() {
    let [inference, ui] = ["inference", "ui"].map(|name| LAYERS.iter().find(|layer| layer.name == name).unwrap());
    let cases = [
        (inference, "use tokio::time::Instant;", vec!["tokio"]),
        (inference, "fn f() { let _ = ::tonic::Code::Ok; }", vec!["tonic"]),
        (inference, "use tonic as t;", vec!["tonic"]),
        (inference, "fn f(x: crate::app::AppState) {}", vec!["crate::app"]),
        (inference, "use crate::{app, ui};", vec!["crate::{"]),
        (ui, "use etcd_client::Client;\nuse crate::runtime;", vec!["crate::runtime", "etcd_client"]),
        (ui, "use ratatui::Frame; use crate::app::AppState;", vec![]),
        (
            inference,
            "// tokio::spawn is not for here\nuse std::time::Duration; use crate::inference::TimeRange;",
            vec![],
        ),
    ];
    for (layer, text, expected) in cases {
        assert_eq!(violations(layer, text), expected, "{text}");
    }
}
