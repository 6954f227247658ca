use super::*;
use crate::app::keymap::KEYMAP;
use crate::app::{Past, PlaybackControl};

/// The past of a story: a copy of it at that time.
fn show_past(story: &mut Story, past: &AppState, at: Timestamp) {
    let past = Past { app: Box::new(past.picture()), at, start: Timestamp::START, is_short: false };
    story.app.show_past(past, story.now);
    refresh_rows(&mut story.app, story.now);
}

/// Leases 1 to 3 as they were 30 s ago. Since then 1 ended and 4 was granted.
fn in_the_past() -> Story {
    let mut story = Story::start(AppConfig::default());
    (1..=3).for_each(|id| story.grant(id, 100 * id));
    let (past, at) = (story.app.clone(), story.now);
    story.wait(30.0);
    story.list(&[4], &[1]);
    show_past(&mut story, &past, at);
    story
}

fn shown(story: &Story) -> Vec<i64> {
    story.app.displayed(story.now).0.view.order().iter().map(|id| id.0).collect()
}

fn note(story: &Story) -> &str {
    story.app.view.status.as_ref().map_or("", |note| &note.text)
}

/// Whether an effect changes a lease, or what leasetop does about one.
fn is_action(effect: &Effect) -> bool {
    use Effect::{
        Attach, ChangeTtl, Drill, Grant, ProbeMembers, RenewNow, RenewOnce, RestartSandbox, Restore, Revoke,
        RevokeBackground, StartKeepAlive, StopKeepAlive, SwitchCluster,
    };
    matches!(effect, Attach { .. } | ChangeTtl(_) | Drill { .. } | Grant(_) | ProbeMembers(_) | RenewNow(_))
        || matches!(effect, RenewOnce(_) | RestartSandbox { .. } | Restore(_) | Revoke(_) | RevokeBackground)
        || matches!(effect, StartKeepAlive { .. } | StopKeepAlive(_) | SwitchCluster { .. })
}

#[test]
fn the_past_is_shown_until_p_and_the_cursor_stays_on_its_lease() {
    let mut story = in_the_past();
    assert_eq!((shown(&story), story.app.displayed(story.now).1), (vec![1, 2, 3], at(0.0)));
    story.press(&[Key::Home, Key::Down, Key::Down]);
    assert_ne!(story.app.view.cursor, Some(LeaseId(3)));
    story.press(&[Key::Char('p')]);
    assert!(!story.app.is_past_shown() && story.app.frozen.is_none());
    assert!(shown(&story).contains(&4) && story.app.view.cursor == Some(LeaseId(3)), "{:?}", story.app.view.cursor);
}

#[test]
fn the_cursor_returns_to_a_lease_that_the_past_does_not_have() {
    let mut story = in_the_past();
    let past = story.app.frozen.as_ref().unwrap().app.clone();
    story.press(&[Key::Char('p'), Key::End, Key::Up]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(4)));
    show_past(&mut story, &past, at(0.0));
    assert!(!shown(&story).contains(&4));
    story.press(&[Key::Char('p')]);
    assert_eq!(story.app.view.cursor, Some(LeaseId(4)));
}

#[test]
fn what_would_act_on_a_lease_is_refused_in_the_past_and_says_what_to_press() {
    let mut story = in_the_past();
    let refused = "This is the past, where nothing can be done; p returns to the present";
    for key in "xonaKTu!PM vrcW+-".chars() {
        assert_eq!(story.press(&[Key::Char(key)]), [], "{key}");
        assert_eq!((note(&story), story.app.view.dialog.is_none()), (refused, true), "{key}");
    }
    for line in ["revoke 2", "grant 10", "keep-alive 2", "renew 2"] {
        story.press(&[Key::Char(':')]);
        story.type_in(line);
        assert!(!story.press(&[Key::Enter]).iter().any(is_action), "{line}");
        assert_eq!((note(&story), story.app.view.dialog.is_none()), (refused, true), "{line}");
    }
    assert!(story.app.is_past_shown());
    assert_eq!(story.press(&[Key::Char('y')]).len(), 1, "an id can be copied");
}

