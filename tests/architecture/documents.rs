//! Checks the documents against the code and the program, so that they cannot go stale.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use leasetop::app::{Key, Keymap};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    let path = root().join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The README, the changelog and everything in `docs/`, by their paths from the root.
fn documents() -> Vec<String> {
    let files = fs::read_dir(root().join("docs")).expect("docs/").map(|file| file.expect("a file").file_name());
    let mut names: Vec<String> = files.map(|name| format!("docs/{}", name.to_string_lossy())).collect();
    names.extend(["README.md".to_owned(), "CHANGELOG.md".to_owned()]);
    names.sort();
    names
}

/// The text between two marks of a document.
fn between<'a>(document: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = document.split_once(from).unwrap_or_else(|| panic!("no {from}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}

/// The cells of a table's rows, without its head.
fn rows(table: &str) -> impl Iterator<Item = Vec<&str>> {
    table.lines().filter(|line| line.starts_with('|')).skip(2).map(|line| {
        let cells = line.trim_matches('|').split('|');
        cells.map(str::trim).collect()
    })
}

/// The texts in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The lines of the fenced blocks of one language.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let mut inside = None;
    let mut lines = Vec::new();
    for line in document.lines() {
        match (line.strip_prefix("```"), inside) {
            (Some(opened), None) => inside = Some(opened),
            (Some(_), Some(_)) => inside = None,
            (None, Some(opened)) if opened == language => lines.push(line),
            (None, _) => {}
        }
    }
    lines
}

/// Runs the program, away from the user's own settings.
fn leasetop<I: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = I>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leasetop"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ETCDCTL_")) {
        command.env_remove(name);
    }
    command.env("XDG_CONFIG_HOME", "/nowhere").args(args).output().expect("leasetop runs")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The words of a command line, up to a pipe, a redirection, a list or a comment. Quotes work as in a shell.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        let word = words.last_mut().expect("a word");
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => word.push(c),
            ('\'' | '"', None) => quote = Some(c),
            ('|' | '>' | '#' | '&', None) => break,
            (c, None) if c.is_whitespace() && word.is_empty() => {}
            (c, None) if c.is_whitespace() => words.push(String::new()),
            (c, None) => word.push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Checks the part of a document between `<!-- name -->` and `<!-- /name -->`, or rewrites it with UPDATE_DOCS=1.
fn check_generated(file: &str, name: &str, expected: &str) {
    let document = read(file);
    let table = between(&document, &format!("<!-- {name} -->\n"), &format!("<!-- /{name} -->"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let updated = document.replacen(table, expected, 1);
        fs::write(root().join(file), updated).expect("the document can be written");
        return;
    }
    assert_eq!(table, expected, "run UPDATE_DOCS=1 cargo test --test architecture to update {file}");
}

#[test]
fn the_key_table_matches_the_program() {
    check_generated("docs/keys.md", "keys", &Keymap::default().markdown());
}

#[test]
fn the_error_table_matches_the_program() {
    check_generated("docs/troubleshooting.md", "errors", &leasetop::error_table::markdown());
}

#[test]
fn the_metrics_table_matches_the_program() {
    check_generated("docs/metrics.md", "metrics", &leasetop::report::metrics_markdown());
}

/// The metrics that a text names.
fn metric_names(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_part(c)).filter(|word| word.starts_with("leasetop_")).collect()
}

#[test]
fn dashboard_and_alert_rules_use_metrics_that_exist() {
    let known: Vec<String> = leasetop::report::METRICS.iter().map(|metric| metric.full_name()).collect();
    let is_known = |name: &str| {
        let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
        known.iter().any(|metric| metric == name || Some(metric.as_str()) == of_histogram)
    };
    let mut used = BTreeSet::new();
    for file in
        ["assets/grafana/leasetop.json", "assets/prometheus/leasetop.rules.yml", "docs/metrics.md", "docs/recipes.md"]
    {
        let text = read(file);
        let names = metric_names(&text);
        let unknown: Vec<_> = names.iter().filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
        used.extend(names.into_iter().map(str::to_owned));
    }
    assert!(used.len() > known.len() / 2, "{used:?}");
    let dashboard: serde_json::Value = serde_json::from_str(&read("assets/grafana/leasetop.json")).expect("JSON");
    assert!(dashboard["panels"].as_array().is_some_and(|panels| panels.len() > 10));
}

