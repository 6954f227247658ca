//! No file imports, directly or by way of others, a file that imports it.
//!
//! Imports are read from `use` lines and followed through re-exports to the file that defines the name, so that a
//! `mod.rs` that only re-exports names does not count as a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

/// A module as a path from the crate's root.
type Module = Vec<String>;

/// One source file: what it imports, and the rest of its text.
struct Source {
    /// Each import as it is written, and whether it is a re-export.
    imports: Vec<(Vec<String>, bool)>,
    body: String,
    is_root: bool,
}

type Crate = BTreeMap<Module, Source>;

/// `a::{b, c::d}` as `a::b` and `a::c::d`.
fn expand(tree: &str, prefix: &[String]) -> Vec<Vec<String>> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (place, c) in tree.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&tree[start..place]);
                start = place + 1;
            }
            _ => (),
        }
    }
    parts.push(&tree[start..]);
    let mut paths = Vec::new();
    for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
        let (path, inner) = part.split_once('{').unwrap_or((part, ""));
        let names = path.split(" as ").next().unwrap_or_default().split("::").map(str::trim);
        let names = names.filter(|name| !name.is_empty()).map(str::to_owned);
        let path: Vec<String> = prefix.iter().cloned().chain(names).collect();
        match inner.rsplit_once('}') {
            Some((inner, _)) => paths.extend(expand(inner, &path)),
            None => paths.push(path),
        }
    }
    paths
}

impl Source {
    fn new(text: &str, is_root: bool) -> Source {
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code = Regex::new(r"//.*").expect("a pattern").replace_all(code, "");
        let import = Regex::new(r"(?m)^[ \t]*(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);").expect("a pattern");
        let imports = import.captures_iter(&code);
        let imports = imports.flat_map(|m| expand(&m[2], &[]).into_iter().map(move |path| (path, m.get(1).is_some())));
        Source { imports: imports.collect(), body: import.replace_all(&code, "").into_owned(), is_root }
    }

    fn mentions(&self, name: &str, after: &str) -> bool {
        Regex::new(&format!(r"\b{name}\b{after}")).expect("a pattern").is_match(&self.body)
    }
}

fn read_crate(folder: &Path, module: &[String], found: &mut Crate) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let is_root = ["mod", "lib", "main"].contains(&name.as_str());
        let mut module = module.to_vec();
        if !is_root {
            module.push(name.clone());
        }
        if path.is_dir() && name != "tests" {
            read_crate(&path, &module, found);
        } else if path.extension().is_some_and(|end| end == "rs") && name != "tests" {
            found.insert(module, Source::new(&fs::read_to_string(&path).expect("a readable file"), is_root));
        }
    }
}

/// An import in a module, resolved from the crate root; `None` if it names another crate.
fn absolute(files: &Crate, module: &[String], import: &[String]) -> Option<Vec<String>> {
    let mut base = module.to_vec();
    let mut rest = import;
    match rest.first().map(String::as_str) {
        Some("crate") => return Some(rest[1..].to_vec()),
        Some("super" | "self") => {
            while let Some(("super" | "self", more)) = rest.split_first().map(|(first, more)| (first.as_str(), more)) {
                if rest[0] == "super" {
                    base.pop();
                }
                rest = more;
            }
        }
        Some(child) => {
            let child: Module = module.iter().cloned().chain([child.to_owned()]).collect();
            if !files.contains_key(&child) {
                return None;
            }
        }
        None => return None,
    }
    base.extend_from_slice(rest);
    Some(base)
}

/// The file that defines what a path names.
fn definition(files: &Crate, path: &[String], depth: usize) -> Option<Module> {
    let length = (0..=path.len()).rev().find(|length| files.contains_key(&path[..*length]))?;
    let module = path[..length].to_vec();
    let Some(name) = path.get(length) else { return Some(module) };
    let hands_on = files[&module].imports.iter().filter(|(import, _)| import.last() == Some(name));
    for (import, _) in hands_on.filter(|_| depth < 8) {
        let target = absolute(files, &module, import).filter(|target| target != path);
        let target = target.and_then(|target| definition(files, &target, depth + 1));
        if let Some(target) = target.filter(|target| *target != module) {
            return Some(target);
        }
    }
    Some(module)
}

/// The files that each file imports. A root that only declares a child, or hands its names on, does not import it.
fn edges(files: &Crate) -> BTreeMap<&Module, BTreeSet<Module>> {
    let mut edges = BTreeMap::new();
    for (module, source) in files {
        let used = source.imports.iter().filter(|(import, is_reexport)| {
            !(*is_reexport && source.is_root) || source.mentions(import.last().expect("a name"), "")
        });
        let imported = used.filter_map(|(import, _)| definition(files, &absolute(files, module, import)?, 0));
        let is_child = |other: &&Module| other.len() == module.len() + 1 && other.starts_with(module);
        let children = files.keys().filter(is_child).filter(|child| source.mentions(&child[module.len()], "::"));
        let mut targets: BTreeSet<Module> = imported.chain(children.cloned()).collect();
        targets.remove(module);
        edges.insert(module, targets);
    }
    edges
}

/// The files of these modules that import each other, in groups.
fn cycles(files: &Crate, within: &[&str]) -> Vec<String> {
    let edges = edges(files);
    let is_within =
        |module: &Module| within.is_empty() || module.first().is_some_and(|top| within.contains(&top.as_str()));
    let reachable = |from: &Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = open.pop() {
            let new = edges[&module].iter().filter(|target| is_within(target));
            open.extend(new.filter(|target| seen.insert((*target).clone())).cloned());
        }
        seen
    };
    let from: BTreeMap<&Module, BTreeSet<Module>> =
        files.keys().filter(|module| is_within(module)).map(|module| (module, reachable(module))).collect();
    let groups = from.iter().filter(|(module, targets)| targets.contains(**module)).map(|(module, targets)| {
        let group = targets.iter().filter(|target| from[target].contains(*module));
        group.map(|module| module.join("/")).collect::<Vec<_>>().join(" <-> ")
    });
    groups.collect::<BTreeSet<_>>().into_iter().collect()
}

fn crate_at(folder: &str) -> Crate {
    let mut files = Crate::new();
    read_crate(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &[], &mut files);
    files
}

#[test]
fn no_files_import_each_other() {
    assert_eq!(cycles(&crate_at("src"), &["app", "runtime"]), [""; 0]);
    assert_eq!(cycles(&crate_at("crates/etcd-lease/src"), &[]), [""; 0]);
}

#[test]
fn the_check_finds_a_cycle_through_a_re_export() {
    let file = |path: &str, text: &str, is_root| {
        let module = path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        (module, Source::new(text, is_root))
    };
    let root = "mod a;\nmod b;\npub use a::A;\n";
    let files = |b: &str| {
        Crate::from([
            file("", "mod app;", true),
            file("app", root, true),
            file("app/a", "use super::b::{self, B};\npub struct A;", false),
            file("app/b", b, false),
        ])
    };
    assert_eq!(cycles(&files("use crate::app::A;\npub struct B(A);"), &["app"]), ["app/a <-> app/b"]);
    assert_eq!(cycles(&files("// use crate::app::A;\npub struct B;"), &["app"]), [""; 0]);
}
