//! The terminal of the tests.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::*;

/// A terminal in memory that can stop reading.
#[derive(Clone)]
pub(super) struct FakeScreen(pub(super) Arc<FakeScreenState>);

pub(super) struct FakeScreenState {
    pub(super) terminal: Mutex<vt100::Parser>,
    is_stuck: AtomicBool,
    freed: Notify,
    frames: AtomicUsize,
    /// The texts of notifications (OSC 9).
    notifications: Mutex<Vec<String>>,
    /// Whether a suspension is over.
    pub(super) continued: Notify,
}

impl Screen for FakeScreen {
    fn size(&self) -> (u16, u16) {
        let (rows, columns) = self.0.terminal.lock().unwrap().screen().size();
        (columns, rows)
    }

    fn is_free(&self) -> bool {
        !self.0.is_stuck.load(Ordering::SeqCst)
    }

    fn write_frame(&mut self, frame: Vec<u8>) {
        assert!(self.is_free(), "a frame for a screen that has one");
        self.0.frames.fetch_add(1, Ordering::SeqCst);
        let text = String::from_utf8_lossy(&frame);
        let notified = text.split("\x1b]9;").skip(1).filter_map(|rest| Some(rest.split_once('\x07')?.0.to_owned()));
        self.0.notifications.lock().unwrap().extend(notified);
        self.0.terminal.lock().unwrap().process(&frame);
    }

    fn keep_mouse(&mut self, _: bool) {}

    async fn until_free(&self) {
        while !self.is_free() {
            self.0.freed.notified().await;
        }
    }

    async fn suspend(&mut self, _: bool) {
        self.0.continued.notified().await;
    }

    fn reenter(&mut self) {
        *self.0.terminal.lock().unwrap() = vt100::Parser::new(40, 180, 0);
    }
}

impl FakeScreen {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        FakeScreen(Arc::new(FakeScreenState {
            terminal: Mutex::new(vt100::Parser::new(rows, columns, 0)),
            is_stuck: AtomicBool::new(false),
            freed: Notify::new(),
            frames: AtomicUsize::new(0),
            notifications: Mutex::default(),
            continued: Notify::new(),
        }))
    }

    pub(super) fn text(&self) -> String {
        self.0.terminal.lock().unwrap().screen().contents()
    }

    pub(super) fn notifications(&self) -> Vec<String> {
        self.0.notifications.lock().unwrap().clone()
    }

    pub(super) fn frames(&self) -> usize {
        self.0.frames.load(Ordering::SeqCst)
    }

    pub(super) fn stick(&self, is_stuck: bool) {
        self.0.is_stuck.store(is_stuck, Ordering::SeqCst);
        self.0.freed.notify_one();
    }

    /// The words of the row with this text.
    pub(super) fn row(&self, part: &str) -> Vec<String> {
        let text = self.text();
        let line = text.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part} in\n{text}"));
        line.split_whitespace().map(str::to_owned).collect()
    }
}