#[test]
fn the_essential_keys_do_what_the_readme_says() {
    const ESSENTIAL: [(&str, &str); 12] = [
        ("Enter", "open"),
        ("/", "filter"),
        ("f", "quick-filter"),
        ("s", "sort-menu"),
        ("Space", "mark"),
        ("n", "new"),
        ("a", "keep-alive"),
        ("o", "renew-once"),
        ("x", "revoke"),
        ("p", "freeze"),
        ("?", "help"),
        ("q", "quit"),
    ];
    let readme = read("README.md");
    let table = between(&readme, "<!-- essential keys -->", "<!-- /essential keys -->");
    let keys: Vec<&str> = rows(table).map(|cells| quoted(cells[0]).next().expect("a key")).collect();
    assert_eq!(keys, ESSENTIAL.map(|(key, _)| key));
    for (key, name) in ESSENTIAL {
        let bound = Keymap::default().action(key.parse::<Key>().expect("a key")).map(|action| action.name());
        assert_eq!(bound.as_deref(), Some(name), "{key}");
    }
}

#[test]
fn the_readme_is_short_and_names_both_commands() {
    let readme = read("README.md");
    assert!(readme.lines().count() <= 200, "README.md has more than 200 lines: move some of it to docs/");
    for command in ["cargo run --release -- demo", "tests/run"] {
        assert!(readme.contains(command), "README.md does not name {command}");
    }
}

