//! Members view, and what the header says of members.

use std::time::SystemTime;

use super::*;
use crate::app::{CallFailure, MemberReading};
use etcd_lease::wire::{MemberProbe, ProbeStep};
use etcd_lease::{LeaseCounters, ListedMember, MemberAlarm};

const SIZES: [(u16, u16); 5] = [(39, 7), (40, 12), (80, 24), (120, 35), (200, 50)];

fn member(id: u64) -> MemberView {
    MemberView {
        endpoint: format!("10.0.0.{id}:2379"),
        member_id: id,
        is_leader: id == 1,
        version: "3.6.16".into(),
        db_size: 20_100_000,
        db_size_in_use: 16_000_000,
        db_size_quota: Some(2_147_483_648),
        ..cluster().members[0].clone()
    }
}

fn listing() -> Vec<ListedMember> {
    let listed = |id: u64, name: &str| ListedMember {
        id,
        name: name.to_owned(),
        client_urls: vec![format!("http://10.0.0.{id}:2379")],
        ..ListedMember::default()
    };
    vec![listed(1, "etcd-1"), listed(2, "etcd-2\x1b[2J"), listed(3, "etcd-3")]
}

/// Endpoints 1 and 2, of which the second stopped answering after 78 s and has raised an alarm; member 3 is no endpoint.
fn messages() -> Vec<(f64, Msg)> {
    let mut messages = scene_messages();
    let view = |members| ClusterView { cluster_id: 1, members, chosen: Some(0), ..ClusterView::default() };
    let alarms = vec![MemberAlarm { member_id: 2, cause: ErrorCause::NoSpace }];
    let alarmed = MemberView { alarms, ..member(1) };
    let trouble = CallError::new(ErrorCause::Refused, "read the status", "10.0.0.2:2379", "connection refused");
    let lost = MemberView {
        endpoint: "10.0.0.2:2379".into(),
        reachability: Reachability::Down { trouble },
        ..MemberView::default()
    };
    let outside = vec![MemberView { endpoint: "http://10.0.0.3:2379".into(), ..member(3) }];
    let reading = MemberReading { listed: Ok(listing()), outside };
    messages[0] = (0.0, Msg::Cluster(view(vec![member(1), member(2)])));
    messages.push((78.0, Msg::Cluster(view(vec![alarmed.clone(), member(2)]))));
    messages.push((80.0, Msg::Cluster(view(vec![alarmed, lost]))));
    messages.push((89.0, Msg::Members { reading, has_outside: true }));
    messages
}

fn picture(size: (u16, u16), keys: &[Key]) -> String {
    let mut app = app(AppConfig::default(), messages(), size);
    for key in keys {
        update(&mut app, Msg::Key(*key), at(90.0));
        refresh_rows(&mut app, at(90.0));
    }
    text(&paint(&app, size, Theme::default()))
}

#[test]
fn the_view_at_all_sizes() {
    for size in SIZES {
        insta::assert_snapshot!(format!("members_{}x{}", size.0, size.1), picture(size, &[Key::Char('5')]));
    }
}

#[test]
fn the_selected_member_is_explained() {
    let shown = picture((80, 24), &[Key::Char('5'), Key::Down]);
    assert!(shown.contains(r"etcd-2\x1b[2J · unknown · id 2 · 10.0.0.2:2379"), "{shown}");
    assert!(shown.contains("connection refused") && shown.contains("alarm NOSPACE: "), "{shown}");
    let shown = picture((80, 24), &[Key::Char('5'), Key::Char('G')]);
    assert!(shown.contains("etcd-3 * · follower · id 3 · http://10.0.0.3:2379"), "{shown}");
    assert!(shown.contains("database 20.1 MB of 2.1 GB (1 %), 16.0 MB in use"), "{shown}");
}

#[test]
fn a_filter_shows_some_members_and_says_if_it_shows_none() {
    let typed = |text: &str| {
        [&[Key::Char('5'), Key::Char('/')], &text.chars().map(Key::Char).collect::<Vec<_>>()[..], &[Key::Enter]]
            .concat()
    };
    let shown = picture((80, 24), &typed("follower"));
    assert!(shown.contains("1 member · /follower · ") && !shown.contains("etcd-1  "), "{shown}");
    assert!(picture((80, 24), &typed("xyz")).contains("No member matches the filter."));
    let unknown = MemberView { member_id: 0, endpoint: "etcd:1".into(), ..member(1) };
    let view = ClusterView { cluster_id: 1, members: vec![unknown], chosen: Some(0), ..ClusterView::default() };
    let mut app = app(AppConfig::default(), vec![(0.0, Msg::Cluster(view))], (80, 24));
    for key in typed("0") {
        update(&mut app, Msg::Key(key), at(90.0));
    }
    let shown = text(&paint(&app, (80, 24), Theme::default()));
    assert!(shown.contains("No member matches the filter."), "an unknown id is not searched: {shown}");
}