#[test]
fn what_ends_now_is_not_marked_in_the_past() {
    let mut story = in_the_past();
    story.list(&[], &[2]);
    let (past, at) = story.app.displayed(story.now);
    assert_eq!(past.leases.get(LeaseId(2)).unwrap().state(at).word(), "ok");
}

#[test]
fn quitting_returns_to_the_present_because_the_question_is_about_it() {
    let mut story = in_the_past();
    story.press(&[Key::Char('q')]);
    assert!(!story.app.is_past_shown() && matches!(story.app.view.dialog, Some(crate::app::dialog::Dialog::Quit(_))));
}

#[test]
fn pins_and_mutes_are_those_of_the_present() {
    let mut story = in_the_past();
    let past = story.app.frozen.as_ref().unwrap().app.clone();
    story.press(&[Key::Char('p'), Key::End, Key::Up, Key::Up, Key::Char('P')]);
    let pinned: Vec<i64> = story.app.leases.values().filter(|lease| lease.is_pinned).map(|lease| lease.id.0).collect();
    assert_eq!(pinned, [3]);
    show_past(&mut story, &past, at(0.0));
    assert_eq!(shown(&story), [3, 1, 2]);
}

#[test]
fn stepping_asks_for_another_time_unless_no_past_is_kept() {
    let mut story = Story::start(AppConfig::default());
    let second = Duration::from_secs(1);
    assert_eq!(story.press(&[Key::Char(',')]), [Effect::Play(PlaybackControl::Back(second))]);
    assert_eq!(story.press(&[Key::Char('.')]), []);
    assert_eq!(note(&story), ".: this is the present; , goes back");
    story.press(&[Key::Char('p')]);
    assert_eq!(story.press(&[Key::Char('.')]), [Effect::Play(PlaybackControl::Forward(second))]);
    let mut off = Story::start(AppConfig { rewind: 0, ..AppConfig::default() });
    assert_eq!((off.press(&[Key::Char(',')]), note(&off)), (vec![], "No past is kept (--rewind 0)"));
    assert_eq!((off.press(&[Key::Char('E')]), note(&off)), (vec![], "No past is kept (--rewind 0)"));
}

/// Random keys, renewals, ends, grants and steps in time.
#[test]
fn no_key_reaches_a_lease_while_the_past_is_shown() {
    let mut random = fastrand::Rng::with_seed(17);
    let keys: Vec<Key> = KEYMAP.iter().flat_map(|row| row.keys).copied().collect();
    let mut story = Story::start(AppConfig::default());
    (1..=8).for_each(|id| story.grant(id, 60));
    let mut pictures = vec![(story.now, story.app.picture())];
    let mut pressed = 0;
    for _ in 0..cases(10_000) {
        story.wait(random.f64());
        match random.u32(..10) {
            0 => story.renewed(random.i64(1..9), 60, 20.0),
            1 => {
                story.send(Msg::Tick);
            }
            2 if story.app.frozen.is_none() => {
                pictures.push((story.now, story.app.picture()));
                let oldest = pictures.len().saturating_sub(5);
                pictures.drain(..oldest);
            }
            3 | 4 if story.app.view.dialog.is_none() => {
                let (at, past) = pictures[random.usize(..pictures.len())].clone();
                show_past(&mut story, &past, at);
            }
            _ => {
                let key = keys[random.usize(..keys.len())];
                let was_past = story.app.is_past_shown();
                let effects = story.press(&[key]);
                if was_past && story.app.is_past_shown() {
                    pressed += 1;
                    assert!(!effects.iter().any(is_action), "{key}: {effects:?}");
                    assert!(
                        !story.app.view.dialog.as_ref().is_some_and(crate::app::dialog::Dialog::decides_about_leases)
                    );
                }
            }
        }
    }
    assert!(pressed > 100, "{pressed} keys were pressed in the past");
}
