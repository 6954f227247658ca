//! Charts of the detail: time left and intervals.

use super::*;
use etcd_lease::wire::{CallError, ErrorCause};

fn engine(when: f64, kind: EngineEventKind) -> (f64, Msg) {
    (when, Msg::Engine(EngineEvent { at: at(when), lease: Some(LeaseId(OWN)), kind }))
}

fn view(raft_term: u64, reachability: Reachability) -> Msg {
    let mut view = cluster();
    view.members.iter_mut().for_each(|member| {
        (member.raft_term, member.reachability) = (raft_term, reachability.clone());
    });
    Msg::Cluster(view)
}

/// Renewals at the given times in seconds, each with whether its response was dropped.
fn renewals(times: &[(f64, bool)]) -> Vec<(f64, Msg)> {
    let mut last = None;
    let mut messages = Vec::new();
    for (when, is_dropped) in times {
        let interval = last.map(|last| seconds(when - last));
        messages.push(engine(
            *when,
            EngineEventKind::Renewed { ttl: 10, interval, left: None, round_trip: seconds(0.0006) },
        ));
        if *is_dropped {
            messages.push(engine(*when, EngineEventKind::Dropped { queue_size: 16, queue_capacity: 16 }));
        }
        last = Some(*when);
    }
    messages
}

/// A 10 s lease with every kind of event in the last 30 s.
fn eventful() -> Vec<(f64, Msg)> {
    let times = [
        (60.0, false),
        (63.5, false),
        (68.0, false),
        (71.5, false),
        (75.0, false),
        (81.7, false),
        (84.7, true),
        (88.2, true),
    ];
    let mut messages = scene_messages();
    messages.extend(renewals(&times));
    let down = Reachability::Down { trouble: CallError::new(ErrorCause::Closed, "", "m", "gone") };
    messages.extend([
        engine(68.0, EngineEventKind::Missed { waited: seconds(1.0) }),
        (72.5, view(5, Reachability::Up)),
        (76.0, view(5, down)),
        (81.0, view(5, Reachability::Up)),
    ]);
    messages.sort_by(|one, two| one.0.total_cmp(&two.0));
    messages
}

/// The state with the detail of a lease open.
fn opened(id: i64, messages: Vec<(f64, Msg)>, size: (u16, u16)) -> AppState {
    let mut app = AppState::new(AppConfig::default(), Timestamp::START);
    update(&mut app, Msg::Resized(viewport(size.0, size.1)), Timestamp::START);
    for (when, msg) in messages {
        update(&mut app, msg, at(when));
        app.view.cursor = Some(LeaseId(id));
        app.view.is_open = true;
    }
    refresh_rows(&mut app, at(90.0));
    update(&mut app, Msg::Tick, at(90.0));
    app
}

fn picture(app: &AppState, size: (u16, u16)) -> String {
    text(&paint(app, size, Theme::default()))
}

#[test]
fn what_befell_a_lease_stands_on_the_saw_tooth() {
    // The warning about the full queue takes five of the lines.
    for size in [(80, 30), (200, 50)] {
        let picture = picture(&opened(OWN, eventful(), size), size);
        insta::assert_snapshot!(format!("charts_{}x{}", size.0, size.1), picture);
        for word in ["▢ 2 dropped", "▲ 1 missed", "? 1 gap", "★ 1 leader", " renewals"] {
            assert!(picture.contains(word), "{word}\n{picture}");
        }
    }
}

#[test]
fn without_colour_and_signs_they_say_the_same() {
    let size = (80, 24);
    let theme = Theme { palette: Palette::Mono, is_ascii: true, ..Theme::default() };
    let picture = text(&paint(&opened(OWN, eventful(), size), size, theme));
    assert!(picture.is_ascii(), "{picture}");
    insta::assert_snapshot!("charts_ascii_80x24", picture);
}

