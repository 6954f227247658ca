use super::marking::note;
use super::*;
use crate::app::dialog::Dialog;
use etcd_lease::Fault;

fn read_only() -> AppConfig {
    AppConfig { is_read_only: true, ..AppConfig::default() }
}

fn granted_by(story: &mut Story, keys: &str) -> Option<GrantRequest> {
    story.type_in(keys);
    match story.press(&[Key::Enter]).pop() {
        Some(Effect::Grant(order)) => Some(order),
        _ => None,
    }
}

#[test]
fn n_2_enter_grants_120_seconds() {
    let mut story = Story::start(AppConfig::default());
    let order = granted_by(&mut story, "n2").unwrap();
    let expected = GrantRequest {
        ttl: 120,
        count: 1,
        id: None,
        templates: vec![],
        keep_alive: true,
        pace: Some(RenewalSchedule::Clientv3),
        first_number: 1,
        job: Some(1),
    };
    assert_eq!(order, expected);
    assert!(story.app.view.dialog.is_none());
    story.grant(5, 120);
    assert_eq!(story.app.leases.get(LeaseId(5)).unwrap().ownership, Ownership::Own);
}

#[test]
fn the_grant_form_accepts_every_field() {
    let mut story = Story::start(AppConfig::default());
    story.type_in("n5m");
    story.press(&[Key::Tab, Key::Tab]);
    story.type_in("694d");
    story.press(&[Key::Down]);
    story.type_in("/q=no quit");
    // A filled key field adds another one.
    story.press(&[Key::Tab, Key::Tab, Key::Char('n'), Key::Tab, Key::Char('e')]);
    let order = granted_by(&mut story, "").unwrap();
    assert_eq!((order.ttl, order.id, order.keep_alive), (300, Some(LeaseId(0x694d)), false));
    assert_eq!(order.pace, Some(RenewalSchedule::Exact));
    assert_eq!(order.templates, [KeyTemplate::parse("/q=no quit").unwrap()]);
}

#[test]
fn an_invalid_form_grants_nothing_and_marks_the_field() {
    let mut story = Story::start(AppConfig::default());
    assert_eq!(granted_by(&mut story, "n"), None);
    assert_eq!(granted_by(&mut story, "0"), None);
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Grant(form)) if form.focus == dialog::Field::Ttl));
    story.press(&[Key::Esc]);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn a_raised_ttl_is_shown_as_requested_and_granted() {
    let mut story = Story::start(AppConfig::default());
    let answer = Granted { id: LeaseId(1), requested_ttl: 1, ttl: 2, header: Header::default() };
    story.send(Msg::Granted { sent: story.now, received: story.now, answer, keep_alive: false, job: None });
    assert!(story.app.view.status.as_ref().unwrap().text.contains("1 s requested → 2 s granted"));
}

#[test]
fn x_y_revokes_the_lease_it_was_opened_on() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.grant(2, 120);
    assert_eq!(story.press(&[Key::Char('x')]), []);
    story.renewed(1, 3600, 3.5);
    assert_eq!(story.press(&[Key::Char('y')]), [Effect::Revoke(LeaseId(1))]);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn enter_in_the_revoke_dialog_cancels() {
    for key in [Key::Enter, Key::Esc, Key::Char('q'), Key::Ctrl('c')] {
        let mut story = Story::start(AppConfig::default());
        story.grant(1, 10);
        assert_eq!(story.press(&[Key::Char('x'), Key::Char('x'), Key::Delete, key]), []);
        assert!(story.app.view.dialog.is_none(), "{key}");
    }
}

#[test]
fn a_lease_of_another_client_needs_the_typed_number() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[7], &[]);
    assert_eq!(story.press(&[Key::F(9), Key::Char('y'), Key::Char('2'), Key::Enter]), []);
    assert!(story.app.view.dialog.is_some(), "a wrong number neither revokes nor closes");
    assert_eq!(story.press(&[Key::Backspace, Key::Char('1'), Key::Enter]), [Effect::Revoke(LeaseId(7))]);
}

#[test]
fn more_than_a_hundred_keys_need_the_typed_number() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.press(&[Key::Char('x')]);
    let keys: Vec<String> = (0..101).map(|n| format!("/k/{n}")).collect();
    story.poll(1, 9, 10, &keys.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(story.press(&[Key::Char('y')]), []);
    assert_eq!(story.press(&[Key::Char('1'), Key::Enter]), [Effect::Revoke(LeaseId(1))]);
}

