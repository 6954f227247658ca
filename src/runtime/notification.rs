//! Notifications of problems through the terminal: a message (OSC 9 or OSC 777) and the bell.

use std::time::Duration;

use super::clipboard::wrapped;
use crate::app::{Event, EventCategory};
use simkit::Timestamp;

/// At most one notification in this time. Further problems count for the next one.
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
    /// Problems since the last notification.
    unreported: usize,
}

impl Notifier {
    pub(super) fn new(options: NotificationOptions) -> Self {
        Notifier { options, ..Notifier::default() }
    }

    /// Whether it reports anything.
    pub(super) fn is_on(&self) -> bool {
        self.options.sequence.is_some() || self.options.has_bell
    }

    /// The bytes to write for an event that became known at `now`, on a clock that is `speed` times as fast as real time.
    pub(super) fn on_event(&mut self, event: &Event, now: Timestamp, speed: u32) -> Vec<u8> {
        if !self.is_on() || !EventCategory::Problems.has(&event.kind) {
            return Vec::new();
        }
        if self.last.is_some_and(|last| now < last + PAUSE * speed) {
            self.unreported += 1;
            return Vec::new();
        }
        self.last = Some(now);
        let text = text(event, std::mem::take(&mut self.unreported));
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

/// One line without characters that end or divide the sequence: keys of leases are foreign input.
fn text(event: &Event, unreported: usize) -> String {
    let lease = event.lease.map_or(String::new(), |id| format!(" {id}"));
    let more = if unreported > 0 { format!(" (and {unreported} more before)") } else { String::new() };
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

    #[test]
    fn problems_are_reported_at_most_every_five_seconds() {
        let mut notifier = notifier(NotificationSequence::Osc9, true, false);
        let problem = event(EventKind::error("disk; full\x07"));
        let told = String::from_utf8(notifier.on_event(&problem, at(1), 1)).unwrap();
        assert_eq!(told, "\x1b]9;leasetop: error 000000000000694d: disk, full\\x07\x07\x07");
        assert_eq!(notifier.on_event(&problem, at(5), 1), b"");
        assert_eq!(notifier.on_event(&event(EventKind::Kept), at(7), 1), b"", "no problem");
        let told = String::from_utf8(notifier.on_event(&problem, at(7), 1)).unwrap();
        assert!(told.contains("(and 1 more before)"), "{told:?}");
        assert_eq!(notifier.on_event(&problem, at(20), 10), b"", "2 s of real time");
    }

    #[test]
    fn each_terminal_gets_its_sequence() {
        let problem = event(EventKind::error("x"));
        let told = notifier(NotificationSequence::Osc777, false, false).on_event(&problem, at(1), 1);
        assert_eq!(told, b"\x1b]777;notify;leasetop;error 000000000000694d: x\x07");
        let told = notifier(NotificationSequence::Osc9, false, true).on_event(&problem, at(1), 1);
        assert_eq!(told, b"\x1bPtmux;\x1b\x1b]9;leasetop: error 000000000000694d: x\x07\x1b\\");
        assert_eq!(Notifier::default().on_event(&problem, at(1), 1), b"");
    }
}
