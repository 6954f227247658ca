//! Notifications of problems through the terminal: a message (OSC 9 or OSC 777) and the bell.

use std::time::Duration;

use super::clipboard::wrapped;
use crate::app::{Event, EventCategory};
use simkit::Timestamp;

/// Minimum time between notifications. Problems meanwhile are reported in one notification at its end.
const PAUSE: Duration = Duration::from_secs(5);
/// Maximum length of the text, in characters.
const MAX_TEXT: usize = 200;

/// The escape sequence of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationSequence {
    /// `OSC 9`: iTerm2, kitty, WezTerm, Ghostty and others.
    Osc9,
    /// `OSC 777`: foot, urxvt, VTE and others.
    Osc777,
}

/// How the terminal reports problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotificationOptions {
    /// The sequence of a notification. `None`: no notification.
    pub sequence: Option<NotificationSequence>,
    /// Whether to ring the bell.
    pub has_bell: bool,
    /// Whether the terminal is tmux, which passes only wrapped sequences on.
    pub is_in_tmux: bool,
}

/// Turns problems into bytes for the terminal.
#[derive(Clone, Debug, Default)]
pub(super) struct Notifier {
    options: NotificationOptions,
    last: Option<Timestamp>,
    /// The newest problem since the last notification.
    pending: Option<Event>,
    /// The number of problems between the last notification and the pending one.
    earlier: usize,
}

impl Notifier {
    pub(super) fn new(options: NotificationOptions) -> Self {
        Notifier { options, ..Notifier::default() }
    }

    /// Whether it reports anything.
    pub(super) fn is_on(&self) -> bool {
        self.options.sequence.is_some() || self.options.has_bell
    }

    /// When the pending problem is due, on a clock that is `speed` times as fast as real time. `None` if none is
    /// pending.
    pub(super) fn due_at(&self, speed: u32) -> Option<Timestamp> {
        self.pending.as_ref().and(self.last).map(|last| last + PAUSE * speed)
    }

    /// Takes note of an event, if it is a problem.
    pub(super) fn on_event(&mut self, event: &Event) {
        if self.is_on() && EventCategory::Problems.has(&event.kind) {
            self.earlier += usize::from(self.pending.replace(event.clone()).is_some());
        }
    }

    /// The bytes of the notification that is due at `now`. Empty if none is due.
    pub(super) fn take_due(&mut self, now: Timestamp, speed: u32) -> Vec<u8> {
        // Another cluster has a clock of its own, on which the last notification may be in the future.
        if self.last.is_some_and(|last| last <= now && now < last + PAUSE * speed) {
            return Vec::new();
        }
        let Some(event) = self.pending.take() else { return Vec::new() };
        self.last = Some(now);
        let text = text(&event, std::mem::take(&mut self.earlier));
        let mut bytes = self.options.sequence.map_or_else(Vec::new, |sequence| self.notification(sequence, &text));
        if self.options.has_bell {
            bytes.push(0x07);
        }
        bytes
    }

    fn notification(&self, sequence: NotificationSequence, text: &str) -> Vec<u8> {
        let bytes = match sequence {
            NotificationSequence::Osc9 => format!("\x1b]9;leasetop: {text}\x07"),
            NotificationSequence::Osc777 => format!("\x1b]777;notify;leasetop;{text}\x07"),
        };
        if self.options.is_in_tmux { wrapped(bytes.as_bytes()) } else { bytes.into_bytes() }
    }
}

/// The text of a notification: one line, in which a comma replaces each character that could end or divide the escape
/// sequence. Keys of leases come from other clients.
fn text(event: &Event, earlier: usize) -> String {
    let lease = event.lease.map_or(String::new(), |id| format!(" {id}"));
    let more = if earlier > 0 { format!(" (and {earlier} more before)") } else { String::new() };
    let text = format!("{}{lease}: {}{more}", event.name().as_str(), event.text());
    text.chars().map(|c| if c.is_control() || c == ';' { ',' } else { c }).take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{EventKind, EventTime};
    use etcd_lease::LeaseId;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    fn event(kind: EventKind) -> Event {
        Event::new(EventTime::from(at(0)), at(0), Some(LeaseId(0x694d)), kind)
    }

    fn notifier(sequence: NotificationSequence, has_bell: bool, is_in_tmux: bool) -> Notifier {
        Notifier::new(NotificationOptions { sequence: Some(sequence), has_bell, is_in_tmux })
    }

    /// What is written for an event at this time.
    fn told(notifier: &mut Notifier, event: &Event, now: Timestamp) -> String {
        notifier.on_event(event);
        String::from_utf8(notifier.take_due(now, 1)).unwrap()
    }

    #[test]
    fn problems_are_reported_at_most_every_five_seconds() {
        let mut notifier = notifier(NotificationSequence::Osc9, true, false);
        let problem = event(EventKind::error("disk; full\x07"));
        let first = told(&mut notifier, &problem, at(1));
        assert_eq!(first, "\x1b]9;leasetop: error 000000000000694d: disk, full\\x07\x07\x07");
        assert_eq!(told(&mut notifier, &problem, at(5)), "");
        assert_eq!(told(&mut notifier, &event(EventKind::Kept), at(5)), "", "no problem");
        let next = told(&mut notifier, &problem, at(7));
        assert!(next.contains("(and 1 more before)"), "{next:?}");
        notifier.on_event(&problem);
        assert_eq!(notifier.take_due(at(20), 10), b"", "1.3 s of real time");
    }

    #[test]
    fn problems_within_the_pause_are_reported_after_it() {
        let mut notifier = notifier(NotificationSequence::Osc9, false, false);
        assert_ne!(told(&mut notifier, &event(EventKind::error("one")), at(1)), "");
        assert_eq!(notifier.due_at(1), None);
        for text in ["two", "three"] {
            assert_eq!(told(&mut notifier, &event(EventKind::error(text)), at(2)), "");
        }
        assert_eq!((notifier.due_at(1), notifier.due_at(10)), (Some(at(6)), Some(at(51))));
        let summary = String::from_utf8(notifier.take_due(at(6), 1)).unwrap();
        assert_eq!(summary, "\x1b]9;leasetop: error 000000000000694d: three (and 1 more before)\x07");
        assert_eq!((notifier.due_at(1), notifier.take_due(at(60), 1)), (None, Vec::new()));
    }

    #[test]
    fn a_clock_that_starts_again_does_not_silence_it() {
        let mut notifier = notifier(NotificationSequence::Osc9, false, false);
        let problem = event(EventKind::error("x"));
        assert_ne!(told(&mut notifier, &problem, at(3600)), "");
        assert_ne!(told(&mut notifier, &problem, at(1)), "");
    }

    #[test]
    fn each_terminal_gets_its_sequence() {
        let problem = event(EventKind::error("x"));
        let plain = told(&mut notifier(NotificationSequence::Osc777, false, false), &problem, at(1));
        assert_eq!(plain, "\x1b]777;notify;leasetop;error 000000000000694d: x\x07");
        let in_tmux = told(&mut notifier(NotificationSequence::Osc9, false, true), &problem, at(1));
        assert_eq!(in_tmux, "\x1bPtmux;\x1b\x1b]9;leasetop: error 000000000000694d: x\x07\x1b\\");
        assert_eq!(told(&mut Notifier::default(), &problem, at(1)), "");
    }
}
