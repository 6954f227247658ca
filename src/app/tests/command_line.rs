//! The command line: it opens, completes, remembers, and does what keys do.

use super::*;
use crate::app::dialog::Dialog;

/// Two own leases and one of another client, on a cluster with another one in the config file.
fn story() -> Story {
    let cluster = |name: &str| ClusterChoice { name: name.to_owned(), color: None, target: name.to_owned() };
    let label = Some(ClusterLabel { name: "prod".to_owned(), color: None });
    let mut story = Story::start(AppConfig {
        clusters: vec![cluster("prod"), cluster("test")],
        themes: vec!["dark".to_owned(), "light".to_owned()],
        label,
        ..AppConfig::default()
    });
    story.grant(1, 10);
    story.grant(2, 20);
    story.list(&[1, 2, 3], &[]);
    story.poll(3, 50, 60, &["/theirs"]);
    story
}

fn run(story: &mut Story, line: &str) -> Vec<Effect> {
    story.press(&[Key::Char(':')]);
    story.type_in(line);
    let effects = story.press(&[Key::Enter]);
    effects.into_iter().filter(|effect| !matches!(effect, Effect::Remember(..))).collect()
}

fn status(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |status| status.text.as_str())
}

fn input(story: &Story) -> String {
    match &story.app.view.dialog {
        Some(Dialog::Command(line)) => line.input.value().to_owned(),
        other => panic!("no command line: {other:?}"),
    }
}

#[test]
fn letters_are_typed_and_do_not_act() {
    let mut story = story();
    assert_eq!(story.press(&[Key::Char(':')]), []);
    assert_eq!(story.type_in("xyaonpr?!f1 /<>sI:"), []);
    assert_eq!(input(&story), "xyaonpr?!f1 /<>sI:");
    story.press(&[Key::Enter]);
    assert_eq!(input(&story), "xyaonpr?!f1 /<>sI:", "a wrong line stays open");
    story.press(&[Key::Esc]);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn seek_takes_a_place_a_span_or_a_time_of_day() {
    let mut story = story();
    let seconds = Duration::from_secs;
    for (typed, control) in [
        ("50%", PlaybackControl::Seek(500)),
        ("+5m", PlaybackControl::Forward(seconds(300))),
        ("-30", PlaybackControl::Back(seconds(30))),
        ("14:05:30", PlaybackControl::TimeOfDay(50_730)),
        ("7:05", PlaybackControl::TimeOfDay(25_500)),
    ] {
        assert_eq!(run(&mut story, &format!("seek {typed}")), [Effect::Play(control)], "{typed}");
    }
    for typed in ["24:00", "14:60", "14:05:30:1", "14", "+1:00", "14:005", ":"] {
        assert_eq!(run(&mut story, &format!("seek {typed}")), [], "{typed}");
        story.press(&[Key::Esc]);
    }
}

#[test]
fn a_typed_grant_is_sent_and_remembered_without_its_value() {
    let mut story = story();
    story.press(&[Key::Char(':')]);
    story.type_in("grant 120 --put /a=secret");
    let effects = story.press(&[Key::Enter]);
    let [Effect::Remember(HistoryKind::Commands, line), Effect::Grant(request)] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((line.as_str(), request.ttl), ("grant 120 --put /a=", 120));
    story.press(&[Key::Char(':'), Key::Up]);
    assert_eq!(input(&story), "grant 120 --put /a=");
}

#[test]
fn up_and_down_go_through_the_history() {
    let mut story = story();
    run(&mut story, "sort ttl");
    run(&mut story, "view events");
    story.press(&[Key::Char(':')]);
    story.type_in("ab");
    story.press(&[Key::Up, Key::Up, Key::Up]);
    assert_eq!(input(&story), "sort ttl");
    story.press(&[Key::Down]);
    assert_eq!(input(&story), "view events");
    story.press(&[Key::Down, Key::Down]);
    assert_eq!(input(&story), "ab");
}

#[test]
fn tab_completes() {
    let mut story = story();
    story.press(&[Key::Char(':')]);
    story.type_in("them");
    story.press(&[Key::Tab]);
    story.type_in(" l");
    story.press(&[Key::Tab]);
    assert_eq!(input(&story), "theme light");
    assert_eq!(story.press(&[Key::Enter]).last(), Some(&Effect::Theme("light".to_owned())));
}

#[test]
fn a_command_applies_to_the_lease_under_the_cursor_when_it_was_opened() {
    let mut story = story();
    story.press(&[Key::Home]);
    let id = story.app.view.cursor;
    story.press(&[Key::Char(':')]);
    story.type_in("revoke");
    // The rows move while the line is open.
    story.app.view.cursor = story.app.view.order().last().copied();
    story.press(&[Key::Enter]);
    let Some(Dialog::Revoke(dialog)) = &story.app.view.dialog else { panic!("{:?}", story.app.view.dialog) };
    assert_eq!(Some(dialog.id), id);
}

#[test]
fn a_command_does_not_apply_to_a_lease_that_is_gone() {
    let mut story = story();
    story.press(&[Key::Home]);
    let id = story.app.view.cursor.unwrap();
    story.press(&[Key::Char(':')]);
    story.type_in("renew");
    story.wait(100.0);
    story.list(&[], &[id.0]);
    assert!(story.app.leases.alive(id).is_none());
    let effects = story.press(&[Key::Enter]);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::RenewOnce(_) | Effect::RenewNow(_))), "{effects:?}");
    assert!(status(&story).contains("nothing was done"), "{}", status(&story));
}

