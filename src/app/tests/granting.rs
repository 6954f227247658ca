//! The form for new leases.

use super::*;
use crate::app::dialog::{Dialog, Field, GrantForm};

fn form(story: &Story) -> &GrantForm {
    match &story.app.view.dialog {
        Some(Dialog::Grant(form)) => form,
        other => panic!("no form: {other:?}"),
    }
}

fn texts(form: &GrantForm) -> Vec<&str> {
    let lines = form.fields().into_iter().filter(|field| matches!(field, Field::Put(_)));
    lines.filter_map(|field| Some(form.input(field)?.value())).collect()
}

fn order(effects: Vec<Effect>) -> GrantRequest {
    match <[Effect; 1]>::try_from(effects) {
        Ok([Effect::Grant(order)]) => order,
        other => panic!("no order: {other:?}"),
    }
}

#[test]
fn several_keys_are_entered_one_per_line() {
    let mut story = Story::start(AppConfig::default());
    story.type_in("n2");
    story.press(&[Key::Tab, Key::Tab, Key::Tab]);
    story.type_in("/a=b=c");
    story.press(&[Key::Tab]);
    story.type_in("/d=");
    let order = order(story.press(&[Key::Enter]));
    assert_eq!(order.templates, [KeyTemplate::parse("/a=b=c").unwrap(), KeyTemplate::parse("/d=").unwrap()]);
}

#[test]
fn each_rule_is_shown_while_typing() {
    let mut story = Story::start(AppConfig::default());
    let reported = |story: &Story, field| form(story).check(field);
    story.type_in("n0");
    assert_eq!(reported(&story, Field::Ttl), Err("at least 1 s".to_owned()));
    story.press(&[Key::Backspace]);
    story.type_in("9000000001");
    assert_eq!(reported(&story, Field::Ttl), Err("at most 9000000000 s".to_owned()));
    story.press(&[Key::Ctrl('u'), Key::Char('9'), Key::Tab, Key::Char('x')]);
    assert_eq!(reported(&story, Field::Ttl), Ok("9 s".to_owned()));
    assert_eq!(reported(&story, Field::Count), Err("a number from 1 to 10000".to_owned()));
    story.press(&[Key::Backspace, Key::Char('2'), Key::Tab, Key::Char('7')]);
    assert_eq!(reported(&story, Field::Id), Err("only with one lease".to_owned()));
    story.press(&[Key::Backspace, Key::Tab]);
    story.type_in("/a");
    assert_eq!(reported(&story, Field::Put(0)), Err("add =VALUE".to_owned()));
    story.type_in("=b");
    assert_eq!(reported(&story, Field::Put(0)), Err("one key each: /a/{n}=x".to_owned()));
    assert!(!form(&story).is_right());
    story.press(&[Key::Left, Key::Left]);
    story.type_in("{n}");
    assert!(form(&story).is_right());
    assert_eq!(order(story.press(&[Key::Enter])).count, 2);
}

/// Enter in any field moves to the first invalid field, and shows its rule.
#[test]
fn an_error_is_shown_at_its_field() {
    let mut story = Story::start(AppConfig::default());
    story.type_in("n1");
    story.press(&[Key::Tab, Key::Tab, Key::Tab]);
    story.type_in("=x");
    assert_eq!(story.press(&[Key::BackTab, Key::BackTab, Key::Enter]), []);
    assert_eq!(form(&story).focus, Field::Put(0));
    assert_eq!(story.app.view.status.as_ref().unwrap().text, "key=value: add a key before the =");
}

#[test]
fn the_timing_field_starts_with_the_option_and_applies_to_the_new_lease() {
    let mut story = Story::start(AppConfig { pace: RenewalSchedule::Exact, ..AppConfig::default() });
    story.type_in("n1");
    assert_eq!(form(&story).pace, RenewalSchedule::Exact);
    story.press(&[Key::BackTab, Key::Char(' ')]);
    assert_eq!(order(story.press(&[Key::Enter])).pace, Some(RenewalSchedule::Clientv3));
}

/// Letters, `q` and digits are text; only Esc and Ctrl-c close, and Enter grants once.
#[test]
fn fast_typing_reaches_the_right_field() {
    let mut story = Story::start(AppConfig::default());
    story.type_in("n90");
    story.press(&[Key::Tab, Key::Tab, Key::Tab]);
    assert_eq!(story.type_in("/x/q=yes no ?1!"), []);
    assert_eq!(texts(form(&story)), ["/x/q=yes no ?1!"]);
    assert_eq!(order(story.press(&[Key::Enter])).ttl, 90);
    assert!(story.app.view.dialog.is_none());
}