#[test]
fn the_header_of_every_view_warns_of_a_silent_member_and_an_alarm() {
    for key in ['1', '2', '3', '4', '5'] {
        for width in [80, 120, 200] {
            let shown = picture((width, 35), &[Key::Char(key)]);
            let header = shown.lines().next().unwrap_or_default();
            assert!(header.contains("▲ 2 of 3 members") && !header.contains("healthy"), "{key}: {header}");
            let names_it = header.contains(r"etcd-2\x1b[2J does not answer");
            assert!((width < 120 || names_it) && header.matches("members").count() == 1, "{key}: {header}");
            assert!(header.contains(r"alarm NOSPACE etcd-2\x1b[2J"), "{key}: {header}");
        }
    }
    let header = |width: u16| {
        let alarms = (1..=3).map(|id| MemberAlarm { member_id: id, cause: ErrorCause::NoSpace });
        let alarmed = MemberView { alarms: alarms.collect(), ..member(1) };
        let mut messages = scene_messages();
        let members = vec![alarmed, member(2), member(3)];
        messages[0] =
            (0.0, Msg::Cluster(ClusterView { cluster_id: 1, members, chosen: Some(0), ..ClusterView::default() }));
        let app = app(AppConfig::default(), messages, (width, 35));
        text(&paint(&app, (width, 35), Theme::default())).lines().next().unwrap_or_default().to_owned()
    };
    let all = "10.0.0.1:2379 ✖ alarm NOSPACE 10.0.0.1:2379, 10.0.0.2:2379, 10.0.0.3:2379   3 members, leader m1";
    assert!(header(200).contains(all), "{}", header(200));
    let narrow = header(120);
    assert!(
        narrow.contains("✖ alarm NOSPACE 10.0.0.1:2379, 10.0.0.2:2379 +1 ") && !narrow.contains("healthy"),
        "{narrow}"
    );
    assert!(narrow.ends_with("22:14:50"), "the time stays: {narrow}");
    let healthy = screen((120, 35), &[]);
    assert!(healthy.lines().next().unwrap_or_default().contains("● healthy"), "{healthy}");
}

/// Two members with TLS, whose certificates end in 12 and a half days and in a year.
fn secure_messages() -> Vec<(f64, Msg)> {
    const DAY: u64 = 86_400;
    let ends = |days: u64| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + days * DAY + DAY / 2));
    let secure = |id: u64, days| MemberView {
        endpoint: format!("https://10.0.0.{id}:2379"),
        certificate_end: ends(days),
        ..member(id)
    };
    let mut messages = scene_messages();
    let members = vec![secure(1, 12), secure(2, 365)];
    let view = ClusterView { cluster_id: 1, members, chosen: Some(0), ..ClusterView::default() };
    messages[0] = (0.0, Msg::Cluster(view));
    let listed = listing().into_iter().take(2).collect();
    let reading = MemberReading { listed: Ok(listed), outside: Vec::new() };
    messages.push((89.0, Msg::Members { reading, has_outside: true }));
    messages
}

#[test]
fn the_header_of_every_view_names_a_certificate_that_ends_soon() {
    for key in ['1', '2', '3', '4', '5'] {
        for width in [80, 120, 200] {
            let mut app = app(AppConfig::default(), secure_messages(), (width, 35));
            update(&mut app, Msg::Key(Key::Char(key)), at(90.0));
            refresh_rows(&mut app, at(90.0));
            let shown = text(&paint(&app, (width, 35), Theme::default()));
            let header = shown.lines().next().unwrap_or_default();
            assert!(header.contains("▲ certificate of etcd-1 expires in 12 days"), "{key}: {header}");
            if key == '5' {
                assert!(width < 120 || shown.contains("CERTIFICATE"), "{shown}");
                assert!(shown.contains("certificate until 2023-11-27: expires in 12 days"), "{shown}");
            }
        }
    }
    assert!(!picture((200, 50), &[Key::Char('5')]).to_lowercase().contains("certificate"), "in plain text");
}