#[test]
fn ids_are_acted_on_as_marks_are() {
    let mut story = story();
    run(&mut story, "revoke 1 3");
    assert!(matches!(story.app.view.dialog, Some(Dialog::RevokeMany(_))), "{:?}", story.app.view.dialog);
    story.press(&[Key::Esc]);
    assert!(story.app.view.selection.is_empty());
    run(&mut story, "revoke 3");
    let Some(Dialog::Revoke(dialog)) = &story.app.view.dialog else { panic!("{:?}", story.app.view.dialog) };
    assert_eq!(dialog.id, LeaseId(3));
    story.press(&[Key::Esc]);
    assert_eq!(run(&mut story, "revoke 1 99"), []);
    assert!(story.app.view.dialog.is_none() && status(&story).contains("nothing was done"), "{}", status(&story));
}

#[test]
fn without_ids_marks_come_first() {
    let mut story = story();
    story.press(&[Key::Home, Key::Char(' '), Key::Char(' ')]);
    run(&mut story, "revoke");
    assert!(matches!(story.app.view.dialog, Some(Dialog::RevokeMany(_))), "{:?}", story.app.view.dialog);
}

#[test]
fn read_only_refuses_what_writes() {
    let mut story = story();
    story.app.config.is_read_only = true;
    for line in ["grant 10", "revoke", "revoke 1", "renew", "keep-alive", "new"] {
        assert_eq!(run(&mut story, line), [], "{line}");
        assert!(story.app.view.dialog.is_none() && status(&story).starts_with("Read-only"), "{line}");
    }
}

#[test]
fn a_filter_is_set_and_remembered_with_the_filters() {
    let mut story = story();
    run(&mut story, "filter who:other");
    assert_eq!(story.rows(), [3]);
    story.press(&[Key::Esc, Key::Char('/'), Key::Up]);
    assert_eq!(story.app.view.row_filter.line.as_ref().unwrap().input.value(), "who:other");
    assert_eq!(story.rows(), [3]);
    story.press(&[Key::Down]);
    assert_eq!(story.app.view.row_filter.line.as_ref().unwrap().input.value(), "");
    story.type_in("ttl=10");
    let effects = story.press(&[Key::Enter]);
    assert_eq!(effects, [Effect::Remember(HistoryKind::Filters, "ttl=10".to_owned())]);
}

