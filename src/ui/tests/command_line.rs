//! The command line, and the dialogs of clusters and of the config file.

use super::*;
use crate::app::{BackgroundLeases, ClusterChoice, ClusterLabel, KeptLease, Ownership};

fn config() -> AppConfig {
    let cluster = |name: &str| ClusterChoice { name: name.to_owned(), color: None, target: "10.0.0.1:2379".to_owned() };
    let label = Some(ClusterLabel { name: "prod".to_owned(), color: None });
    AppConfig { clusters: vec![cluster("prod"), cluster("test\u{1b}[31m")], label, ..AppConfig::default() }
}

fn stage(size: (u16, u16), typed: &str, keys: &[Key]) -> AppState {
    let mut app = app(config(), scene_messages(), size);
    let typed: Vec<Key> = typed.chars().map(Key::Char).collect();
    for key in typed.iter().chain(keys) {
        update(&mut app, Msg::Key(*key), at(90.0));
    }
    app
}

fn picture(size: (u16, u16), typed: &str, keys: &[Key]) -> String {
    text(&paint(&stage(size, typed, keys), size, Theme::default()))
}

fn last_lines(picture: &str, count: usize) -> Vec<&str> {
    let lines: Vec<&str> = picture.lines().collect();
    lines[lines.len() - count..].to_vec()
}

#[test]
fn candidates_are_above_the_line() {
    let seen = picture((80, 24), ":gro", &[]);
    let [candidate, line] = last_lines(&seen, 2)[..] else { unreachable!("two lines") };
    assert!(candidate.starts_with("  group  group the rows"), "{candidate}");
    assert!(line.starts_with(" :gro") && line.trim_end().ends_with("Tab completes"), "{line}");
    let seen = picture((80, 24), ":grant ", &[]);
    assert!(last_lines(&seen, 1)[0].contains("TTL [--put KEY=VALUE]..."), "{seen}");
}

#[test]
fn an_error_points_to_its_place() {
    let seen = picture((80, 24), ":group x", &[Key::Enter]);
    let lines = last_lines(&seen, 2);
    assert_eq!(lines[0].find("v expected none, service, ttl, owner"), lines[1].find('x'), "{seen}");
}

#[test]
fn an_error_points_to_its_place_in_a_scrolled_line() {
    let seen = picture((80, 24), &format!(":group {}", "x".repeat(100)), &[Key::Enter]);
    assert!(last_lines(&seen, 2)[0].starts_with("  v expected none, service, ttl, owner"), "{seen}");
    let seen = picture((80, 24), &format!(":revoke {}zz", "1 ".repeat(50)), &[Key::Enter]);
    let lines = last_lines(&seen, 2);
    assert!(lines[1].contains('z'), "{seen}");
    assert_eq!(lines[0].find('v'), lines[1].find('z'), "{seen}");
}

#[test]
fn the_answers_about_leases_are_there_at_every_size() {
    for size in [(140, 40), (80, 24), (60, 7), (40, 12), (30, 9), (20, 5)] {
        let seen = picture(size, "c2", &[]);
        assert!(seen.contains("Switch to") && seen.contains("test"), "{size:?}:\n{seen}");
        for words in [["k Keep renewing", "k keep", "k"], ["s Stop", "s stop", "s"]] {
            assert!(words.iter().any(|word| seen.contains(word)), "{words:?} at {size:?}:\n{seen}");
        }
    }
    let seen = picture((80, 24), "c2", &[]);
    assert!(seen.contains("alive on prod:") && seen.contains(r"test\x1b[31m?"), "{seen}");
}

#[test]
fn leases_kept_alive_elsewhere_are_in_the_header() {
    let size = (160, 40);
    let mut app = stage(size, "", &[]);
    let kept = |id| KeptLease { id: LeaseId(id), ownership: Ownership::Own, asked_ttl: None };
    let kept = BackgroundLeases { cluster: "dev".to_owned(), leases: vec![kept(1), kept(2)], is_sandbox: false };
    update(&mut app, Msg::Background(vec![kept]), at(90.0));
    let seen = text(&paint(&app, size, Theme::default()));
    assert!(seen.lines().next().is_some_and(|line| line.contains("2 leases on dev kept alive")), "{seen}");
    update(&mut app, Msg::Key(Key::Char('q')), at(90.0));
    let seen = text(&paint(&app, size, Theme::default()));
    assert!(seen.contains("2 leases on dev: no longer kept alive either"), "{seen}");
}

#[test]
fn no_size_panics() {
    let mut stages: Vec<AppState> = [":", ":s", ":sort size\n", ":theme x", "c", "c2"]
        .map(|typed| {
            let enter: &[Key] = if typed.ends_with('\n') { &[Key::Enter] } else { &[Key::Tab] };
            stage((80, 24), typed.trim_end(), enter)
        })
        .into();
    let mut writing = stage((80, 24), "", &[]);
    let text = Some("sort = \"id\"\n".to_owned());
    update(&mut writing, Msg::ConfigFile { path: "/home/me/config.toml".to_owned(), text }, at(90.0));
    stages.push(writing);
    for app in &mut stages {
        for (width, height) in (0..=30).flat_map(|height| (0..=120).step_by(7).map(move |width| (width, height))) {
            update(app, Msg::Resized(viewport(width, height)), at(90.0));
            refresh_rows(app, at(90.0));
            paint(app, (width, height), Theme::default());
        }
    }
}
