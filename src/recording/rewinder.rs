//! Keeps the last minutes in memory, on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use super::Kept;
use super::playing::Picture;
use super::ring::{Ring, Target};
use crate::app::{AppState, Past};
use simkit::Timestamp;

/// Messages are passed on in parts of this size, in bytes.
const PART: usize = 65_536;
/// Messages are passed on after this time at the latest.
const PART_SPAN: Duration = Duration::from_secs(10);
/// Parts that can wait for the thread.
const QUEUE: usize = 8;
/// If this many bytes wait because the thread is slow, it starts again without them.
const MAX_WAITING: usize = 1_000_000;
/// How often a state is kept.
const PICTURE_EVERY: Duration = Duration::from_secs(60);

/// The messages of the last minutes, and the states from which they are played.
#[derive(Debug)]
pub struct Rewinder {
    orders: SyncSender<Order>,
    /// Whether what is kept since the last restart is lost, because a single state takes too much. The thread sets it.
    is_lost: Arc<AtomicBool>,
    limit: usize,
    /// Messages that the thread does not have yet, and the time of the first and of the last one.
    lines: Vec<u8>,
    span: Option<(Timestamp, Timestamp)>,
    /// When a state was passed on, or considered.
    pictured: Timestamp,
    /// Whether nothing is kept until a state can start everything again.
    is_off: bool,
    /// Whether the thread may have states near the displayed past.
    is_in_past: bool,
}

enum Order {
    /// Start with this state. The flag is set when it is lost.
    Restart(Picture, Arc<AtomicBool>),
    Picture(Picture),
    Lines(Timestamp, Vec<u8>),
    Show(Target, Timestamp, SyncSender<Option<Past>>),
    /// Reply with what is kept: at most this many bytes, compressed or not.
    Keep(u64, bool, SyncSender<Option<Kept>>),
    /// Reply with the oldest time.
    Oldest(SyncSender<Option<Timestamp>>),
    ForgetNear,
    Clear,
}

impl Rewinder {
    /// Keeps what happens from now on, in `limit` bytes. `None` if the thread cannot be started.
    pub fn start(limit: usize, app: &AppState, now: Timestamp) -> Option<Self> {
        let (orders, received) = sync_channel(QUEUE);
        let ring = Ring::new(limit);
        let thread = std::thread::Builder::new().name("rewinder".to_owned());
        thread.spawn(move || run(ring, &received)).ok()?;
        let mut rewinder = Rewinder::with(orders, limit, now);
        rewinder.restart(app, now);
        Some(rewinder)
    }

    /// Returns a rewinder that keeps no messages until its first restart.
    fn with(orders: SyncSender<Order>, limit: usize, now: Timestamp) -> Self {
        let (is_lost, lines, span, pictured) = (Arc::default(), Vec::new(), None, now);
        Rewinder { orders, is_lost, limit, lines, span, pictured, is_off: true, is_in_past: false }
    }

    /// Whether messages are kept.
    pub fn is_on(&self) -> bool {
        !self.is_off
    }

    /// Keeps an encoded message.
    pub fn write(&mut self, at: Timestamp, line: &[u8]) {
        if self.is_off || line.is_empty() {
            return;
        }
        self.lines.extend_from_slice(line);
        self.span = Some((self.span.map_or(at, |(first, _)| first), at));
    }

    /// Passes on the messages and the state that are due, after a message was applied. Stops keeping anything while the
    /// state takes too much memory, and starts again later.
    pub fn on_applied(&mut self, app: &AppState, now: Timestamp) {
        let is_picture_due = now >= self.pictured + PICTURE_EVERY;
        if self.is_off {
            if is_picture_due {
                self.restart(app, now);
            }
            return;
        }
        if app.least_picture_bytes() > self.limit {
            return self.switch_off();
        }
        let are_lines_due = self.lines.len() >= PART || self.span.is_some_and(|(first, _)| first + PART_SPAN <= now);
        if are_lines_due {
            self.flush();
        }
        if is_picture_due {
            self.add_picture(app, now);
        }
    }

    /// Forgets everything, and starts again with this state, unless it takes more than half of the memory.
    pub fn restart(&mut self, app: &AppState, now: Timestamp) {
        self.pictured = now;
        let Some(picture) = Picture::of(app, now, self.limit / 2) else { return self.switch_off() };
        self.lines.clear();
        self.span = None;
        // The thread may still set the old flag.
        self.is_lost = Arc::default();
        self.is_off = self.orders.try_send(Order::Restart(picture, Arc::clone(&self.is_lost))).is_err();
    }

    /// The state at another time. `None` if it is not kept, or if there is no further event.
    pub fn show(&mut self, target: Target, now: Timestamp) -> Option<Past> {
        self.is_in_past = true;
        self.ask(|reply| Order::Show(target, now, reply))
    }