#[test]
fn keys_that_only_the_measured_undo_shows_count_too() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.press(&[Key::Char('x')]);
    let Some(Dialog::Revoke(dialog)) = &mut story.app.view.dialog else { panic!("the dialog is open") };
    dialog.undo = UndoSize::Known(Ok(UndoMeasure { first: Vec::new(), keys: 101, bytes: 101 }));
    assert_eq!(story.press(&[Key::Char('y')]), []);
    assert_eq!(story.press(&[Key::Char('1'), Key::Enter]), [Effect::Revoke(LeaseId(1))]);
}

#[test]
fn a_lease_that_ends_while_its_dialog_is_open_is_not_revoked() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.press(&[Key::Char('x')]);
    story.wait(11.0);
    story.list(&[], &[1]);
    assert_eq!(story.press(&[Key::Char('y')]), []);
    assert!(story.app.view.dialog.is_some());
    assert_eq!(story.press(&[Key::Enter]), []);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn keepalive_is_toggled_and_adopting_asks() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    assert_eq!(story.press(&[Key::Char('a')]), [Effect::StopKeepAlive(LeaseId(1))]);
    assert_eq!(story.state(1), "paused");
    assert!(note(&story).ends_with("; expires in 10.0 s"), "{}", note(&story));
    assert_eq!(story.press(&[Key::Char('a')]), [Effect::StartKeepAlive { id: LeaseId(1), pace: None }]);

    story.list(&[7], &[]);
    story.app.view.cursor = Some(LeaseId(7));
    assert_eq!(story.press(&[Key::Char('a'), Key::Enter]), []);
    assert_eq!(story.press(&[Key::Char('a'), Key::Char('y')]), [Effect::StartKeepAlive { id: LeaseId(7), pace: None }]);
    assert_eq!(story.app.leases.get(LeaseId(7)).unwrap().ownership, Ownership::Adopted);
    story.poll_left(7, 9, 10);
    assert_eq!(story.press(&[Key::Char('a')]), [Effect::StopKeepAlive(LeaseId(7))]);
    assert_eq!(story.app.leases.get(LeaseId(7)).unwrap().ownership, Ownership::Other);
    assert!(note(&story).ends_with(" s unless its client renews it"), "{}", note(&story));
}

#[test]
fn renewing_an_own_lease_once_does_not_ask() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.press(&[Key::Char('a')]);
    assert_eq!(story.press(&[Key::Char('o')]), [Effect::RenewOnce(LeaseId(1))]);
    story.wait(4.0);
    story.send(Msg::Renewed { sent: story.now, received: story.now, id: LeaseId(1), ttl: 10 });
    assert_eq!(story.left(1), Some(10.0));
}

#[test]
fn read_only_refuses_everything_that_writes_or_renews() {
    let config = AppConfig { grants: requests_for(&[10], 1, &[]).unwrap(), ..read_only() };
    let mut story = Story { app: AppState::new(config, Timestamp::START), now: Timestamp::START };
    assert_eq!(story.send(Msg::Cluster(view())), [], "initial leases are not granted either");
    story.list(&[7], &[]);
    for key in ['n', 'a', 'o', 'x', 'K', 'T', 'u'] {
        let effects = story.press(&[Key::Char(key), Key::Char('y')]);
        assert!(effects.iter().all(|effect| matches!(effect, Effect::Copy(_))), "{effects:?}");
        assert!(story.app.view.dialog.is_none());
        story.press(&[Key::Char(key)]);
        assert!(story.app.view.status.as_ref().unwrap().text.contains("Read-only"));
    }
}

