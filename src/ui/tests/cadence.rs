//! The cadence view: each element shows the figures of a scripted state, at three sizes.

use super::*;
use crate::app::ClickTarget;
use crate::app::cadence::{CohortKey, CohortOwner};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 35), (200, 50)];
/// Another client's lease of 10 s that is renewed every 8.2 s.
const LATE: i64 = 0x71;
/// Another client's lease of 20 s that is renewed every 6.8 s.
const HEALTHY: i64 = 0x72;

/// Polls of a lease twice a second, up to 90 s. etcd rounds the seconds left down, and never reports the whole TTL.
fn polls(id: i64, ttl: i64, every: f64, key: &str) -> impl Iterator<Item = (f64, Msg)> {
    (1..=180).map(move |n| {
        let when = 0.5 * f64::from(n);
        let left = ((when / every).floor() * every + ttl as f64 - when - 0.01).floor() as i64;
        let keys = vec![key.as_bytes().to_vec()];
        let answer = TimeToLive { id: LeaseId(id), ttl: left, granted_ttl: ttl, keys, header: Header::default() };
        (when, Msg::Polled { sent: at(when), received: at(when), answer, has_keys: true })
    })
}

fn listing(born: &[i64]) -> (f64, Msg) {
    let born = born.iter().copied().map(LeaseId).collect();
    (0.06, Msg::Listed(Listing { sent: at(0.06), received: at(0.06), born, ..Listing::default() }))
}

fn others() -> Vec<(f64, Msg)> {
    let mut messages = vec![(0.0, Msg::Cluster(cluster())), listing(&[LATE, HEALTHY])];
    messages.extend(polls(LATE, 10, 8.2, "/svc/cron/10.0.0.5:8000"));
    messages.extend(polls(HEALTHY, 20, 6.8, "/svc/orders/10.0.0.6:8000"));
    messages
}

/// An own lease of 10 s that is renewed every 3.5 s and unread from the start: 16 responses fit, 7 are dropped.
fn own_renewals() -> Vec<(f64, Msg)> {
    let engine = |when, kind| (when, Msg::Engine(EngineEvent { at: at(when), lease: Some(LeaseId(OWN)), kind }));
    let renewal = |n: u32| {
        let interval = if n > 0 { Some(seconds(3.5)) } else { None };
        let renewed = EngineEventKind::Renewed { ttl: 10, interval, left: None, round_trip: seconds(0.0006) };
        let when = 88.2 - 3.5 * f64::from(22 - n);
        let dropped = EngineEventKind::Dropped { queue_size: 16, queue_capacity: 16 };
        let drop = if n >= 16 { Some(engine(when, dropped)) } else { None };
        std::iter::once(engine(when, renewed)).chain(drop)
    };
    (0..=22).flat_map(renewal).collect()
}

fn everyone() -> Vec<(f64, Msg)> {
    let scene = scene_messages().into_iter().filter(|(_, msg)| !matches!(msg, Msg::Engine(_)));
    let mut messages: Vec<_> = scene.chain(others()).chain(own_renewals()).collect();
    messages.sort_by(|one, two| one.0.total_cmp(&two.0));
    messages
}

fn pressed(messages: Vec<(f64, Msg)>, size: (u16, u16), keys: &[Key]) -> AppState {
    let mut app = app(AppConfig::default(), messages, size);
    for key in [Key::Char('2')].iter().chain(keys) {
        update(&mut app, Msg::Key(*key), at(90.0));
        refresh_rows(&mut app, at(90.0));
    }
    app
}

fn picture(messages: Vec<(f64, Msg)>, size: (u16, u16), keys: &[Key]) -> String {
    text(&paint(&pressed(messages, size, keys), size, Theme::default()))
}

/// The first line that contains all words.
fn line<'a>(picture: &'a str, words: &[&str]) -> &'a str {
    let found = picture.lines().find(|line| words.iter().all(|word| line.contains(word)));
    found.unwrap_or_else(|| panic!("no line with {words:?}:\n{picture}"))
}

