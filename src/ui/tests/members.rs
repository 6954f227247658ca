//! Members view, and what the header says of members.

use super::*;
use crate::app::MemberReading;
use etcd_lease::{ListedMember, MemberAlarm};

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
}

#[test]
fn the_header_of_every_view_warns_of_a_silent_member_and_an_alarm() {
    for key in ['1', '2', '3', '4', '5'] {
        for width in [80, 120, 200] {
            let shown = picture((width, 35), &[Key::Char(key)]);
            let header = shown.lines().next().unwrap_or_default();
            assert!(header.contains("▲ 2 of 3 members") && !header.contains("healthy"), "{key}: {header}");
            assert!(header.contains(r"alarm NOSPACE etcd-2\x1b[2J"), "{key}: {header}");
        }
    }
    let healthy = screen((120, 35), &[]);
    assert!(healthy.lines().next().unwrap_or_default().contains("● healthy"), "{healthy}");
}
