//! Any messages to the application: lists, keys, replies and statuses as a server that lies makes them, and keys of the
//! keyboard in between. Each state is drawn.

use std::time::SystemTime;

use etcd_lease::{
    ClusterView, Ended, EngineEvent, EngineEventKind, Granted, Header, KeyChange, KeyEntry, KeyState, LeaseId,
    ListedMember, MemberView, Reachability, TimeToLive,
};
use jiff::tz::TimeZone;
use leasetop::app::{AppConfig, AppState, Key, Listing, MemberReading, Msg, refresh_rows, update};
use leasetop::ui::{self, RenderContext, Theme, WallClock};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use simkit::Timestamp;

use super::bytes::Bytes;

/// No message makes it fail, whatever the time and the size of the screen.
pub fn messages(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let (columns, rows) = (u16::from(bytes.byte()), u16::from(bytes.byte() % 80));
    let (mut app, mut now) = (AppState::new(AppConfig::default(), Timestamp::START), Timestamp::START);
    let wall = WallClock { start: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC };
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    update(&mut app, Msg::Resized(ui::viewport(columns, rows)), now);
    while !bytes.is_empty() {
        now = now + bytes.span();
        for _ in 0..=bytes.byte() % 4 {
            let msg = message(&mut bytes, now);
            update(&mut app, msg, now);
        }
        refresh_rows(&mut app, now);
        buffer.reset();
        ui::draw(RenderContext { app: &app, now, wall: &wall, theme: Theme::default() }, area, &mut buffer);
    }
}

fn message(bytes: &mut Bytes<'_>, now: Timestamp) -> Msg {
    let (sent, received) = (now.before(bytes.span()), now);
    match bytes.byte() % 20 {
        0 => Msg::Cluster(cluster(bytes)),
        1 => Msg::Listed(Listing {
            sent,
            received,
            revision: bytes.number(),
            born: ids(bytes),
            gone: ids(bytes),
            total: usize::from(bytes.byte()),
            soonest: if bytes.flag() { Some(ids(bytes)) } else { None },
        }),
        2 => Msg::ListedAgain { sent, received, revision: bytes.number() },
        3 => Msg::KeysReloading,
        4 => Msg::KeysPage((0..bytes.byte() % 4).map(|_| entry(bytes)).collect()),
        5 => Msg::KeysRead { revision: bytes.number() },
        6 => Msg::KeysByLease { revision: bytes.number() },
        7 => Msg::KeyBytes(bytes.number().unsigned_abs()),
        8 | 9 => Msg::KeysChanged { changes: (0..bytes.byte() % 4).map(|_| change(bytes)).collect(), received },
        10 | 11 => Msg::Polled { sent, received, answer: time_to_live(bytes), has_keys: bytes.flag() },
        12 => Msg::Granted { sent, received, answer: granted(bytes), keep_alive: bytes.flag(), job: None },
        13 => Msg::Renewed { sent, received, id: id(bytes), ttl: bytes.number() },
        14 => Msg::Revoked { id: id(bytes), revision: bytes.number(), keys_deleted: Some(bytes.byte().into()) },
        15 => Msg::Attached { id: id(bytes), key: bytes.text(), revision: bytes.number() },
        16 => Msg::Engine(EngineEvent { at: sent, lease: Some(id(bytes)), kind: event(bytes) }),
        17 => Msg::Members { reading: members(bytes), has_outside: bytes.flag() },
        18 => Msg::Tick,
        _ => Msg::Key(key(bytes)),
    }
}

fn id(bytes: &mut Bytes<'_>) -> LeaseId {
    LeaseId(bytes.number())
}

fn ids(bytes: &mut Bytes<'_>) -> Vec<LeaseId> {
    (0..bytes.byte() % 5).map(|_| id(bytes)).collect()
}

fn lease(bytes: &mut Bytes<'_>) -> Option<LeaseId> {
    if bytes.flag() { Some(id(bytes)) } else { None }
}

fn name(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let start: &[u8] = [&b"/svc/"[..], b"/lock/", b"", b"\xff"][usize::from(bytes.byte()) % 4];
    [start, &bytes.text()].concat()
}

