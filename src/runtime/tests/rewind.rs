//! Stepping through the last minutes while the monitor runs.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::session::Session;
use super::replay::keys;
use super::*;
use crate::app::{AppState, Msg, Past, TABS, View, refresh_rows};
use crate::recording::{REACH, Target};
use crate::ui::{self, RenderContext, WallClock};
use simkit::Timestamp;

/// The panes of a view below the header and above the footer, as a monitor draws them that starts to draw now.
fn panes(app: &AppState, view: View, now: Timestamp) -> String {
    let mut app = app.clone();
    app.view.active = view;
    app.view.playback = None;
    refresh_rows(&mut app, now);
    let area = Rect::new(0, 0, 160, 45);
    let mut buf = Buffer::empty(area);
    let wall = WallClock { start: std::time::SystemTime::UNIX_EPOCH, zone: TimeZone::UTC };
    ui::draw(RenderContext { app: &app, now, wall: &wall, theme: Theme::default() }, area, &mut buf);
    let lines = buf.content.chunks(160).skip(1).take(43);
    let lines = lines.map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>());
    // The sparkline has samples of ticks, of which a monitor has more: those of its polls.
    let is_sampled = |c: char| ('▁'..='█').contains(&c);
    lines.map(|line| if line.contains(" last ") { line.replace(is_sampled, "") } else { line } + "\n").collect()
}

/// Runs a session as the event loop does, until a time.
async fn run_until(session: &mut Session, until: Timestamp) {
    while session.now() < until {
        let wake = session.next_wake().min(until);
        let wakeup = session.next_wakeup(wake).await;
        session.on_wakeup(wakeup);
    }
}

async fn session(sandbox: &Sandbox, clock: Clock, config: AppConfig) -> Session {
    let cluster = Cluster::connect(Settings::new(vec![target(sandbox)])).await.unwrap();
    let mut session = Session::start(cluster, clock, engine::Options::default(), config, false);
    session.keep_past();
    session.send(Msg::Resized(ui::viewport(160, 45)));
    session
}

/// What other clients do in a second: they come, renew, go and expire, and change keys.
async fn happen(sandbox: &Sandbox, other: &Cluster, leases: &mut Vec<i64>, random: &mut fastrand::Rng) {
    if random.u32(..20) == 0 {
        let lease = sandbox.grant(random.i64(10..120)).unwrap();
        sandbox.put(format!("/svc/{}", leases.len() % 7), "x", Some(lease)).unwrap();
        leases.push(lease);
    }
    for lease in leases.iter().filter(|_| random.u32(..12) == 0) {
        // It may have expired.
        let _ = other.keep_alive_once(LeaseId(*lease)).await;
    }
    if random.u32(..60) == 0 && !leases.is_empty() {
        let _ = sandbox.revoke(LeaseId(leases.swap_remove(random.usize(..leases.len()))));
    }
}

fn live_form(mut past: Past, live: &AppState) -> (AppState, Timestamp) {
    past.app.show_as(live);
    past.app.config = live.config.clone();
    (*past.app, past.at)
}