#[test]
fn a_filter_of_the_history_ends_the_completion_of_the_one_before() {
    let mut story = story();
    run(&mut story, "filter ttl>5");
    story.press(&[Key::Esc, Key::Char('/')]);
    story.type_in("who:");
    story.press(&[Key::Tab, Key::Up, Key::Tab]);
    assert_eq!(story.app.view.row_filter.line.as_ref().unwrap().input.value(), "ttl>5");
}

#[test]
fn an_action_that_a_view_does_not_have_says_so() {
    let mut story = story();
    run(&mut story, "view events");
    run(&mut story, "sort-menu");
    assert_eq!(status(&story), "sort-menu: not in the view Events");
}

#[test]
fn the_introduction_belongs_to_the_demo() {
    let mut story = story();
    run(&mut story, "tour");
    assert!(!story.app.view.shows_tour);
    assert_eq!(status(&story), "The introduction belongs to the demo");
    story.app.config.is_demo = true;
    run(&mut story, "tour");
    assert!(story.app.view.shows_tour);
    story.press(&[Key::Down]);
    assert!(!story.app.view.shows_tour);
}

#[test]
fn an_action_that_changes_nothing_says_why() {
    let mut story = story();
    run(&mut story, "clear-marks");
    assert_eq!(status(&story), "clear-marks: no lease is marked");
}

#[test]
fn keys_of_the_command_line_do_not_clear_the_filter_of_another_view() {
    let mut story = story();
    story.press(&[Key::Char('3'), Key::Char('/')]);
    story.type_in("grant");
    let text = |story: &Story| story.app.view.events_view.filter.text().to_owned();
    for key in [Key::Up, Key::Down, Key::Tab, Key::BackTab] {
        story.press(&[key]);
        assert_eq!(text(&story), "grant", "{key}");
    }
}

#[test]
fn columns_are_shown() {
    let mut story = story();
    run(&mut story, "columns key id");
    assert_eq!(story.app.view.columns, [Column::FirstKey, Column::Id]);
}

#[test]
fn writing_the_config_file_shows_the_change_first() {
    let mut story = story();
    run(&mut story, "sort ttl:desc");
    run(&mut story, "theme light");
    assert_eq!(run(&mut story, "write-config"), [Effect::ReadConfigFile]);
    let text = Some("# mine\nsort = \"id\"\n".to_owned());
    story.send(Msg::ConfigFile { path: "/c.toml".to_owned(), text: text.clone() });
    let Some(Dialog::WriteConfig(dialog)) = &story.app.view.dialog else { panic!("{:?}", story.app.view.dialog) };
    let lines: Vec<&str> = dialog.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(lines, ["sort = \"id\"", "sort = \"ttl:desc\"", "theme = \"light\""]);
    let effects = story.press(&[Key::Char('y')]);
    let [Effect::WriteConfigFile(change)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(change.old, text);
    assert_eq!(change.new, "# mine\nsort = \"ttl:desc\"\ntheme = \"light\"\n");
    story.send(Msg::ConfigFile { path: "/c.toml".to_owned(), text: Some(change.new.clone()) });
    assert!(story.app.view.dialog.is_none());
    assert_eq!(status(&story), "/c.toml already has these settings");
}

#[test]
fn leaving_a_cluster_asks_about_the_leases_that_are_kept_alive() {
    let mut story = story();
    assert_eq!(run(&mut story, "cluster prod"), []);
    assert_eq!(status(&story), "Already on prod");
    assert_eq!(run(&mut story, "cluster test"), []);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Leave(_))));
    let effects = story.press(&[Key::Enter]);
    let [Effect::SwitchCluster { to, keep }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((to.as_str(), keep.iter().map(|kept| kept.id.0).collect::<Vec<_>>()), ("test", vec![1, 2]));
    story.press(&[Key::Char('c'), Key::Down, Key::Enter]);
    let effects = story.press(&[Key::Char('s')]);
    assert_eq!(effects, [Effect::SwitchCluster { to: "test".to_owned(), keep: Vec::new() }]);
}