#[test]
fn quitting_asks_only_while_leases_are_kept_on_a_real_cluster() {
    let mut story = Story::start(AppConfig::default());
    assert_eq!(story.press(&[Key::Char('q')]), [Effect::Quit { still_alive: vec![] }]);
    story.grant(1, 10);
    assert_eq!(story.press(&[Key::Ctrl('c'), Key::Esc]), []);
    assert!(story.app.view.dialog.is_none());
    for key in [Key::Enter, Key::Char('q'), Key::Ctrl('c')] {
        assert_eq!(story.press(&[Key::Char('q'), key]), [Effect::Quit { still_alive: vec![LeaseId(1)] }]);
    }
    let sandbox = AppConfig { backend: Backend::Sandbox { warp: 1 }, ..AppConfig::default() };
    let mut story = Story::start(sandbox);
    story.grant(1, 10);
    assert_eq!(story.press(&[Key::Char('?'), Key::Char('q')]), [], "an overlay is closed first");
    assert_eq!(story.press(&[Key::Char('q')]), [Effect::Quit { still_alive: vec![] }]);
}

#[test]
fn quitting_with_r_revokes_what_is_ours_and_waits_for_the_answers() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.grant(2, 10);
    story.list(&[7], &[]);
    story.app.view.cursor = Some(LeaseId(7));
    story.press(&[Key::Char('a'), Key::Char('y')]);
    let effects = story.press(&[Key::Char('q'), Key::Char('r')]);
    assert_eq!(effects, [Effect::Revoke(LeaseId(1)), Effect::Revoke(LeaseId(2))]);
    assert_eq!(story.send(Msg::Revoked { id: LeaseId(1), revision: 3, keys_deleted: None }), []);
    let effects = story.send(Msg::RevokeFailed { id: LeaseId(2), failure: trouble("no") });
    assert_eq!(effects, [Effect::Quit { still_alive: vec![LeaseId(2), LeaseId(7)] }]);
}

#[test]
fn keys_without_a_function_only_say_so() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.app.view.reset_redraw();
    for key in [Key::Char('Z'), Key::F(5), Key::Ctrl('x'), Key::Backspace] {
        assert_eq!(story.press(&[key]), []);
        assert_eq!(story.app.view.reset_redraw(), Redraw::Now);
        let note = story.app.view.status.as_ref().map(|note| note.text.clone());
        assert_eq!(note, Some(format!("{key} is not bound; ? lists the keys")));
    }
}

#[test]
fn a_drill_starts_on_the_lease_of_its_dialog_and_the_same_key_ends_it() {
    let mut story = Story::start(AppConfig::default());
    story.grant(5, 10);
    story.press(&[Key::Char('!')]);
    story.grant(4, 10);
    let effects = story.press(&[Key::Char('+'), Key::Char('4')]);
    assert_eq!(effects, [Effect::Drill { id: LeaseId(5), drill: Some(Fault::DropReplies { left: 4 }) }]);
    assert!(story.app.view.dialog.is_none());
    story.renewed(5, 10, 3.5);
    let mut status = *story.app.leases.get(LeaseId(5)).unwrap().engine.clone().unwrap();
    status.drill = Some(Fault::StallConsumer);
    story.send(Msg::Statuses(vec![status]));
    assert_eq!(story.state(5), "stalled");
    story.app.view.cursor = Some(LeaseId(5));
    assert_eq!(story.press(&[Key::Char('!')]), [Effect::Drill { id: LeaseId(5), drill: None }]);
}

#[test]
fn a_drill_is_refused_when_read_only_and_on_leases_of_others() {
    let mut story = Story::start(read_only());
    story.grant(5, 10);
    no_drill(&mut story, "Read-only");
    let mut story = Story::start(AppConfig::default());
    story.list(&[7], &[]);
    no_drill(&mut story, "Another client's lease");
    let mut story = Story::start(AppConfig::default());
    story.grant(5, 10);
    story.press(&[Key::Char('a')]);
    no_drill(&mut story, "Not kept alive");
    let mut story = Story::start(AppConfig::default());
    story.grant(5, 10);
    story.press(&[Key::Char('!')]);
    story.list(&[5], &[]);
    story.list(&[], &[5]);
    assert_eq!(story.press(&[Key::Char('1')]), [], "it ended while the dialog was open");
}

/// Checks that the dialog says why there is no drill, and that digits neither start one nor change the view.
fn no_drill(story: &mut Story, why: &str) {
    assert_eq!(story.press(&[Key::Char('!')]), []);
    for digit in '1'..='5' {
        assert_eq!(story.press(&[Key::Char(digit)]), []);
        let Some(Dialog::Drill(dialog)) = &story.app.view.dialog else { panic!("{why}: {digit} closed it") };
        assert!(dialog.obstacle(&story.app.leases, &story.app.config).is_some_and(|told| told.starts_with(why)));
    }
    story.press(&[Key::Enter]);
    assert!(story.app.view.dialog.is_none() && story.app.view.active == View::Leases);
}

