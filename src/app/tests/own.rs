//! Copying, id formats, attaching keys, zoom, columns, poll limit and mouse.

use super::*;
use crate::app::dialog::Dialog;
use crate::id_format::IdFormat;
use etcd_lease::Fault;

const ETCDCTL: &str = "etcdctl --endpoints a:1";

fn story() -> Story {
    let mut story = Story::start(AppConfig { etcdctl: Some(ETCDCTL.to_owned()), ..AppConfig::default() });
    story.grant(0x10, 10);
    story
}

fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

fn attached(key: &str, value: &str) -> Vec<Effect> {
    vec![Effect::Attach { id: LeaseId(0x10), key: key.into(), value: value.into() }]
}

#[test]
fn the_id_is_copied_as_it_is_shown() {
    let mut story = story();
    assert_eq!(story.press(&[Key::Char('y')]), [Effect::Copy("0000000000000010".to_owned())]);
    let copied = |story: &mut Story, text: &str, outcome| {
        story.send(Msg::Copied { text: text.to_owned(), outcome });
        note(story).to_owned()
    };
    let sent = copied(&mut story, "0000000000000010", CopyOutcome::Terminal);
    assert_eq!(sent, "0000000000000010 sent to the terminal's clipboard (OSC 52)");
    let refused = copied(&mut story, "0000000000000010", CopyOutcome::TmuxRefuses);
    assert!(refused.contains("tmux set -s set-clipboard on"), "{refused}");
    assert_eq!(story.press(&[Key::Char('#'), Key::Char('y')]), [Effect::Copy("16".to_owned())]);
    let sent = copied(&mut story, "16", CopyOutcome::Tmux);
    assert_eq!(sent, "16 sent to tmux's buffer and its terminal's clipboard (leasetop reads it as dec:16)");
    story.press(&[Key::Char('3')]);
    assert_eq!(story.press(&[Key::Char('y'), Key::Char('Y')]), [], "there no lease is selected");
}

#[test]
fn the_copied_command_uses_a_hex_id() {
    let mut story = story();
    let command = format!("{ETCDCTL} lease timetolive --keys 0000000000000010");
    assert_eq!(story.press(&[Key::Char('#'), Key::Char('Y')]), [Effect::Copy(command.clone())]);
    story.grant(-5, 5);
    story.press(&[Key::Home]);
    let command = format!("{ETCDCTL} lease timetolive --keys -- -000000000000005");
    assert_eq!(story.press(&[Key::Char('Y')]), [Effect::Copy(command)]);
    story.app.config.etcdctl = None;
    assert_eq!(story.press(&[Key::Char('Y')]), []);
    assert!(note(&story).contains("no endpoint for etcdctl"), "{}", note(&story));
}

#[test]
fn without_a_lease_nothing_is_copied() {
    let mut story = Story::start(AppConfig::default());
    assert_eq!(story.press(&[Key::Char('y'), Key::Char('Y'), Key::Char('K')]), []);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn the_id_format_applies_to_the_frozen_view_and_messages() {
    let mut story = story();
    story.press(&[Key::Char('p'), Key::Char('#')]);
    assert_eq!(
        (story.app.view.id_format, story.app.active_view().view.id_format),
        (IdFormat::Decimal, IdFormat::Decimal)
    );
    story.press(&[Key::Char('p'), Key::Char('x'), Key::Char('y')]);
    assert_eq!(note(&story), "Revoking 16…");
    story.press(&[Key::Char('#')]);
    assert_eq!(story.app.view.id_format, IdFormat::Hex);
}

#[test]
fn a_key_is_attached_to_an_own_lease_by_enter() {
    let mut story = story();
    story.press(&[Key::Char('K')]);
    story.type_in("/a=b={id}");
    assert_eq!(story.press(&[Key::Enter]), attached("/a", "b={id}"), "exactly");
    assert!(story.app.view.dialog.is_none());
    assert_eq!(note(&story), "Attaching /a to 0000000000000010…");
}

#[test]
fn one_line_of_a_pasted_text_is_attached() {
    let mut story = story();
    story.press(&[Key::Char('K')]);
    story.send(Msg::Pasted("/a=1\r\n".to_owned()));
    assert_eq!(note(&story), "");
    story.send(Msg::Pasted("2\r\n/b=3".to_owned()));
    assert_eq!(note(&story), "Not all lines were pasted: there is no field for the rest");
    assert_eq!(story.press(&[Key::Enter]), attached("/a", "12"));
}

#[test]
fn text_without_an_equals_sign_is_not_attached_and_esc_closes() {
    let mut story = story();
    story.press(&[Key::Char('K'), Key::Enter]);
    story.type_in("/a");
    assert_eq!(story.press(&[Key::Enter]), []);
    story.press(&[Key::Backspace, Key::Backspace]);
    story.type_in("=b");
    assert_eq!(story.press(&[Key::Enter]), []);
    for leave in [Key::Esc, Key::Ctrl('c')] {
        assert!(matches!(story.app.view.dialog, Some(Dialog::Attach(_))));
        story.press(&[leave]);
        assert!(story.app.view.dialog.is_none());
        story.press(&[Key::Char('K')]);
    }
}

#[test]
fn attaching_to_a_lease_of_another_client_needs_the_number() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[0x10], &[]);
    story.poll(0x10, 500, 600, &[]);
    story.press(&[Key::Char('K')]);
    story.type_in("/a=b");
    assert_eq!(story.press(&[Key::Enter, Key::Enter]), [], "goes to the number");
    story.type_in("x2");
    assert_eq!(story.press(&[Key::Enter]), []);
    story.press(&[Key::Backspace, Key::Tab, Key::Backspace, Key::Char('c'), Key::Tab]);
    story.type_in("1");
    assert_eq!(story.press(&[Key::Enter]), attached("/a", "c"));
}