#[test]
fn another_clients_lease_has_a_chart_of_what_polls_showed() {
    let size = (80, 24);
    // Renewed at 70 and 80 s, polled every second with whole-second replies, no replies from 84 to 87 s.
    let polls = (62..=90).filter(|second| !(84..=87).contains(second)).map(|second: i64| {
        let renewed = if second < 70 { 60 } else { second / 10 * 10 };
        let left = 30 - (second - renewed) - 1;
        let answer =
            TimeToLive { id: LeaseId(-5), ttl: left, granted_ttl: 30, keys: Vec::new(), header: Header::default() };
        let when = second as f64 + 0.3;
        (when, Msg::Polled { sent: at(when), received: at(when), answer, has_keys: true })
    });
    let trouble =
        CallFailure { is_not_found: false, is_forbidden: false, is_unauthenticated: false, text: "no answer".into() };
    let failures = [84.5, 87.8].map(|when| (when, Msg::PollFailed { id: LeaseId(-5), failure: trouble.clone() }));
    let mut messages = scene_messages();
    messages.retain(|(_, msg)| !matches!(msg, Msg::Polled { .. }));
    messages.extend(polls.chain(failures).filter(|(when, _)| *when < 90.0));
    messages.sort_by(|one, two| one.0.total_cmp(&two.0));
    let picture = picture(&opened(-5, messages, size), size);
    insta::assert_snapshot!("charts_of_another_80x24", picture);
    assert!(picture.contains("? 1 gap  ┴ 2 renewals"), "{picture}");
}

#[test]
fn the_middle_of_the_chart_has_no_label_beside_the_same_interval() {
    let size = (80, 24);
    let polls = (40..90).map(|second: i64| {
        let answer = TimeToLive {
            id: LeaseId(-5),
            ttl: 20 - second % 10 - 1,
            granted_ttl: 20,
            keys: Vec::new(),
            header: Header::default(),
        };
        let when = second as f64 + 0.3;
        (when, Msg::Polled { sent: at(when), received: at(when), answer, has_keys: true })
    });
    let mut messages = scene_messages();
    messages.retain(|(_, msg)| !matches!(msg, Msg::Polled { .. }));
    messages.extend(polls);
    messages.sort_by(|one, two| one.0.total_cmp(&two.0));
    let picture = picture(&opened(-5, messages, size), size);
    let labels: Vec<&str> = picture.lines().filter_map(|line| Some(line.split_once(" ┤")?.0.trim())).collect();
    assert_eq!(labels.iter().filter(|label| label.starts_with("10")).count(), 1, "{picture}");
}

#[test]
fn the_span_is_changed_by_keys_and_has_ends() {
    let size = (80, 24);
    let mut app = opened(OWN, eventful(), size);
    let mut spans = Vec::new();
    for key in [']', ']', ']', ']', ']', ']', '[', '[', '[', '[', '[', '['] {
        update(&mut app, Msg::Key(Key::Char(key)), at(90.0));
        let picture = picture(&app, size);
        let (_, span) = picture.split_once(" last ").unwrap_or_else(|| panic!("{picture}"));
        spans.push(span.split("  ").next().unwrap_or_default().to_owned());
    }
    assert_eq!(spans[..6], ["112 s", "448 s", "1792 s", "7168 s", "8.0 h", "8.0 h"]);
    assert_eq!(spans[10..], ["28.0 s", "28.0 s"]);
}

#[test]
fn a_lease_of_which_nothing_was_seen_has_no_chart() {
    let size = (80, 24);
    let picture = picture(&opened(0x33, scene_messages(), size), size);
    assert!(picture.contains("\n lease ") && !picture.contains(" last "), "{picture}");
}

/// The chart must not change until a column is complete.
#[test]
fn the_saw_tooth_holds_still() {
    let size = (80, 24);
    let app = opened(OWN, eventful(), size);
    let chart = |when: f64| {
        let wall = WallClock { start: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC };
        let area = Rect::new(0, 0, size.0, size.1);
        let mut buf = Buffer::empty(area);
        draw(RenderContext { app: &app, now: at(when), wall: &wall, theme: Theme::default() }, area, &mut buf);
        let picture = text(&buf);
        let rows: Vec<String> =
            picture.lines().filter(|row| row.contains(['┤', '┼'])).map(|row| row.chars().take(60).collect()).collect();
        rows.join("\n")
    };
    // 28 s across 68 columns.
    let column: f64 = 3.5 * 8.0 / 68.0;
    let begin = (90.0 / column).ceil() * column;
    let (one, same, next) = (chart(begin + 0.01), chart(begin + column - 0.01), chart(begin + column + 0.01));
    assert_eq!(one, same);
    assert_ne!(one, next);
}