#[test]
fn the_help_scrolls_to_its_end() {
    let mut story = Story::start(AppConfig::default());
    let top = |story: &Story| match &story.app.view.dialog {
        Some(Dialog::Help(help)) => help.top,
        _ => panic!("the help is open"),
    };
    story.press(&[Key::Char('?')]);
    let mut tops = Vec::new();
    for key in [Key::Up, Key::Down, Key::PageDown, Key::Down, Key::Down, Key::Char('k'), Key::Home, Key::End] {
        story.press(&[key]);
        story.app.clamp_scroll(12);
        tops.push(top(&story));
    }
    assert_eq!(tops, [0, 1, 11, 12, 12, 11, 0, 12]);
    story.press(&[Key::Char('?')]);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn a_key_that_is_no_answer_is_told_which_keys_are() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    story.list(&[7], &[]);
    story.poll(7, 20, 30, &["/a"]);
    let note = |story: &Story| story.app.view.status.as_ref().map_or(String::new(), |note| note.text.clone());
    for (id, action, told) in [
        (1, 'x', "y revokes; n or Esc cancels"),
        (7, 'x', "type 1 and Enter to revoke; n or Esc cancels"),
        (7, 'a', "y keeps alive; n or Esc cancels"),
        (7, 'o', "y renews; n or Esc cancels"),
    ] {
        story.app.view.cursor = Some(LeaseId(id));
        assert_eq!(story.press(&[Key::Char(action), Key::Char('k')]), []);
        assert_eq!(note(&story), told);
        assert!(story.app.view.dialog.is_some());
        assert_eq!(story.press(&[Key::Char('n')]), []);
        assert!(story.app.view.dialog.is_none(), "{told}");
    }
}

#[test]
fn enter_in_an_incomplete_form_says_what_is_missing() {
    let mut story = Story::start(AppConfig::default());
    story.press(&[Key::Char('n'), Key::Enter]);
    let note = |story: &Story| story.app.view.status.as_ref().map_or(String::new(), |note| note.text.clone());
    assert_eq!(note(&story), "TTL: seconds, or 5m, 2h, 1d");
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Grant(form)) if form.is_refused()));
    story.press(&[Key::Esc]);
    story.grant(1, 10);
    story.press(&[Key::Char('K'), Key::Enter]);
    assert_eq!(note(&story), "KEY=VALUE");
}

#[test]
fn a_key_without_a_function_in_a_dialog_is_told_so() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    let note = |story: &Story| story.app.view.status.as_ref().map_or(String::new(), |note| note.text.clone());
    for (opens, key) in [
        (Key::Char('q'), Key::Char('k')),
        (Key::Char('!'), Key::Char('9')),
        (Key::Char('!'), Key::Char('k')),
        (Key::Char('W'), Key::Char('k')),
        (Key::Char('s'), Key::Char('x')),
        (Key::Char('C'), Key::Char('x')),
        (Key::Char('?'), Key::Char('x')),
        (Key::Ctrl('z'), Key::Char('y')),
    ] {
        story.press(&[opens]);
        story.app.view.status = None;
        assert_eq!(story.press(&[key]), []);
        assert_eq!(note(&story), format!("{key} does nothing in this dialog; Esc leaves it"), "after {opens}");
        story.press(&[Key::Esc]);
        assert!(story.app.view.dialog.is_none(), "after {opens}");
    }
    // Esc shows all lines of the help first.
    story.type_in("?/ttl");
    story.press(&[Key::Enter, Key::Char('Z')]);
    assert_eq!(note(&story), "Z does nothing in this dialog");
    story.press(&[Key::Esc]);
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Help(help)) if !help.is_filtered()));
    story.press(&[Key::Esc]);
    assert!(story.app.view.dialog.is_none());
    story.app.view.status = None;
    for keys in ["nx", ":x", "?/x", "sj", "!+"] {
        story.type_in(keys);
        assert_eq!(note(&story), "", "after {keys}");
        story.press(&[Key::Esc, Key::Esc]);
    }
}