#[test]
fn the_attach_dialog_notices_an_adoption_or_end() {
    let mut story = story();
    story.press(&[Key::Char('K')]);
    story.type_in("/a=b");
    story.app.leases.get_mut(LeaseId(0x10)).expect("a lease").ownership = Ownership::Other;
    assert_eq!(story.press(&[Key::Enter]), [], "it changed hands");
    story.send(Msg::Revoked { id: LeaseId(0x10), revision: 7, keys_deleted: Some(0) });
    assert_eq!(story.press(&[Key::Char('1'), Key::Enter]), []);
    assert!(story.app.view.dialog.is_none());
}

#[test]
fn a_paste_is_inserted_and_submits_nothing() {
    let mut story = story();
    story.press(&[Key::Char('K')]);
    story.send(Msg::Pasted("/a=b\r\n\x1b".to_owned()));
    assert_eq!(story.press(&[Key::Enter]), attached("/a", "b"));
}

#[test]
fn read_only_attaches_nothing() {
    let mut story = Story::start(AppConfig { is_read_only: true, ..AppConfig::default() });
    story.list(&[0x10], &[]);
    story.press(&[Key::Char('K')]);
    assert!(story.app.view.dialog.is_none() && note(&story).starts_with("Read-only"), "{}", note(&story));
    assert_eq!(story.press(&[Key::Char('y')]).len(), 1, "copying changes nothing");
}

#[test]
fn zoom_shows_one_pane_full_screen_and_esc_ends_it() {
    let mut story = story();
    story.send(Msg::Resized(Viewport { rows: 5, events: 20, has_detail: true, zoomed: 25, ..Viewport::default() }));
    story.press(&[Key::Char('z')]);
    assert_eq!((story.app.view.is_zoomed, story.app.view.window.rows), (true, 25));
    assert!(!story.app.view.is_detail_visible(), "it has no place beside the table");
    story.press(&[Key::Enter]);
    assert!(story.app.view.is_open && story.app.view.is_detail_visible());
    story.press(&[Key::Esc, Key::Esc]);
    assert_eq!((story.app.view.is_zoomed, story.app.view.window.rows), (false, 5));
    story.press(&[Key::Char('3'), Key::Char('z')]);
    assert!(!story.app.view.is_zoomed, "the events have the screen anyway");
}

#[test]
fn zoom_persists_over_the_freeze() {
    let mut story = story();
    story.send(Msg::Resized(Viewport { rows: 5, zoomed: 25, ..Viewport::default() }));
    story.press(&[Key::Char('p'), Key::Char('z')]);
    assert!(story.app.active_view().view.is_zoomed && !story.app.view.is_zoomed);
    story.press(&[Key::Char('p')]);
    assert_eq!((story.app.view.is_zoomed, story.app.view.window.rows), (true, 25));
}

#[test]
fn wide_columns_scroll_to_the_last_column() {
    let mut story = story();
    story.press(&[Key::Right]);
    assert_eq!(story.app.view.pan, 0, "as many as fit are shown");
    story.press(&[Key::Char('w')]);
    story.press(&[Key::Right; 50]);
    assert_eq!(story.app.view.pan, story.app.config.columns.len() - 2, "one stays beside the id");
    story.press(&[Key::Left]);
    assert_eq!(story.app.view.pan, story.app.config.columns.len() - 3);
    story.press(&[Key::Char('w')]);
    assert_eq!((story.app.view.is_wide, story.app.view.pan), (false, 0));
}

