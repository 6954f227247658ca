//! Muting warnings.

use super::*;
use crate::app::dialog::Dialog;

/// Two leases of one service with a TTL of 3 s, so that both have a warning, and one without.
fn crowd(config: AppConfig) -> Story {
    let mut story = Story::start(config);
    story.list(&[1, 2, 3], &[]);
    story.poll(1, 2, 3, &["/svc/cron/a"]);
    story.poll(2, 2, 3, &["/svc/cron/b"]);
    story.poll(3, 59, 60, &["/svc/mail/a"]);
    run_lints(&mut story.app, story.now);
    story
}

/// The leases with an active warning.
fn warned(story: &Story) -> Vec<i64> {
    let leases = story.app.leases.living().filter(|lease| lease.active_warnings().next().is_some());
    leases.map(|lease| lease.id.0).collect()
}

fn select(story: &mut Story, id: i64) {
    story.app.view.cursor = Some(LeaseId(id));
    story.app.view.is_away = true;
}

fn choices(story: &Story) -> Vec<MuteChange> {
    let Some(Dialog::Mute(menu)) = &story.app.view.dialog else { return Vec::new() };
    menu.choices.iter().map(|choice| choice.change).collect()
}

fn said(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |status| &status.text)
}

#[test]
fn a_warning_is_muted_for_a_lease_and_shown_again() {
    let mut story = crowd(AppConfig::default());
    assert_eq!((warned(&story), story.app.leases.lint_report().count()), (vec![1, 2], 2));
    select(&mut story, 1);
    story.press(&[Key::Char('M')]);
    assert_eq!(choices(&story), [MuteChange::Lease, MuteChange::Service]);
    story.press(&[Key::Enter]);
    assert!(said(&story).contains("until it gets worse"), "{}", said(&story));
    let report = story.app.leases.lint_report();
    assert_eq!((warned(&story), report.count(), report.muted()), (vec![2], 1, 1));
    run_lints(&mut story.app, story.now);
    assert_eq!(warned(&story), [2], "the next check changes nothing");
    story.press(&[Key::Char('M')]);
    assert_eq!(choices(&story), [MuteChange::UnmuteLease]);
    story.press(&[Key::Enter]);
    assert!(said(&story).contains("is shown again") && !said(&story).contains("/svc"), "{}", said(&story));
    assert_eq!((warned(&story), story.app.leases.lint_report().muted()), (vec![1, 2], 0));
}

#[test]
fn a_warning_is_muted_for_the_leases_of_a_service_also_for_new_ones() {
    let mut story = crowd(AppConfig::default());
    select(&mut story, 2);
    story.press(&[Key::Char('M'), Key::Down, Key::Enter]);
    assert!(said(&story).contains("/svc/cron (2 leases)"), "{}", said(&story));
    assert!(warned(&story).is_empty());
    story.list(&[4], &[]);
    story.poll(4, 2, 3, &["/svc/cron/c"]);
    run_lints(&mut story.app, story.now);
    assert_eq!((warned(&story), story.app.leases.lint_report().muted()), (vec![], 3));
    select(&mut story, 4);
    story.press(&[Key::Char('M')]);
    assert_eq!(choices(&story), [MuteChange::UnmuteService]);
    story.press(&[Key::Enter]);
    assert!(said(&story).contains("of /svc/cron (3 leases) is shown again"), "{}", said(&story));
    assert_eq!(warned(&story), [1, 2, 4]);
}

#[test]
fn the_mute_is_for_the_service_that_the_menu_showed() {
    let mut story = crowd(AppConfig::default());
    select(&mut story, 1);
    story.press(&[Key::Char('M'), Key::Down]);
    story.poll(1, 2, 3, &["/svc/other/a"]);
    story.press(&[Key::Enter]);
    assert!(said(&story).contains("/svc/cron (1 lease)"), "{}", said(&story));
    assert_eq!(warned(&story), [1]);
}

#[test]
fn the_mute_of_a_lease_that_is_gone_says_so() {
    let mut story = crowd(AppConfig::default());
    select(&mut story, 1);
    story.press(&[Key::Char('M')]);
    story.list(&[], &[1]);
    story.press(&[Key::Enter]);
    assert!(said(&story).contains("is gone"), "{}", said(&story));
    assert_eq!(story.app.leases.lint_report().muted(), 0);
}

#[test]
fn a_mute_ends_when_the_lease_gets_worse() {
    let mut story = crowd(AppConfig::default());
    story.grant(7, 30);
    run_lints(&mut story.app, story.now);
    story.app.leases.set_warnings(LeaseId(7), vec!["short-ttl"]);
    story.app.leases.change_mutes(|mutes| mutes.mute_lease(LeaseId(7), "short-ttl"));
    assert!(!warned(&story).contains(&7));
    story.app.leases.set_warnings(LeaseId(7), vec!["thin-margin", "short-ttl"]);
    let lease = story.app.leases.get(LeaseId(7)).expect("the lease");
    assert_eq!(lease.active_warnings().collect::<Vec<_>>(), ["thin-margin", "short-ttl"]);
    story.app.leases.change_mutes(|mutes| mutes.mute_lease(LeaseId(7), "short-ttl"));
    story.app.leases.lift_mutes(LeaseId(7));
    assert_eq!(story.app.leases.get(LeaseId(7)).map(|lease| lease.muted_warnings().count()), Some(0));
}

#[test]
fn the_config_file_mutes_for_good() {
    let rule = MuteRule { warning: "short-ttl", target: MuteTarget::KeyPrefix("/svc/cron/".to_owned()) };
    let mut story = crowd(AppConfig { mutes: vec![rule], ..AppConfig::default() });
    assert_eq!((warned(&story), story.app.leases.lint_report().muted()), (vec![], 2));
    select(&mut story, 1);
    story.press(&[Key::Char('M')]);
    assert!(story.app.view.dialog.is_none());
    assert!(said(&story).contains("config file"), "{}", said(&story));
}

#[test]
fn a_lease_without_a_warning_has_nothing_to_mute() {
    let mut story = crowd(AppConfig::default());
    select(&mut story, 3);
    story.press(&[Key::Char('M')]);
    assert!(story.app.view.dialog.is_none() && said(&story).starts_with("Nothing to mute"), "{}", said(&story));
}

#[test]
fn filters_find_warnings_that_are_active_or_muted() {
    let mut story = crowd(AppConfig::default());
    let rows = |story: &mut Story, text: &str| {
        story.app.view.row_filter.typed = text.parse().expect("a filter");
        refresh_rows(&mut story.app, story.now);
        let mut rows = story.rows();
        rows.sort_unstable();
        rows
    };
    assert_eq!(rows(&mut story, "warn:any"), [1, 2]);
    select(&mut story, 1);
    story.press(&[Key::Char('M'), Key::Enter]);
    assert_eq!(rows(&mut story, "warn:any"), [2]);
    assert_eq!(rows(&mut story, "warn:muted"), [1]);
    assert_eq!(rows(&mut story, "warn:short-ttl"), [1, 2]);
    assert_eq!(rows(&mut story, "service:cron !warn:any"), [1]);
}
