//! Arrows only go down: each room uses the rooms below it and the crates it is meant to.

use std::fs;
use std::path::{Path, PathBuf};

/// A room of `src/`, the rooms of this crate it may use beside itself, and the crates it may not.
struct Room {
    name: &'static str,
    below: &'static [&'static str],
    banned: &'static [&'static str],
}

/// What would tie a pure room to a terminal, a runtime or the wire.
const OUTSIDE: &[&str] =
    &["ratatui", "crossterm", "tokio", "tokio_stream", "tonic", "tonic_prost", "etcd_client", "hyper_util"];
/// What only the rooms with a screen need.
const SCREEN: &[&str] = &["ratatui", "crossterm"];
/// What only the rooms with a wire need.
const WIRE: &[&str] = &["tonic", "tonic_prost", "etcd_client", "hyper_util"];

/// The plan of the house, from the ground up.
const ROOMS: &[Room] = &[
    Room { name: "domain", below: &[], banned: OUTSIDE },
    Room { name: "clock", below: &["domain"], banned: &["ratatui", "crossterm", "tonic", "etcd_client"] },
    Room { name: "tasks", below: &["clock", "domain"], banned: &["ratatui", "crossterm", "tonic", "etcd_client"] },
    Room { name: "wire", below: &["clock", "tasks", "domain"], banned: SCREEN },
    // The sandbox serves the wire's messages over the wire's pipe.
    Room { name: "sandbox", below: &["wire", "clock", "tasks", "domain"], banned: SCREEN },
    Room { name: "engine", below: &["wire", "clock", "tasks", "domain"], banned: SCREEN },
    Room { name: "observer", below: &["wire", "clock", "tasks", "domain"], banned: SCREEN },
    // Its tests look at what its clients have done to the sandbox.
    Room {
        name: "demo",
        below: &["sandbox", "wire", "clock", "tasks", "domain"],
        banned: &["ratatui", "crossterm", "tonic", "etcd_client"],
    },
    Room { name: "app", below: &["domain"], banned: OUTSIDE },
    Room { name: "report", below: &["app", "domain"], banned: OUTSIDE },
    Room { name: "ui", below: &["app", "domain"], banned: WIRE },
    Room {
        name: "runtime",
        below: &["ui", "report", "app", "engine", "observer", "demo", "sandbox", "wire", "clock", "tasks", "domain"],
        banned: &["etcd_client"],
    },
];

/// The paths in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).filter(|word| word.contains("::"))
}

/// The code of a file, without its comments (examples in them are users of the crate, not rooms of it).
fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The names directly below `crate` that a text uses, `use crate::{a, b::c}` included, and what it climbs to by `super`.
fn rooms_used(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    let starts = ["crate::", "super::"].iter().flat_map(|start| text.match_indices(start));
    for rest in starts.map(|(at, start)| &text[at + start.len()..]) {
        match rest.strip_prefix('{') {
            Some(group) => used.extend(group_members(group)),
            None => used.push(first_name(rest)),
        }
    }
    used
}

/// The first names of the members of a `{..}` whose opening brace has been read.
fn group_members(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut starts = vec![0];
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts.push(at + 1),
            _ => {}
        }
    }
    starts.into_iter().map(|at| first_name(group[at..].trim_start())).filter(|name| !name.is_empty()).collect()
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// What a text in a room uses and may not.
fn breaches(room: &Room, text: &str) -> Vec<String> {
    let text = code(text);
    let crates = words(&text)
        .map(|word| word.trim_start_matches(':').split("::").next().unwrap_or_default().to_owned())
        .chain(imports(&text))
        .filter(|name| room.banned.contains(&name.as_str()));
    let rooms = rooms_used(&text).into_iter().filter(|name| {
        let other = ROOMS.iter().any(|other| other.name == name) || name == "cli";
        other && name != room.name && !room.below.contains(&name.as_str())
    });
    let mut found: Vec<_> = crates.chain(rooms.map(|name| format!("crate::{name}"))).collect();
    found.sort();
    found.dedup();
    found
}

/// The crates that a text imports whole: `use tokio;`, `use tonic as t;`.
fn imports(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("use ").map(|(at, found)| first_name(text[at + found.len()..].trim_start_matches(':')))
}

/// The Rust files of a room: `src/name.rs` and all below `src/name/`.
fn files(room: &str) -> Vec<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![source.join(format!("{room}.rs"))];
    let mut folders = vec![source.join(room)];
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
fn arrows_only_go_down() {
    let mut found = Vec::new();
    for room in ROOMS {
        for file in files(room.name) {
            let text = fs::read_to_string(&file).expect("a readable file");
            found.extend(breaches(room, &text).iter().map(|name| format!("{} uses {name}", file.display())));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_pure_rooms_are_looked_at() {
    assert!(!files("domain").is_empty());
}

#[test]
fn the_check_finds_a_breach() {
    let [domain, ui] = ["domain", "ui"].map(|name| ROOMS.iter().find(|room| room.name == name).unwrap());
    let cases = [
        (domain, "use tokio::time::Instant;", vec!["tokio"]),
        (domain, "fn f() { let _ = ::tonic::Code::Ok; }", vec!["tonic"]),
        (domain, "use tonic as t;", vec!["tonic"]),
        (domain, "fn f(x: crate::wire::Error) {}", vec!["crate::wire"]),
        (domain, "use crate::{domain::{Moment, LeaseId}, engine::Engine, ui};", vec!["crate::engine", "crate::ui"]),
        (domain, "use super::super::runtime::Loop;", vec!["crate::runtime"]),
        (ui, "use etcd_client::Client;\nuse crate::runtime;", vec!["crate::runtime", "etcd_client"]),
        (ui, "use ratatui::Frame; use crate::{app, domain};", vec![]),
        (domain, "// tokio::spawn is not for here\nuse std::time::Duration; use crate::domain::Moment;", vec![]),
    ];
    for (room, text, expected) in cases {
        assert_eq!(breaches(room, text), expected, "{text}");
    }
}