    /// The oldest time that can be shown. `None` if nothing is kept.
    pub fn oldest(&mut self) -> Option<Timestamp> {
        self.ask(Order::Oldest)
    }

    /// The messages that are kept, at most this many bytes, and the state before them. `None` if nothing is kept.
    pub fn kept(&mut self, most: u64, is_compressed: bool) -> Option<Kept> {
        self.ask(|reply| Order::Keep(most, is_compressed, reply))
    }

    /// Passes on the messages so far, and waits for the reply to an order. `None` if nothing is kept.
    fn ask<T>(&mut self, order: impl FnOnce(SyncSender<Option<T>>) -> Order) -> Option<T> {
        self.pass_on()?;
        let (reply, received) = sync_channel(1);
        self.orders.send(order(reply)).ok()?;
        received.recv().ok()?
    }

    /// Passes on the messages so far, and waits until the queue has room. `None` if nothing is kept.
    fn pass_on(&mut self) -> Option<()> {
        if self.is_off {
            return None;
        }
        if let Some((_, until)) = self.span.take() {
            self.orders.send(Order::Lines(until, std::mem::take(&mut self.lines))).ok()?;
        }
        Some(())
    }

    /// Frees the states near the displayed past, once the present is displayed.
    pub fn on_present(&mut self) {
        if self.is_in_past && self.orders.try_send(Order::ForgetNear).is_ok() {
            self.is_in_past = false;
        }
    }

    fn switch_off(&mut self) {
        self.is_off = true;
        self.lines = Vec::new();
        self.span = None;
        // If the thread is behind, the next state replaces everything anyway.
        let _ = self.orders.try_send(Order::Clear);
    }

    /// Passes on the messages so far without waiting. If the thread is slow, they stay for a later call, or are dropped if
    /// they are too many.
    fn flush(&mut self) {
        let Some((_, until)) = self.span else { return };
        if self.is_lost.load(Ordering::Relaxed) {
            return self.switch_off();
        }
        match self.orders.try_send(Order::Lines(until, std::mem::take(&mut self.lines))) {
            Ok(()) => self.span = None,
            Err(TrySendError::Full(Order::Lines(_, lines))) if lines.len() < MAX_WAITING => self.lines = lines,
            Err(_) => self.switch_off(),
        }
    }

    /// Keeps a state, so that steps back are short. One that takes more than a quarter of the memory is not kept: messages need
    /// the memory.
    fn add_picture(&mut self, app: &AppState, now: Timestamp) {
        self.pictured = now;
        self.flush();
        if !self.is_on() || self.span.is_some() {
            return;
        }
        if let Some(picture) = Picture::of(app, now, self.limit / 4) {
            // Without it steps are longer.
            let _ = self.orders.try_send(Order::Picture(picture));
        }
    }
}

/// What the thread does: applies orders to the ring until the rewinder is dropped.
fn run(mut ring: Ring, orders: &Receiver<Order>) {
    let mut is_lost = Arc::<AtomicBool>::default();
    while let Ok(order) = orders.recv() {
        match order {
            Order::Restart(picture, flag) => {
                is_lost = flag;
                ring.restart(picture);
            }
            Order::Picture(picture) => ring.push_picture(picture),
            Order::Lines(until, lines) => ring.push_lines(until, &lines),
            Order::Show(target, now, reply) => {
                let _ = reply.send(ring.show(target, now));
            }
            Order::Keep(most, is_compressed, reply) => {
                let _ = reply.send(ring.kept(most, is_compressed));
            }
            Order::Oldest(reply) => {
                let _ = reply.send(ring.oldest());
            }
            Order::ForgetNear => ring.forget_near(),
            Order::Clear => ring.clear(),
        }
        is_lost.store(ring.is_empty(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::AppConfig;

    #[test]
    fn messages_are_kept_after_a_restart_that_the_thread_has_not_handled() {
        let app = AppState::new(AppConfig::default(), Timestamp::START);
        let (orders, received) = sync_channel(QUEUE);
        let mut rewinder = Rewinder::with(orders, 64_000_000, Timestamp::START);
        let write_a_part = |rewinder: &mut Rewinder, now: Timestamp| {
            rewinder.write(now, &[b' '; PART]);
            rewinder.on_applied(&app, now);
            rewinder.is_on()
        };
        rewinder.restart(&app, Timestamp::START);
        rewinder.is_lost.store(true, Ordering::Relaxed);
        assert!(!write_a_part(&mut rewinder, Timestamp::START), "everything is lost");
        let now = Timestamp::START + PICTURE_EVERY;
        rewinder.on_applied(&app, now);
        assert!(rewinder.is_on() && write_a_part(&mut rewinder, now));
        // A state that is larger than the memory of the thread is lost.
        let is_lost = Arc::clone(&rewinder.is_lost);
        drop(rewinder);
        run(Ring::new(1), &received);
        assert!(is_lost.load(Ordering::Relaxed));
    }
}