/// The state at every moment is what was on the screen at that moment.
#[tokio::test(start_paused = true)]
async fn the_past_shows_what_the_screen_showed() {
    let clock = Clock::real();
    let sandbox = Sandbox::builder().seed(3).start(clock.clone());
    let other = Cluster::connect(Settings::new(vec![target(&sandbox)])).await.unwrap();
    let mut session = session(&sandbox, clock, exercise(&[5, 60])).await;
    let (mut random, mut leases, mut seen) = (fastrand::Rng::with_seed(5), Vec::new(), Vec::new());
    for second in 1..=780 {
        run_until(&mut session, Timestamp::from_nanos(second * 1_000_000_000 + random.u64(..900) * 1_000_000)).await;
        happen(&sandbox, &other, &mut leases, &mut random).await;
        let now = session.now();
        if second % 29 == 0 && now.since_start() > Duration::from_secs(190) {
            let view = TABS[random.usize(..TABS.len())].view;
            // What happened at this moment is not all known yet.
            run_until(&mut session, now + Duration::from_millis(3)).await;
            seen.push((session.now(), view, panes(&session.app, view, session.now())));
        }
    }
    assert!(seen.len() >= 20);
    let now = session.now();
    for (at, view, panes_then) in seen.into_iter().rev() {
        let past = session.past(Target::At(at)).expect("it is kept");
        assert!((now - past.start) >= REACH, "{:?}", now - past.start);
        let (app, shown_at) = live_form(past, &session.app);
        assert_eq!(shown_at, at);
        assert_eq!(panes(&app, view, at), panes_then, "{view:?} at {at:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn comma_and_dot_step_through_the_past_while_leases_are_renewed() {
    let mut test = MonitorTest::start(exercise(&[2, 10]), false).await;
    let own = test.sandbox.leases()[0];
    test.wait(58.0).await;
    let expiring = test.sandbox.grant(5).unwrap();
    test.wait(10.0).await;
    assert!(!test.sandbox.leases().contains(&expiring));
    let id = LeaseId(expiring).to_string();
    test.press(&[KeyCode::Char(',')]).await;
    assert!(
        test.screen.text().contains("‖ PAST ") && test.screen.text().contains(", 1 s ago"),
        "{}",
        test.screen.text()
    );
    test.press(&[KeyCode::Char(','); 6]).await;
    assert!(test.screen.row(&id).contains(&"ok".to_owned()), "{}", test.screen.text());
    let renewals = test.sandbox.keep_alives(LeaseId(own));
    let screen = |test: &MonitorTest| {
        let text = test.screen.text();
        text.lines().skip(1).take(35).map(|line| line.trim_end().to_owned()).collect::<Vec<_>>()
    };
    let then = screen(&test);
    test.press(&[KeyCode::Char('x'), KeyCode::Char('o'), KeyCode::Char('a')]).await;
    test.wait(30.0).await;
    assert_eq!(screen(&test), then, "the past does not change");
    assert!(test.sandbox.keep_alives(LeaseId(own)) >= renewals + 29, "own leases are renewed meanwhile");
    test.press(&[KeyCode::Char('('), KeyCode::Char('('), KeyCode::Char('(')]).await;
    assert!(test.screen.text().contains("This is the oldest state that is kept"), "{}", test.screen.text());
    test.press(&[KeyCode::Char(')'), KeyCode::Char(')')]).await;
    assert!(!test.screen.text().contains("‖"), "a step beyond the present returns to it: {}", test.screen.text());
    assert!(test.screen.text().contains("This is the present"), "{}", test.screen.text());
    assert!(is_own(&test.screen.row("/service/2")));
    test.press(&[KeyCode::Char('q')]).await;
    assert_eq!((&mut test.monitor).await.unwrap(), ExitState::default());
}

#[tokio::test(start_paused = true)]
async fn events_can_be_visited_back_and_forward() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.wait(20.0).await;
    let lease = test.sandbox.grant(600).unwrap();
    test.wait(20.0).await;
    test.sandbox.revoke(LeaseId(lease)).unwrap();
    test.wait(20.0).await;
    // Leases granted and ended.
    test.press(&keys("3fffB")).await;
    assert!(test.screen.text().contains("revoked by another client"), "{}", test.screen.text());
    let at = |test: &MonitorTest| test.screen.text().lines().next().unwrap_or_default().to_owned();
    let revoked_at = at(&test);
    test.press(&[KeyCode::Char('B')]).await;
    assert!(!test.screen.text().contains("revoked by another client"), "{}", test.screen.text());
    test.press(&[KeyCode::Char('E')]).await;
    assert!(test.screen.text().contains("revoked by another client"), "{}", test.screen.text());
    assert_eq!(at(&test).split(", ").next(), revoked_at.split(", ").next());
    test.press(&[KeyCode::Char('E')]).await;
    let text = test.screen.text();
    assert!(text.contains("No later event of kind \"lifecycle\"; f in view 3 shows other kinds"), "{text}");
}

/// Random keys in the real loop: the sandbox's leases are those that were granted, and each is renewed.
#[tokio::test(start_paused = true)]
async fn random_keys_in_the_past_change_nothing() {
    let test = MonitorTest::start(exercise(&[2, 10]), false).await;
    let other = test.sandbox.grant(3_600).unwrap();
    test.wait(60.0).await;
    let mut leases = test.sandbox.leases();
    let kept = leases.iter().copied().max_by_key(|id| test.sandbox.keep_alives(LeaseId(*id))).unwrap();
    let renewals = test.sandbox.keep_alives(LeaseId(kept));
    let others = test.sandbox.keep_alives(LeaseId(other));
    let mut random = fastrand::Rng::with_seed(23);
    // Without those that return to the present, quit or suspend, and those that begin a text.
    let keys: Vec<char> = "xonaKTu!PMvrcW+-,.()EBjkgGfstFIzwi12345yY#[]{}<>".chars().collect();
    test.press(&[KeyCode::Char(',')]).await;
    for _ in 0..300 {
        let key = KeyCode::Char(keys[random.usize(..keys.len())]);
        test.input.send(Ok(Event::Key(KeyEvent::new(key, KeyModifiers::NONE)))).unwrap();
        test.wait(0.05).await;
        if !test.screen.text().contains("‖ PAST") {
            test.press(&[KeyCode::Esc, KeyCode::Char(','), KeyCode::Char(',')]).await;
        }
    }
    let mut left = test.sandbox.leases();
    left.sort_unstable();
    leases.sort_unstable();
    assert_eq!(left, leases);
    assert_eq!(test.sandbox.keep_alives(LeaseId(other)), others);
    assert!(test.sandbox.keep_alives(LeaseId(kept)) >= renewals + 14);
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_the_past_starts_again() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.wait(60.0).await;
    test.external.send(ExternalEvent::Slept(Duration::from_secs(3_600))).unwrap();
    test.wait(5.0).await;
    test.press(&[KeyCode::Char('(')]).await;
    assert!(test.screen.text().contains("This is the oldest state that is kept, 5 s ago"), "{}", test.screen.text());
}

#[tokio::test(start_paused = true)]
async fn seek_moves_within_the_span_of_the_seek_bar() {
    let test = MonitorTest::start(exercise(&[10]), false).await;
    test.wait(100.0).await;
    // Its age in seconds. Keys take some time.
    let age = || {
        let text = test.screen.text();
        let title = text.lines().next().unwrap_or_default();
        let age = title.split_once("‖ PAST ").and_then(|(_, past)| past.split_once(", ")).expect("the past is shown").1;
        let number =
            |unit: &str| age.split_once(unit).and_then(|(number, _)| number.split(' ').next_back()?.parse().ok());
        60.0 * number(" min").unwrap_or(0.0) + number(" s").unwrap_or(0.0_f64)
    };
    test.press(&keys(":seek 50%\n")).await;
    assert!((50.0..52.0).contains(&age()), "{}", age());
    test.wait(60.0).await;
    test.press(&keys(":seek 50%\n")).await;
    assert!((110.0..113.0).contains(&age()), "half of the bar that was shown: {}", age());
    test.press(&keys(":seek 0%\n")).await;
    assert!((160.0..164.0).contains(&age()), "{}", age());
}

#[tokio::test(start_paused = true)]
async fn seek_reports_that_no_past_is_kept() {
    let test = MonitorTest::start(AppConfig { rewind: 1, ..exercise(&[10]) }, false).await;
    test.wait(100.0).await;
    for keys_pressed in [":seek 50%\n", ":seek 10:00:00\n", ","] {
        test.press(&keys(keys_pressed)).await;
        let text = test.screen.text();
        assert!(text.contains("The past is not kept: it needs more memory than --rewind allows"), "{text}");
        test.wait(20.0).await;
    }
}