#[test]
fn plus_and_minus_change_the_poll_limit() {
    let mut story = story();
    story.press(&[Key::Char('+')]);
    assert_eq!((story.app.polls.limit, note(&story)), (500, "Poll limit 500/s"));
    let down: Vec<u32> = (0..4).map(|_| budget_after(&mut story, '-')).collect();
    assert_eq!(down, [200, 100, 50, 20]);
    story.press(&[Key::Char('-'); 20]);
    assert_eq!((story.app.polls.limit, story.app.polls.chosen_limit), (1, Some(1)));
    assert_eq!(note(&story), "Poll limit 1/s, the lowest");
    story.press(&[Key::Char('+'); 40]);
    assert_eq!(story.app.polls.limit, 100_000);
    assert_eq!(note(&story), "Poll limit 100000/s, the highest");
}

#[test]
fn a_poll_limit_between_two_steps_moves_to_the_next_step() {
    let from = |budget, key| budget_after(&mut Story::start(AppConfig { budget, ..AppConfig::default() }), key);
    assert_eq!((from(300, '+'), from(300, '-')), (500, 200));
    assert_eq!((from(250_000, '+'), from(250_000, '-')), (250_000, 100_000));
    assert_eq!((from(1, '-'), from(0, '-'), from(0, '+')), (1, 0, 1));
}

fn budget_after(story: &mut Story, key: char) -> u32 {
    story.press(&[Key::Char(key)]);
    story.app.polls.limit
}

#[test]
fn mouse_mode_is_toggled() {
    let mut story = story();
    assert!(story.app.view.has_mouse, "it is on by default");
    assert_eq!(story.press(&[Key::Char('m')]), [Effect::Mouse(false)]);
    assert_eq!(story.press(&[Key::Char('m')]), [Effect::Mouse(true)]);
    assert!(note(&story).contains("m: off"), "{}", note(&story));
}

#[test]
fn a_click_selects_or_sorts_and_confirms_no_dialog() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[1, 2, 3], &[]);
    story.send(Msg::Clicked(ClickTarget::Row(LeaseId(3))));
    assert_eq!(story.app.view.cursor, Some(LeaseId(3)));
    story.send(Msg::Clicked(ClickTarget::Header(Column::Id)));
    assert_eq!((story.rows(), story.app.view.cursor), (vec![1, 2, 3], Some(LeaseId(3))));
    story.send(Msg::Clicked(ClickTarget::Header(Column::Id)));
    assert_eq!((story.rows(), story.app.view.cursor), (vec![3, 2, 1], Some(LeaseId(3))));
    story.press(&[Key::Char('x')]);
    story.send(Msg::Clicked(ClickTarget::Row(LeaseId(1))));
    story.send(Msg::Wheel { is_down: true });
    assert_eq!(story.app.view.cursor, Some(LeaseId(3)));
}

#[test]
fn the_wheel_scrolls_rows_and_help() {
    let mut story = Story::start(AppConfig::default());
    story.list(&(1..=20).collect::<Vec<_>>(), &[]);
    let row = |story: &Story| story.app.view.cursor_row();
    story.press(&[Key::Home]);
    story.send(Msg::Wheel { is_down: true });
    assert_eq!(row(&story), Some(3));
    story.send(Msg::Wheel { is_down: false });
    assert_eq!(row(&story), Some(0));
    story.press(&[Key::Char('?')]);
    (0..3).for_each(|_| drop(story.send(Msg::Wheel { is_down: true })));
    story.app.clamp_scroll(4);
    assert!(matches!(story.app.view.dialog, Some(Dialog::Help(ref help)) if help.top == 4));
}

#[test]
fn the_wheel_moves_through_the_choices_of_a_menu() {
    let cluster = |name: &str| ClusterChoice { name: name.to_owned(), color: None, target: name.to_owned() };
    let clusters = vec![cluster("prod"), cluster("test")];
    let mut story = Story::start(AppConfig { clusters, ..AppConfig::default() });
    story.press(&[Key::Char('C')]);
    story.send(Msg::Wheel { is_down: true });
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Columns(menu)) if menu.place == 1));
    story.press(&[Key::Esc, Key::Char('c')]);
    story.send(Msg::Wheel { is_down: true });
    assert!(matches!(&story.app.view.dialog, Some(Dialog::Clusters(menu)) if menu.place == 1));
}

#[test]
fn an_early_renewal_does_not_make_the_next_one_late() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 600);
    story.renewed(1, 600, 0.01);
    let late_from = |story: &Story| story.app.leases.get(LeaseId(1)).and_then(Lease::late_from);
    assert!(late_from(&story).is_some_and(|from| from < at(1.0)), "by its interval alone");
    let lease = story.app.leases.get_mut(LeaseId(1)).expect("a lease");
    lease.engine.as_mut().expect("it is kept").expected = Some(Duration::from_secs(200));
    assert_eq!(late_from(&story), Some(at(220.5)));
}