fn entry(bytes: &mut Bytes<'_>) -> KeyEntry {
    KeyEntry { key: name(bytes), lease: lease(bytes), create_revision: bytes.number() }
}

fn change(bytes: &mut Bytes<'_>) -> KeyChange {
    let put = |bytes: &mut Bytes<'_>| KeyState::Put { lease: lease(bytes), create_revision: bytes.number() };
    let now = if bytes.flag() { put(bytes) } else { KeyState::Deleted };
    KeyChange { key: name(bytes), before: lease(bytes), now, revision: bytes.number() }
}

fn header(bytes: &mut Bytes<'_>) -> Header {
    let [cluster_id, member_id, raft_term] = [0; 3].map(|_| bytes.number().unsigned_abs());
    Header { cluster_id, member_id, revision: bytes.number(), raft_term }
}

/// As the wire passes it on: a TTL that is impossible has no meaning, and is not refused.
fn time_to_live(bytes: &mut Bytes<'_>) -> TimeToLive {
    let keys = (0..bytes.byte() % 3).map(|_| name(bytes)).collect();
    TimeToLive { id: id(bytes), ttl: bytes.number(), granted_ttl: bytes.number(), keys, header: header(bytes) }
}

/// As the wire passes it on: an impossible TTL is an error there.
fn granted(bytes: &mut Bytes<'_>) -> Granted {
    let [requested_ttl, ttl] = [0; 2].map(|_| i64::from(bytes.byte()) + 1);
    Granted { id: id(bytes), requested_ttl, ttl, header: header(bytes) }
}

fn event(bytes: &mut Bytes<'_>) -> EngineEventKind {
    match bytes.byte() % 4 {
        0 => EngineEventKind::Kept,
        1 => EngineEventKind::Missed { waited: bytes.span() },
        2 => EngineEventKind::Ended(Ended::NotFound),
        _ => EngineEventKind::Ended(Ended::Unanswered { trouble: None }),
    }
}

fn cluster(bytes: &mut Bytes<'_>) -> ClusterView {
    let members: Vec<MemberView> = (0..bytes.byte() % 4).map(|_| member(bytes)).collect();
    let chosen = if members.is_empty() { None } else { Some(usize::from(bytes.byte()) % members.len()) };
    ClusterView { cluster_id: bytes.number().unsigned_abs(), members, chosen, ..ClusterView::default() }
}

fn member(bytes: &mut Bytes<'_>) -> MemberView {
    MemberView {
        endpoint: String::from_utf8_lossy(&bytes.text()).into_owned(),
        member_id: bytes.number().unsigned_abs(),
        is_leader: bytes.flag(),
        has_leader: bytes.flag(),
        version: String::from_utf8_lossy(&bytes.text()).into_owned(),
        raft_term: bytes.number().unsigned_abs(),
        reachability: if bytes.flag() { Reachability::Up } else { Reachability::Unknown },
        ..MemberView::default()
    }
}

fn members(bytes: &mut Bytes<'_>) -> MemberReading {
    let listed = |bytes: &mut Bytes<'_>| ListedMember {
        id: bytes.number().unsigned_abs(),
        name: String::from_utf8_lossy(&bytes.text()).into_owned(),
        client_urls: vec![String::from_utf8_lossy(&bytes.text()).into_owned()],
        is_learner: bytes.flag(),
    };
    let listed = (0..bytes.byte() % 4).map(|_| listed(bytes)).collect();
    MemberReading { listed: Ok(listed), outside: (0..bytes.byte() % 2).map(|_| member(bytes)).collect() }
}

fn key(bytes: &mut Bytes<'_>) -> Key {
    const KEYS: [Key; 12] = [
        Key::Enter,
        Key::Esc,
        Key::Up,
        Key::Down,
        Key::Tab,
        Key::PageDown,
        Key::Home,
        Key::End,
        Key::Backspace,
        Key::Left,
        Key::Right,
        Key::F(1),
    ];
    match bytes.byte() {
        byte @ 32..=126 => Key::Char(char::from(byte)),
        byte => KEYS[usize::from(byte) % KEYS.len()],
    }
}