/// The text without frames and line breaks.
fn flowing(picture: &str) -> String {
    picture.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_answer_the_clock_and_the_table_are_seen_at_once() {
    for size in SIZES {
        let picture = picture(everyone(), size, &[]);
        let words = flowing(&picture);
        let answer = "NO: it is TTL/3, sent at the next 500 ms tick. Other clients: 34 to 82 % of the TTL.";
        assert!(
            words.contains("Is the renewal interval the same for every TTL?") && words.contains(answer),
            "{picture}"
        );
        assert!(picture.contains("RENEWALS ON ONE CLOCK, last 2 min"), "{picture}");
        let own = line(&picture, &["10 s own"]);
        assert!(own.contains("3.50 s    35 %      7"), "{picture}");
        assert!(line(&picture, &["3600 s own"]).contains("1200.5 s    33 %      0"), "{picture}");
        assert!(line(&picture, &["10 s others"]).contains("8.2 s  ✖ 82 %"), "{picture}");
        assert!(line(&picture, &["20 s others"]).contains("6.8 s    34 %"), "{picture}");
        let axis = line(&picture, &["-2 min", "now"]);
        let edge = |line: &str, sign: char| line.chars().take(line.chars().count()).position(|c| c == sign);
        let right = own.chars().count() - own.chars().rev().position(|c| c == '┃').unwrap() - 1;
        assert_eq!(
            axis[..axis.find("now").unwrap()].chars().count() + 3,
            right,
            "now is at the right edge:\n{picture}"
        );
        assert!(edge(own, '┃').is_some_and(|left| left < right));
        assert!(line(&picture, &["TTL", "LEASES", "MEAN", "EXPECTED"]).contains("P99"), "{picture}");
    }
}

#[test]
fn each_renewal_is_a_tick_at_its_time() {
    let picture = picture(everyone(), (200, 50), &[]);
    let clock = |words: &str| {
        let line = line(&picture, &[words]);
        line.split('┃').nth(1).unwrap().chars().collect::<Vec<_>>()
    };
    let ticks = |words: &str| clock(words).iter().filter(|sign| **sign == '╵').count();
    assert_eq!(ticks("10 s own"), 23);
    assert!((10..=11).contains(&ticks("10 s others")), "{picture}");
    assert_eq!(ticks("3600 s own"), 0, "no renewal was seen");
    let own = clock("10 s own");
    let last = own.iter().rposition(|sign| *sign == '╵').unwrap();
    let back = (own.len() - 1 - last) as f64 * 120.0 / own.len() as f64;
    assert!((0.8..=1.8).contains(&back), "the last renewal was 1.8 s ago, drawn at {back} s");
}

#[test]
fn the_table_has_own_and_other_leases_of_a_ttl() {
    let picture = picture(everyone(), (200, 50), &[]);
    assert!(line(&picture, &["10 s", "1+1"]).contains("3.50 s   3.50 s   3.50 s   3.50 s    3.50 s"), "{picture}");
    let others = line(&picture, &["others", "~3.5 s"]);
    assert!(others.matches("8.2 s").count() == 4, "{picture}");
    assert!(line(&picture, &["20 s", "0+1"]).contains("~7.0 s"), "{picture}");
}

#[test]
fn the_scatter_plot_marks_own_leases_and_those_that_renew_too_late() {
    let picture = picture(everyone(), (120, 35), &[Key::PageDown]);
    assert!(line(&picture, &["83 % ┤"]).contains('✖'), "{picture}");
    let third = line(&picture, &["33 % ┤"]);
    assert!(third.contains('●') && third.contains('•') && third.contains('┄'), "{picture}");
    assert!(picture.contains("● own • others ○ at most ✖ one miss kills"), "{picture}");
}

#[test]
fn a_queue_shows_its_first_drop_and_what_go_logs() {
    for size in SIZES {
        let picture = picture(everyone(), size, &[Key::End]);
        let words = flowing(&picture);
        assert!(
            words.contains("10 s ▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰▰ 16/16 ✖ FULL: 7 ") && words.contains("dropped, lease still alive"),
            "{picture}"
        );
        assert!(words.contains("first drop after 56 s"), "{picture}");
        let log = "22:14:48 lease keepalive response queue is full; dropping response send 694d9aa8d4d4f304";
        assert!(words.contains(log), "{picture}");
        // The last reply was 10 s ago, so 30.5 s until the next, and 16 intervals of 40.5 s after that.
        assert!(
            words.contains("120 s ▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱▱ 0/16 ok first drop in 11 min 19 s if nobody reads"),
            "{picture}"
        );
    }
}

#[test]
fn without_own_leases_the_others_give_the_answer() {
    for size in SIZES {
        let picture = picture(others(), size, &[]);
        let words = flowing(&picture);
        assert!(words.contains("NO: it is 34 to 82 % of the TTL."), "{picture}");
        assert!(picture.contains("RENEWALS ON ONE CLOCK") && picture.contains("0+1"), "{picture}");
        assert!(!words.contains("RESPONSE QUEUES"), "{picture}");
    }
    let words = flowing(&picture(others(), (80, 24), &[Key::End]));
    assert!(words.contains("None of these leases is yours. n grants one; a in the lease table keeps"), "{words}");
}

#[test]
fn without_leases_it_says_how_to_begin() {
    let words = flowing(&picture(vec![(0.0, Msg::Cluster(cluster()))], (80, 24), &[]));
    assert!(
        words.contains("Is the renewal interval the same for every TTL?") && words.contains("n grants one"),
        "{words}"
    );
}

#[test]
fn a_filter_is_named_in_the_title_and_where_it_hides_all() {
    let filtered = |text: &str| {
        let keys: Vec<Key> =
            [&[Key::Char('/')], &*text.chars().map(Key::Char).collect::<Vec<_>>(), &[Key::Enter]].concat();
        picture(everyone(), (120, 35), &keys)
    };
    let some = filtered("ttl:10");
    assert!(some.contains("Renewal intervals · /ttl:10 ") && some.contains("10 s own"), "{some}");
    let none = filtered("ttl:11");
    assert!(none.contains("No TTL matches the filter.") && !none.contains("n grants one"), "{none}");
}

#[test]
fn the_selected_row_names_its_lease_and_a_click_finds_the_row() {
    let size = (120, 35);
    let down = [Key::Down, Key::Down, Key::Down];
    let app = pressed(everyone(), size, &down);
    let picture = text(&paint(&app, size, Theme::default()));
    let named = "10 s others: lease 0000000000000071 /svc/cron/10.0.0.5:8000, 1 of 1 lease · Enter: list leases";
    assert!(picture.contains(named), "{picture}");
    let y = picture.lines().position(|line| line.contains("20 s others")).unwrap() as u16;
    let wall = WallClock { start: SystemTime::UNIX_EPOCH, zone: TimeZone::UTC };
    let ctx = RenderContext { app: &app, now: at(90.0), wall: &wall, theme: Theme::default() };
    let wanted = CohortKey { owner: CohortOwner::Others, ttl: 20, asked: 20 };
    assert_eq!(hit(ctx, size, (40, y)), Some(ClickTarget::Cohort(wanted)));
    assert_eq!(hit(ctx, size, (40, y + 20)), None);
}

/// 12 leases of 20 s, one of which is renewed too late.
fn one_outlier() -> Vec<(f64, Msg)> {
    let ids: Vec<i64> = (0x72..0x7e).collect();
    let mut messages = vec![(0.0, Msg::Cluster(cluster())), listing(&ids)];
    for id in ids {
        let every = if id == 0x73 { 16.2 } else { 6.8 };
        messages.extend(polls(id, 20, every, &format!("/svc/orders/{id}")));
    }
    messages.sort_by(|one, two| one.0.total_cmp(&two.0));
    messages
}

#[test]
fn a_row_shows_the_usual_interval_and_counts_the_leases_that_renew_too_late() {
    for size in SIZES {
        let picture = picture(one_outlier(), size, &[]);
        let row = line(&picture, &["20 s others", "34 %"]);
        let words = if size.0 == 80 { "✖" } else { "problems" };
        assert!(line(&picture, &["RENEWALS ON ONE CLOCK"]).contains(words), "{picture}");
        assert!(row.contains("6.8 s") && (size.0 == 80 || row.contains("1 later than half")), "{picture}");
        assert!(size.0 > 80 || picture.contains("20 s others (1 later than half): lease"), "{picture}");
        assert!(picture.matches("later than half").count() == 1, "{picture}");
    }
}

#[test]
fn the_view_fills_a_high_screen() {
    for messages in [others(), everyone()] {
        let picture = picture(messages, (200, 50), &[]);
        let lines: Vec<&str> = picture.lines().collect();
        let blank = lines[..lines.len() - 1].iter().rev().take_while(|line| line.trim().is_empty()).count();
        assert!(blank < 7, "{blank} lines at the end are blank:\n{picture}");
        assert!(line(&picture, &["33 % ┤"]).contains('┄'), "{picture}");
    }
}

#[test]
fn the_footer_and_the_view_have_the_same_words_for_enter() {
    let picture = picture(others(), (200, 50), &[]);
    assert!(picture.contains("Enter: list leases") && picture.contains("Enter list leases"), "{picture}");
    assert!(!picture.contains("Enter open"), "{picture}");
}

#[test]
fn ascii_keeps_every_mark_apart() {
    let theme = Theme { palette: Palette::Mono, is_ascii: true, ..Theme::default() };
    let picture = text(&paint(&pressed(everyone(), (200, 50), &[]), (200, 50), theme));
    // One `?` ends the question, two are the key of the help.
    assert!(picture.is_ascii() && picture.matches('?').count() == 3, "{picture}");
    assert!(line(&picture, &["10 s own"]).contains("|'") || line(&picture, &["10 s own"]).contains(" ' "), "{picture}");
    assert!(picture.contains("* own . others o at most x one miss kills"), "{picture}");
}