/// Sends a status of an own lease with this response queue and drill.
fn with_queue(story: &mut Story, depth: usize, dropped: u64, drill: Option<Fault>) {
    story.renewed(1, 10, 3.5);
    let mut status =
        (**story.app.leases.get(LeaseId(1)).and_then(|lease| lease.engine.as_ref()).expect("a status")).clone();
    status.queue = QueueGauge { depth, capacity: 16, dropped };
    status.drill = drill;
    story.send(Msg::Statuses(vec![status]));
}

#[test]
fn a_reader_that_reads_nothing_is_stalled_and_a_full_queue_is_a_warning() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    with_queue(&mut story, 3, 0, None);
    assert_eq!(story.state(1), "ok");
    with_queue(&mut story, 3, 0, Some(Fault::StallConsumer));
    assert_eq!(story.state(1), "stalled", "in a drill, from its start");
    let slow = Some(Fault::SlowConsumer { every: Duration::from_secs(9) });
    with_queue(&mut story, 16, 0, slow);
    assert_eq!(story.state(1), "ok", "a slow reader still reads");
    with_queue(&mut story, 15, 2, slow);
    assert_eq!((story.state(1), story.others_lease(1).warnings.as_slice()), ("stalled", &["queue-full"][..]));
    with_queue(&mut story, 16, 0, None);
    assert_eq!(story.state(1), "stalled", "a full queue");
    run_lints(&mut story.app, story.now);
    assert_eq!(story.app.leases.get(LeaseId(1)).expect("it").warnings.to_vec(), [""; 0], "nothing was dropped yet");
    with_queue(&mut story, 16, 2, None);
    run_lints(&mut story.app, story.now);
    assert_eq!(story.app.leases.get(LeaseId(1)).expect("it").warnings.to_vec(), ["queue-full"]);
    with_queue(&mut story, 0, 2, Some(Fault::HoldSender));
    assert_eq!(story.state(1), "paused", "its renewals are held back on purpose");
}

#[test]
fn the_warning_about_a_full_queue_has_the_number_of_the_table_and_ends_with_the_drill() {
    let mut story = Story::start(AppConfig::default());
    story.grant(1, 10);
    let whats = |story: &Story| {
        let found = story.app.leases.findings(story.others_lease(1));
        found.into_iter().map(|finding| finding.what).collect::<Vec<_>>()
    };
    let drill = Some(Fault::StallConsumer);
    for dropped in [1, 2] {
        with_queue(&mut story, 16, dropped, drill);
        let told = format!("the response queue is full (16 of 16); dropped so far: {dropped}.");
        assert_eq!(whats(&story), [told], "without waiting for a run of the lints");
        run_lints(&mut story.app, story.now);
    }
    with_queue(&mut story, 0, 2, None);
    assert_eq!((story.state(1), whats(&story).len(), story.others_lease(1).warnings.len()), ("ok", 0, 0));
}

#[test]
fn with_stall_every_lease_is_stalled_from_the_start() {
    let mut story = Story::start(AppConfig { is_reader_stalled: true, ..AppConfig::default() });
    story.grant(1, 10);
    with_queue(&mut story, 1, 0, None);
    assert_eq!(story.state(1), "stalled");
    story.press(&"/state:stalled".chars().map(Key::Char).collect::<Vec<_>>());
    assert_eq!(story.rows(), [1]);
}

#[test]
fn the_cycles_of_a_lease_are_shares_of_its_ttl() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[7], &[]);
    for renewal in 0..4 {
        for poll in 0..10 {
            story.now = at(10.0 * f64::from(renewal) + f64::from(poll));
            story.poll(7, 19 - i64::from(poll), 20, &["/a"]);
        }
    }
    let cycles = story.app.leases.get(LeaseId(7)).expect("it").cycles(story.now);
    assert!(cycles.len() >= 3 && cycles.len() <= 5, "{cycles:?}");
    let is_half = |share: &Option<f64>| share.is_some_and(|share| (0.4..0.6).contains(&share));
    assert!(cycles[..cycles.len() - 1].iter().all(is_half), "{cycles:?}");
}

#[test]
fn a_gap_in_the_polls_takes_the_place_of_one_cycle_and_the_others_stay() {
    let mut story = Story::start(AppConfig::default());
    story.list(&[7], &[]);
    let mut poll = |second: u32| {
        story.now = at(f64::from(second));
        story.poll(7, 19 - i64::from(second % 10), 20, &["/a"]);
        story.app.leases.get(LeaseId(7)).expect("it").cycles(story.now)
    };
    (0..36).for_each(|second| _ = poll(second));
    let gap = poll(43);
    assert_eq!(gap.len(), 4, "{gap:?}");
    assert!(gap[..2].iter().all(Option::is_some) && gap[2].is_none(), "{gap:?}");
    (44..69).for_each(|second| _ = poll(second));
    let after = poll(69);
    assert_eq!(after.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, true, true], "{after:?}");
}
