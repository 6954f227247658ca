//! Frames and a terminal that is slow.

use std::cell::Cell;
use std::rc::Rc;

use super::*;
use crate::app::{AppState, Effect, Key, Msg, Redraw, Viewport, update};
use crate::runtime::frame_scheduler::FrameScheduler;
use etcd_lease::{Granted, Header, LeaseId};

/// A terminal that takes a while for a frame if it is slow.
#[derive(Clone, Default)]
struct SlowScreen {
    is_slow: Rc<Cell<bool>>,
    is_busy: Rc<Cell<bool>>,
}

impl Screen for SlowScreen {
    fn size(&self) -> (u16, u16) {
        (120, 30)
    }

    fn is_free(&self) -> bool {
        !self.is_busy.get()
    }

    fn write_frame(&mut self, _: Vec<u8>) {
        self.is_busy.set(self.is_slow.get());
    }

    async fn until_free(&self) {}

    async fn suspend(&mut self, _: bool) {}

    fn keep_mouse(&mut self, _: bool) {}

    fn reenter(&mut self) {}
}

fn draw(frames: &mut FrameScheduler<SlowScreen>, app: &mut AppState, clock: &Clock) {
    frames.schedule(Redraw::Now);
    frames.draw_if_due(app, clock.now());
}

#[tokio::test(start_paused = true)]
async fn a_frame_before_the_loop_notices_that_the_screen_is_free_counts_the_last_one_as_written() {
    let clock = Clock::real();
    let screen = SlowScreen::default();
    let mut frames = FrameScheduler::new(screen.clone(), clock.clone(), Theme::default());
    let mut app = AppState::new(AppConfig::default(), clock.now());
    let send = |app: &mut AppState, msg| update(app, msg, clock.now());
    send(&mut app, Msg::Resized(Viewport { rows: 10, ..Viewport::default() }));
    let answer = Granted { id: LeaseId(1), requested_ttl: 600, ttl: 600, header: Header::default() };
    let (sent, received) = (clock.now(), clock.now());
    send(&mut app, Msg::Granted { sent, received, answer, keep_alive: true, job: None });
    draw(&mut frames, &mut app, &clock);
    clock.sleep(Duration::from_secs(1)).await;
    send(&mut app, Msg::Key(Key::Char('x')));
    screen.is_slow.set(true);
    draw(&mut frames, &mut app, &clock);
    assert!(frames.is_pending && app.view.dialog.is_some());
    screen.is_slow.set(false);
    screen.is_busy.set(false);
    draw(&mut frames, &mut app, &clock);
    assert!(!frames.is_pending);
    clock.sleep(Duration::from_secs(1)).await;
    assert_eq!(send(&mut app, Msg::Key(Key::Char('y'))), [Effect::Revoke(LeaseId(1))]);
}