#[test]
fn the_selected_member_shows_its_probe_and_past_leaders_are_listed() {
    let mut messages = messages();
    let done = ProbeStep::Done(Duration::from_micros(1_240));
    let trouble = CallError::new(ErrorCause::NoReply, "renew a lease", "10.0.0.1:2379", "no reply in time");
    let renewal = ProbeStep::Failed { after: Duration::from_secs(4), trouble };
    let probe =
        MemberProbe { member_id: 1, endpoint: "10.0.0.1:2379".into(), grant: done.clone(), renewal, revoke: done };
    messages.push((89.5, Msg::MembersProbed(vec![probe])));
    let members = vec![MemberView { raft_term: 9, is_leader: false, leader_id: 3, ..member(1) }];
    let view = ClusterView { cluster_id: 1, members, chosen: Some(0), ..ClusterView::default() };
    messages.push((89.6, Msg::Cluster(view)));
    let mut app = app(AppConfig::default(), messages, (120, 35));
    update(&mut app, Msg::Key(Key::Char('5')), at(90.0));
    refresh_rows(&mut app, at(90.0));
    let shown = text(&paint(&app, (120, 35), Theme::default()));
    assert!(shown.contains("grant 1.2 ms, renewal failed after 4.0 s: no reply in time"), "{shown}");
    assert!(shown.contains("term 9: etcd-3 from 22:14:49 until now"), "{shown}");
    let later = text(&paint_at(at(90.0 + 86_400.0), &app, (120, 35), Theme::default()));
    assert!(later.contains("term 9: etcd-3 from 2023-11-14 22:14:49 until now"), "{later}");
}

#[test]
fn the_rates_of_etcd_and_why_there_are_none() {
    let counted = |granted, renewed| LeaseCounters { member_id: 1, granted, renewed, ..LeaseCounters::default() };
    let shown_at = |seconds: f64, is_replay: bool, readings: Vec<(f64, Result<LeaseCounters, CallFailure>)>| {
        let readings = readings.into_iter().map(|(at, reading)| (at, Msg::ServerCounters(reading)));
        let config = AppConfig { is_replay, ..AppConfig::default() };
        let mut app = app(config, messages().into_iter().chain(readings).collect(), (120, 35));
        update(&mut app, Msg::Key(Key::Char('5')), at(seconds));
        refresh_rows(&mut app, at(seconds));
        text(&paint_at(at(seconds), &app, (120, 35), Theme::default()))
    };
    let shown = |readings| shown_at(90.0, false, readings);
    let both = shown(vec![(89.2, Ok(counted(10, 0))), (89.7, Ok(counted(11, 20)))]);
    assert!(both.contains("Leases per second, last 0.5 s                   etcd    leasetop  difference"), "{both}");
    assert!(both.contains("granted                                          2.0         0.0        -2.0"), "{both}");
    assert!(both.contains("renewed                                         40.0         0.0       -40.0"), "{both}");
    let failure = CallFailure {
        is_not_found: false,
        is_forbidden: false,
        is_unauthenticated: false,
        text: "connection refused".into(),
    };
    assert!(shown(vec![(89.5, Err(failure))]).contains("The counters of etcd cannot be read: connection refused"));
    let old = || vec![(80.0, Ok(counted(10, 0))), (90.0, Ok(counted(11, 20)))];
    assert!(shown_at(111.0, false, old()).contains("Leases per second, 10.0 s until 22:14:50"), "it was read earlier");
    assert!(shown_at(90.0, true, old()).contains("Leases per second, 10.0 s until 22:14:50"), "a recording");
    let none = shown_at(90.0, true, Vec::new());
    assert!(none.contains("Leases per second: none recorded up to 22:14:50."), "{none}");
}

#[test]
fn long_names_leave_the_columns_that_matter() {
    let mut messages = scene_messages();
    let members = (1..=2).map(|id| MemberView { endpoint: format!("https://etcd-{id}.example:2379"), ..member(id) });
    let view = ClusterView { cluster_id: 1, members: members.collect(), chosen: Some(0), ..ClusterView::default() };
    messages[0] = (0.0, Msg::Cluster(view));
    let mut app = app(AppConfig::default(), messages, (40, 12));
    update(&mut app, Msg::Key(Key::Char('5')), at(90.0));
    refresh_rows(&mut app, at(90.0));
    let shown = text(&paint(&app, (40, 12), Theme::default()));
    assert!(shown.contains("MEMBER") && shown.contains("https://etcd-2.example:2379"), "{shown}");
}

#[test]
fn the_header_does_not_guess_which_member_is_asked() {
    let header = |denied: bool| {
        let follower = |id| {
            let known = MemberView { is_leader: false, leader_id: 2, ..member(id) };
            let unknown = MemberView { member_id: 0, leader_id: 0, ..known.clone() };
            if denied { unknown } else { known }
        };
        let mut messages = scene_messages();
        let members = vec![follower(1), MemberView { is_leader: !denied, ..follower(2) }];
        let view = ClusterView { cluster_id: 1, members, chosen: Some(0), ..ClusterView::default() };
        messages[0] = (0.0, Msg::Cluster(view));
        let app = app(AppConfig::default(), messages, (200, 35));
        text(&paint(&app, (200, 35), Theme::default())).lines().next().unwrap_or_default().to_owned()
    };
    assert!(header(false).contains("asking m1"), "{}", header(false));
    assert!(!header(true).contains("asking") && header(true).contains("status denied"), "{}", header(true));
}
