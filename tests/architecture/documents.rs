//! Documents that cannot rot: what stands in them is held against the code.

use std::fs;
use std::path::Path;

use leasetop::app::Keymap;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What stands between the two marks in a document.
fn between<'a>(document: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = document.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}

#[test]
fn the_readme_has_the_key_table() {
    let readme = read("README.md");
    let table = between(&readme, "<!-- keys -->\n", "<!-- /keys -->");
    assert_eq!(table, Keymap::default().markdown(), "put the right side between the marks of README.md");
}

#[test]
fn every_file_that_the_readme_names_is_there() {
    let readme = read("README.md");
    let links = readme.match_indices("](").map(|(at, _)| between(&readme[at..], "](", ")"));
    let files: Vec<&str> = links.filter(|link| !link.contains("://") && !link.starts_with('#')).collect();
    assert!(!files.is_empty());
    for file in files {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "README.md names {file}");
    }
}