#[test]
fn own_leases_are_revoked_before_the_switch() {
    let mut story = story();
    run(&mut story, "cluster test");
    let effects = story.press(&[Key::Char('r')]);
    assert_eq!(effects, [Effect::Revoke(LeaseId(1)), Effect::Revoke(LeaseId(2))]);
    let revoked = |id| Msg::Revoked { id: LeaseId(id), revision: 9, keys_deleted: Some(0) };
    assert_eq!(story.send(revoked(1)), []);
    assert_eq!(story.send(revoked(2)), [Effect::SwitchCluster { to: "test".to_owned(), keep: Vec::new() }]);
}

#[test]
fn a_lease_that_cannot_be_revoked_keeps_the_monitor_on_its_cluster() {
    let mut story = story();
    run(&mut story, "cluster test");
    story.press(&[Key::Char('r')]);
    let is_switch = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::SwitchCluster { .. }));
    let effects = story.send(Msg::RevokeFailed { id: LeaseId(1), failure: trouble("no answer") });
    assert!(!is_switch(&effects));
    let effects = story.send(Msg::Revoked { id: LeaseId(2), revision: 9, keys_deleted: Some(0) });
    assert!(!is_switch(&effects));
}

#[test]
fn quitting_asks_about_leases_in_the_background() {
    let mut story = Story::start(AppConfig::default());
    let kept = KeptLease { id: LeaseId(7), ownership: Ownership::Own, asked_ttl: Some(10) };
    let kept = BackgroundLeases { cluster: "prod".to_owned(), leases: vec![kept], is_sandbox: false };
    story.send(Msg::Background(vec![kept]));
    assert_eq!(run(&mut story, "quit"), []);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Quit(_))));
    assert_eq!(story.press(&[Key::Char('r')]), [Effect::RevokeBackground]);
    assert_eq!(story.send(Msg::BackgroundRevoked { failed: 0 }), [Effect::Quit { still_alive: Vec::new() }]);
}

#[test]
fn a_lease_on_another_cluster_that_cannot_be_revoked_ends_the_attempt_to_quit() {
    let revoked = |id| Msg::Revoked { id: LeaseId(id), revision: 9, keys_deleted: Some(0) };
    let failed = Msg::BackgroundRevoked { failed: 1 };
    for replies in [[revoked(1), failed.clone()], [failed, revoked(1)]] {
        let mut story = Story::start(AppConfig::default());
        story.grant(1, 10);
        let kept = KeptLease { id: LeaseId(7), ownership: Ownership::Own, asked_ttl: Some(10) };
        let kept = BackgroundLeases { cluster: "prod".to_owned(), leases: vec![kept], is_sandbox: false };
        story.send(Msg::Background(vec![kept]));
        let effects = story.press(&[Key::Char('q'), Key::Char('r')]);
        assert_eq!(effects, [Effect::RevokeBackground, Effect::Revoke(LeaseId(1))]);
        assert_eq!(status(&story), "Revoking 1 lease before quitting; q quits at once");
        let is_quit = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Quit { .. }));
        for reply in replies {
            let effects = story.send(reply);
            assert!(!is_quit(&effects), "{effects:?}");
        }
        assert!(!story.app.jobs.is_quitting(), "the next time, quitting asks again");
        story.grant(2, 10);
        let effects = story.send(revoked(2));
        assert!(!is_quit(&effects), "{effects:?}");
    }
}

#[test]
fn leases_of_the_background_are_own_again_after_the_return() {
    let mut story = Story::start(AppConfig::default());
    let kept = |id, ownership| KeptLease { id: LeaseId(id), ownership, asked_ttl: None };
    story.send(Msg::Resumed(vec![kept(1, Ownership::Own), kept(2, Ownership::Adopted)]));
    story.renewed(1, 10, 3.5);
    story.renewed(2, 10, 3.5);
    let owner = |id| story.app.leases.get(LeaseId(id)).map(|lease| (lease.ownership, lease.is_kept_alive));
    assert_eq!(owner(1), Some((Ownership::Own, true)));
    assert_eq!(owner(2), Some((Ownership::Adopted, true)));
}