#[test]
fn every_link_resolves() {
    let mut broken = Vec::new();
    for name in documents() {
        let document = read(&name);
        let folder = root().join(&name).parent().expect("a folder").to_owned();
        for (at, _) in document.match_indices("](") {
            let link = between(&document[at..], "](", ")");
            if !link.contains("://") && !leads_somewhere(&document, &folder, link) {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Whether the file of a link exists and has the heading.
fn leads_somewhere(document: &str, folder: &Path, link: &str) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let path: PathBuf = folder.join(file);
    if heading.is_empty() {
        return path.exists();
    }
    let text = if file.is_empty() { Some(document.to_owned()) } else { fs::read_to_string(path).ok() };
    text.is_some_and(|text| text.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading))
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_document_is_linked_from_the_readme() {
    let readme = read("README.md");
    for name in documents().iter().filter(|name| *name != "README.md") {
        assert!(readme.contains(&format!("]({name})")), "README.md does not link {name}");
    }
}

#[test]
fn every_path_of_the_contributing_table_exists_and_contains_its_names() {
    let document = read("docs/CONTRIBUTING.md");
    let table = between(&document, "<!-- paths -->", "<!-- /paths -->");
    let mut wrong = Vec::new();
    for cells in rows(table) {
        let path = quoted(cells[1]).next().expect("a path");
        let full = root().join(path);
        if !full.exists() {
            wrong.push(format!("{path} is not there"));
        }
        // Words with a capital letter are names of the code, which the file must contain.
        let text = fs::read_to_string(&full).unwrap_or_default();
        for name in quoted(cells[2]).filter(|name| name.starts_with(char::is_uppercase) && full.is_file()) {
            if !text.contains(name) {
                wrong.push(format!("{path} does not contain {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "docs/CONTRIBUTING.md: {wrong:#?}");
}

#[test]
fn every_command_line_parses() {
    let mut count = 0;
    for name in documents() {
        let document = read(&name);
        for line in blocks(&document, "sh").into_iter().filter(|line| line.starts_with("leasetop")) {
            // With --help nothing runs, but the arguments before it are parsed. After `--` it would belong to another command.
            let mut args = words(line);
            let end = args.iter().position(|word| word == "--").unwrap_or(args.len());
            args.insert(end, "--help".to_owned());
            let output = leasetop(&args[1..]);
            assert!(output.status.success(), "{name}: {line}\n{}", errors(&output));
            count += 1;
        }
    }
    assert!(count > 20, "only {count} command lines found");
}

#[test]
fn the_command_line_check_rejects_unknown_options_and_invalid_values() {
    for line in ["leasetop list --foo", "leasetop wait 694d --until never", "leasetop list --filter 'ttl<'"] {
        let mut args = words(line);
        args.push("--help".to_owned());
        assert!(!leasetop(&args[1..]).status.success(), "{line}");
    }
    assert_eq!(words("a 'b | c' \"d\" --e 'f<5' | g # h"), ["a", "b | c", "d", "--e", "f<5"]);
}

#[test]
fn the_config_file_of_the_documents_is_valid() {
    let document = read("docs/configuration.md");
    let text = blocks(between(&document, "<!-- config -->", "<!-- /config -->"), "toml").join("\n");
    assert!(text.contains("[cluster.prod]"));
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), text).expect("the file can be written");
    let output = leasetop([Path::new("--config"), file.path(), Path::new("keys")]);
    assert!(output.status.success(), "{}", errors(&output));
    assert!(String::from_utf8_lossy(&output.stdout).lines().any(|line| line.starts_with("d  ")), "`d` revokes");
}

#[test]
fn every_filter_of_the_documents_parses() {
    let document = read("docs/filters.md");
    let table = between(&document, "<!-- filters -->", "<!-- /filters -->");
    let filters: Vec<&str> = rows(table).flat_map(|cells| quoted(cells[0]).collect::<Vec<_>>()).collect();
    assert!(filters.len() > 10);
    for filter in filters {
        let output = leasetop(["list", "--filter", filter, "--help"]);
        assert!(output.status.success(), "{filter}: {}", errors(&output));
    }
}

#[test]
fn the_documents_list_every_command() {
    let help = leasetop(["--help"]);
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let commands = between(&help, "Commands:\n", "\n\n").lines();
    let commands: BTreeSet<&str> = commands
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split(' ').next())
        .filter(|name| *name != "help")
        .collect();
    let document = read("docs/commands.md");
    let table = between(&document, "| command |", "\n\n");
    for command in &commands {
        let is_named = quoted(table).any(|text| text.split(' ').any(|word| word == *command));
        assert!(is_named, "docs/commands.md does not name {command}");
    }
    assert!(commands.contains("list"), "{commands:?}");
}

#[test]
fn every_column_of_the_program_is_explained() {
    let document = read("docs/filters.md");
    let table = between(&document, "## Columns", "## States");
    let explained: Vec<&str> = rows(table).map(|cells| quoted(cells[0]).next().expect("a name")).collect();
    let output = leasetop(["list", "--columns", &explained.join(","), "--help"]);
    assert!(output.status.success(), "{}", errors(&output));
    let all = errors(&leasetop(["list", "--columns", "nothing"]));
    for name in &explained {
        assert!(all.contains(name), "{name}");
    }
    assert_eq!(explained.len(), leasetop::app::Column::ALL.len());
}

#[test]
fn every_diagnosis_is_explained() {
    let document = read("docs/how-it-works.md");
    let table = between(&document, "## Diagnoses", "## Keeping");
    let explained: Vec<&str> = rows(table).map(|cells| quoted(cells[0]).next().expect("a name")).collect();
    let names: Vec<&str> = leasetop::inference::lints::LINTS.iter().map(|lint| lint.name()).collect();
    assert_eq!(explained, names);
}

#[test]
fn every_event_is_explained() {
    let schema: serde_json::Value = serde_json::from_str(&read("assets/schema/events.json")).expect("JSON");
    let words = schema["properties"]["event"]["enum"].as_array().expect("an enum");
    let document = read("docs/events.md");
    let table = between(&document, "| event |", "\n\n");
    for word in words.iter().filter_map(|word| word.as_str()) {
        assert!(quoted(table).any(|text| text == word), "docs/events.md does not explain {word}");
    }
}

#[test]
fn the_glossary_is_sorted_and_defines_each_term_once() {
    let document = read("docs/glossary.md");
    let terms: Vec<String> = rows(&document).map(|cells| cells[0].trim_matches('*').to_lowercase()).collect();
    let mut sorted = terms.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(terms, sorted);
}