/// Several keys, one per line, as in a file.
#[test]
fn pasted_text_is_inserted_and_grants_nothing() {
    let mut story = Story::start(AppConfig::default());
    story.type_in("n1");
    assert_eq!(story.send(Msg::Pasted("0\n".to_owned())), []);
    assert_eq!(form(&story).input(Field::Ttl).unwrap().value(), "10");
    story.press(&[Key::Tab, Key::Tab, Key::Tab]);
    assert_eq!(story.send(Msg::Pasted("/a=1\r\n/b=\x1b[2J2\r".to_owned())), []);
    assert_eq!(texts(form(&story)), ["/a=1", "/b=[2J2", ""]);
    assert_eq!(story.send(Msg::Pasted("x".repeat(1_000_000))), []);
    assert_eq!(texts(form(&story))[2].len(), 10_000);
}

#[test]
fn pasted_text_moves_no_switch_of_the_form() {
    let mut story = Story::start(AppConfig::default());
    story.type_in("n90");
    story.press(&[Key::BackTab]);
    story.send(Msg::Pasted("e".to_owned()));
    assert_eq!(story.app.view.status.as_ref().unwrap().text, "Paste ignored: no text field has the focus");
    story.press(&[Key::BackTab, Key::BackTab]);
    story.send(Msg::Pasted((0..16).map(|n| format!("/a{n}=b\n")).collect::<String>() + "n"));
    assert!(story.app.view.status.as_ref().unwrap().text.starts_with("Not all lines were pasted"));
    let order = order(story.press(&[Key::Enter]));
    assert_eq!((order.templates.len(), order.keep_alive), (16, true));
    assert_eq!(order.pace, Some(RenewalSchedule::Clientv3));
}

#[test]
fn two_pasted_lines_are_not_one_ttl() {
    let mut story = Story::start(AppConfig::default());
    story.type_in("n");
    story.send(Msg::Pasted("60\n90".to_owned()));
    assert_eq!(form(&story).input(Field::Ttl).unwrap().value(), "60");
}

#[test]
fn text_can_be_pasted_into_the_search_of_the_help() {
    let mut story = Story::start(AppConfig::default());
    story.type_in("?/");
    story.send(Msg::Pasted("mute\n".to_owned()));
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Help(help)) if help.search.value() == "mute"));
}

#[test]
fn pasted_text_never_runs_commands() {
    for opened in ["", "x", "?", "q", "a", "!"] {
        let mut story = Story::start(AppConfig::default());
        story.grant(1, 10);
        story.type_in(opened);
        let was = format!("{:?}", story.app.view.dialog);
        for text in ["y", "xy", "q\nqr", "\n", "1\n"] {
            assert_eq!(story.send(Msg::Pasted(text.to_owned())), [], "{text:?} after {opened:?}");
        }
        assert_eq!(format!("{:?}", story.app.view.dialog), was);
        assert!(story.app.view.status.as_ref().unwrap().text.contains("Paste ignored"));
    }
}

#[test]
fn a_replacement_for_a_lost_lease_has_its_keys_and_schedule() {
    let mut lease = Lease::new(LeaseId(1));
    lease.granted_ttl = Some(2);
    lease.keys = Some(LeaseKeys::of(vec![b"/b".to_vec(), b"/a".to_vec(), b"/c".to_vec(), vec![0xff]]));
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 2);
    story.renewed(1, 2, 1.0);
    let mut status = *story.app.leases.get(LeaseId(1)).unwrap().engine.clone().unwrap();
    status.pace = RenewalSchedule::Exact;
    lease.engine = Some(Box::new(status));
    let values = vec![(b"/a".to_vec(), ReadValue::of(b"x=y".to_vec())), (b"/b".to_vec(), ReadValue::Forbidden)];
    let form = GrantForm::like(&lease, Some(&values), RenewalSchedule::Clientv3);
    assert_eq!(texts(&form), ["/a=x=y", "/b", "/c"], "invalid UTF-8 is omitted");
    assert_eq!((form.pace, form.keep_alive), (RenewalSchedule::Exact, true));
    assert_eq!(form.input(Field::Ttl).unwrap().value(), "2s", "a digit alone would be a preset");
    assert_eq!(form.request().expect_err("a value is missing").0, Field::Put(1));

    let odd = ["/a=b", "/{n}", "/x/{ttl}", "/{id}", "/v", "/w"].map(|key| key.as_bytes().to_vec());
    lease.keys = Some(LeaseKeys::of(odd.to_vec()));
    let values =
        vec![(b"/v".to_vec(), ReadValue::of(b"{id}".to_vec())), (b"/w".to_vec(), ReadValue::of(b"1".to_vec()))];
    let form = GrantForm::like(&lease, Some(&values), RenewalSchedule::Clientv3);
    assert_eq!(texts(&form), ["/v", "/w=1"], "nothing is put under another key or with another value");

    let bare = GrantForm::like(&Lease::new(LeaseId(2)), None, RenewalSchedule::Exact);
    assert_eq!((texts(&bare), bare.pace), (vec![""], RenewalSchedule::Exact));
}

fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

/// Others' leases 0x51 to 0x55, the cursor on the third, and a request for `count` leases of 10 s.
fn requested(count: &str) -> Story {
    let mut story = Story::start(AppConfig::default());
    story.list(&[0x51, 0x52, 0x53, 0x54, 0x55], &[]);
    story.app.view.cursor = Some(LeaseId(0x53));
    story.type_in("n1");
    story.press(&[Key::Tab]);
    story.type_in(count);
    story.press(&[Key::Enter]);
    story
}

#[test]
fn a_grant_reports_how_many_and_moves_the_cursor_to_the_first() {
    let mut story = requested("2");
    assert_eq!(note(&story), "Granting 2 leases of 10 s…");
    story.grant(0x70, 10);
    assert_eq!((note(&story), story.app.view.cursor), ("Granting 2 leases of 10 s…", Some(LeaseId(0x53))));
    story.grant(0x60, 10);
    assert_eq!((note(&story), story.app.view.cursor), ("Granted 2 leases of 10 s", Some(LeaseId(0x70))));
    for cursor in [0x53, 0x70, 0x53] {
        story.press(&[Key::Char('`')]);
        assert_eq!(story.app.view.cursor, Some(LeaseId(cursor)));
    }
    story.list(&[], &[0x70]);
    story.wait(40.0);
    story.send(Msg::Tick);
    story.press(&[Key::Char('`')]);
    assert_eq!(note(&story), "`: 0000000000000070 is no longer listed");
}

#[test]
fn failures_of_a_grant_are_counted() {
    let mut story = requested("2");
    story.grant(0x70, 10);
    story.send(Msg::GrantFailed { job: Some(1), ttl: 10, failure: trouble("no leader") });
    assert_eq!(note(&story), "Granted 1 of 2 leases of 10 s: no leader");
    assert_eq!(story.app.view.cursor, Some(LeaseId(0x70)));
    let mut story = requested("1");
    story.send(Msg::GrantFailed { job: Some(1), ttl: 10, failure: trouble("no leader") });
    assert_eq!(note(&story), "Could not grant a lease of 10 s: no leader");
}

#[test]
fn replies_to_requests_with_the_same_ttl_are_told_apart() {
    let mut story = requested("2");
    story.type_in("n1");
    assert_eq!(order(story.press(&[Key::Enter])).job, Some(2));
    story.grant_for(Some(2), 0x60, 10);
    assert_eq!((note(&story), story.app.view.cursor), ("Granted 0000000000000060: 10 s", Some(LeaseId(0x60))));
    story.send(Msg::GrantFailed { job: Some(1), ttl: 10, failure: trouble("no leader") });
    assert_eq!(note(&story), "Granted 0 of 2 leases of 10 s: no leader");
    assert!(story.app.jobs.grants.is_empty());
}

#[test]
fn recorded_replies_without_the_number_of_a_request_can_be_read() {
    let failed = Msg::GrantFailed { job: None, ttl: 10, failure: trouble("no leader") };
    let old = serde_json::to_string(&failed).unwrap().replace("\"job\":null,", "");
    assert!(!old.contains("job"), "{old}");
    assert_eq!(serde_json::from_str::<Msg>(&old).unwrap(), failed);
}

#[test]
fn the_cursor_stays_where_the_user_is_busy_and_with_leases_from_the_command_line() {
    let mut story = requested("1");
    story.press(&[Key::Char('x')]);
    story.grant(0x70, 10);
    assert_eq!(story.app.view.cursor, Some(LeaseId(0x53)), "a dialog is open");
    let mut story = requested("1");
    story.press(&[Key::Char('v')]);
    story.grant(0x70, 10);
    assert_eq!(story.app.view.cursor, Some(LeaseId(0x53)), "a range is being marked");
    let mut story = requested("1");
    story.grant(0x70, 20);
    assert_eq!(story.app.view.cursor, Some(LeaseId(0x53)), "another request");
    story.press(&[Key::Char('`')]);
    assert_eq!(note(&story), "`: nothing to jump back to; it works after a grant");
}
