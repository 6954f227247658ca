//! Asks the terminal for its background colour (OSC 11), and keeps the reply out of the keys.
//!
//! crossterm does not know this reply and reads it as keys: Alt-], the text, and at the end Ctrl-g (BEL) or Alt-\\ (ST).
//! [`ReplyFilter`] recognises these keys. It works on events, so it does not matter when the reply arrives.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use simkit::Timestamp;

/// Asks for the background colour.
pub(super) const QUERY: &[u8] = b"\x1b]11;?\x1b\\";
/// How long to wait for the reply, which may come through a slow connection. A later one is ignored, because a change of all
/// colours would startle.
pub(super) const LIMIT: Duration = Duration::from_secs(1);
/// The number of the colour, at the start of the reply.
const NUMBER: &str = "11;";
/// Maximum length of a reply, in bytes. A longer one is dropped, and what follows it is passed on as keys.
const LONGEST: usize = 200;
/// The bytes of a reply arrive together. A key that is read later than this was typed.
const GAP: Duration = Duration::from_millis(100);
/// The same after the number. Nobody types it by chance, so a longer gap is a delay of leasetop or of the connection.
const GAP_AFTER_NUMBER: Duration = Duration::from_secs(1);
/// Weights of red, green and blue in the brightness of a colour (ITU-R BT.601).
const LUMA_WEIGHTS: [f64; 3] = [0.299, 0.587, 0.114];

/// A background colour by its brightness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Background {
    Dark,
    Light,
}

/// The progress of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BackgroundQuery {
    /// To be asked after the first frame.
    Wanted,
    /// Asked, and waiting for the reply.
    Asked {
        /// A later reply is ignored.
        until: Timestamp,
    },
    /// Answered, or not to be asked.
    Over,
}

/// What the filter lets through after an event.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filtered {
    /// Events that are not part of a reply, oldest first: this one, and those that were held back before it.
    pub(super) events: Vec<Event>,
    /// The background colour, if the event completes a reply that contains one.
    pub(super) background: Option<Background>,
}

/// Finds replies among the events and keeps them out of the keys.
#[derive(Debug, Default)]
pub(super) struct ReplyFilter {
    /// The events of a possible reply.
    held: Vec<Event>,
    /// The text of a reply so far. `None` outside of one.
    text: Option<String>,
    /// Whether the last event was an escape of its own.
    is_after_esc: bool,
    last: Timestamp,
}

/// What an event can be in a reply.
#[derive(Clone, Copy)]
enum Piece {
    Start,
    Char(char),
    /// An escape that arrived apart from the byte after it.
    Esc,
    End,
    /// The release of a key.
    Nothing,
    Other,
}

impl Piece {
    fn of(event: &Event) -> Piece {
        match event {
            Event::Key(key) if key.kind == KeyEventKind::Release => Piece::Nothing,
            Event::Key(KeyEvent { code: KeyCode::Esc, modifiers: KeyModifiers::NONE, .. }) => Piece::Esc,
            Event::Key(KeyEvent { code: KeyCode::Char(c), modifiers, .. }) => match (c, *modifiers) {
                (']', KeyModifiers::ALT) => Piece::Start,
                ('\\', KeyModifiers::ALT) | ('g', KeyModifiers::CONTROL) => Piece::End,
                (c, KeyModifiers::NONE | KeyModifiers::SHIFT) => Piece::Char(*c),
                _ => Piece::Other,
            },
            _ => Piece::Other,
        }
    }
}

impl ReplyFilter {
    /// Filters an event that arrived at `now`. An event of a possible reply is held back until it is certain that it is
    /// not part of one.
    pub(super) fn pass(&mut self, event: Event, now: Timestamp) -> Filtered {
        let has_number = self.text.as_ref().is_some_and(|text| text.starts_with(NUMBER));
        let is_late = now - self.last > if has_number { GAP_AFTER_NUMBER } else { GAP };
        let events = if is_late { self.give_up() } else { Vec::new() };
        let is_after_esc = std::mem::take(&mut self.is_after_esc) && !is_late;
        self.last = now;
        let mut filtered = Filtered { events, background: None };
        match (self.text.take(), Piece::of(&event)) {
            (None, Piece::Start) => self.start(event),
            (None, Piece::Char(']')) if is_after_esc => self.start(event),
            (Some(text), Piece::Start) => {
                filtered.events.extend(self.drop_reply(&text));
                self.start(event);
            }
            (Some(text), Piece::Nothing) => self.text = Some(text),
            (Some(text), Piece::End) if text.starts_with(NUMBER) => filtered.background = self.end(&text),
            (Some(text), Piece::Char('\\')) if is_after_esc && text.starts_with(NUMBER) => {
                filtered.background = self.end(&text);
            }
            (Some(text), Piece::Esc) if text.starts_with(NUMBER) => {
                self.is_after_esc = true;
                self.text = Some(text);
            }
            (Some(text), Piece::Char(c)) if continues_reply(&text, c) => {
                self.held.push(event);
                self.text = Some(text + c.encode_utf8(&mut [0; 4]));
            }
            (text, piece) => {
                filtered.events.extend(text.map(|text| self.drop_reply(&text)).unwrap_or_default());
                self.is_after_esc = matches!(piece, Piece::Esc);
                filtered.events.push(event);
            }
        }
        filtered
    }

    fn start(&mut self, event: Event) {
        self.text = Some(String::new());
        self.held = vec![event];
    }

    fn end(&mut self, text: &str) -> Option<Background> {
        self.held.clear();
        background(&text[NUMBER.len()..])
    }

    fn give_up(&mut self) -> Vec<Event> {
        self.text.take().map(|text| self.drop_reply(&text)).unwrap_or_default()
    }

    /// Ends a reply without its end sequence. Returns the events held back if its number is incomplete, because they
    /// may be typed keys. Otherwise drops them.
    fn drop_reply(&mut self, text: &str) -> Vec<Event> {
        let held = std::mem::take(&mut self.held);
        if text.starts_with(NUMBER) { Vec::new() } else { held }
    }
}

/// Whether a character can follow the text of a reply so far.
fn continues_reply(text: &str, next: char) -> bool {
    let is_in_number = NUMBER.strip_prefix(text).is_some_and(|rest| rest.starts_with(next));
    is_in_number || text.starts_with(NUMBER) && text.len() < LONGEST
}

/// The brightness of `rgb:RRRR/GGGG/BBBB`, `rgba:...` or `#RRGGBB`, with one to four digits per channel. Light means
/// brighter than half of white.
fn background(color: &str) -> Option<Background> {
    let channels = channels(color)?;
    let luma: f64 = LUMA_WEIGHTS.iter().zip(channels).map(|(weight, channel)| weight * channel).sum();
    Some(if luma > 0.5 { Background::Light } else { Background::Dark })
}

/// Red, green and blue from 0 to 1. `None` if the text is not a colour.
fn channels(color: &str) -> Option<[f64; 3]> {
    let parts: Vec<&str> = match color.split_once(':') {
        Some(("rgb" | "rgba", channels)) => channels.split('/').take(3).collect(),
        _ => {
            let digits = color.strip_prefix('#')?;
            let size = digits.len() / 3;
            (0..3).map(|place| digits.get(place * size..(place + 1) * size)).collect::<Option<_>>()?
        }
    };
    let channel = |digits: &&str| {
        let max = 16_f64.powi(i32::try_from(digits.len()).ok().filter(|size| (1..=4).contains(size))?) - 1.0;
        Some(f64::from(u32::from_str_radix(digits, 16).ok()?) / max)
    };
    let channels: Vec<f64> = parts.iter().map(channel).collect::<Option<_>>()?;
    channels.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(c: char, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(KeyCode::Char(c), modifiers))
    }

    /// The events that crossterm makes of a text. `^` starts an escape sequence and `!` is BEL.
    fn events(text: &str) -> Vec<Event> {
        let mut is_alt = false;
        let mut events = Vec::new();
        for c in text.chars() {
            match (c, std::mem::take(&mut is_alt)) {
                ('^', _) => is_alt = true,
                (c, true) => events.push(key(c, KeyModifiers::ALT)),
                ('!', _) => events.push(key('g', KeyModifiers::CONTROL)),
                (c, _) => events.push(key(c, KeyModifiers::NONE)),
            }
        }
        events
    }

    /// The keys that get through, and the background.
    fn passed(text: &str) -> (String, Option<Background>) {
        let mut filter = ReplyFilter::default();
        let mut passed = String::new();
        let mut found = None;
        for event in events(text) {
            let Filtered { events, background } = filter.pass(event, Timestamp::START);
            found = found.or(background);
            let chars = events.iter().filter_map(|event| match event {
                Event::Key(KeyEvent { code: KeyCode::Char(c), .. }) => Some(*c),
                _ => None,
            });
            passed.extend(chars);
        }
        (passed, found)
    }

    #[test]
    fn a_reply_gives_the_background_and_no_key() {
        let (dark, light) = (Some(Background::Dark), Some(Background::Light));
        for (reply, background) in [
            ("^]11;rgb:ffff/ffff/ffff^\\", light),
            ("^]11;rgb:fdf6/e3e3/0000!", light),
            ("^]11;rgb:00/2b/36!", dark),
            ("^]11;rgba:1e1e/1e1e/1e1e/ffff^\\", dark),
            ("^]11;#ffffff!", light),
            ("^]11;nonsense: q x y!", None),
            ("^]11;rgb:ffff/ffff!", None),
            ("^]11;!", None),
        ] {
            assert_eq!(passed(reply), (String::new(), background), "{reply}");
            assert_eq!(passed(&format!("j{reply}k")), ("jk".to_owned(), background), "{reply} among keys");
        }
    }

    #[test]
    fn a_reply_that_arrives_in_parts_gives_no_key_but_the_escape() {
        let esc = Event::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE));
        let mut filter = ReplyFilter::default();
        assert_eq!(filter.pass(esc.clone(), Timestamp::START).events, std::slice::from_ref(&esc));
        let rest = events("]11;rgb:ff/ff/ff").into_iter().chain([esc]).chain(events("\\"));
        let filtered: Vec<Filtered> = rest.map(|event| filter.pass(event, Timestamp::START)).collect();
        assert!(filtered.iter().all(|filtered| filtered.events.is_empty()), "{filtered:?}");
        assert_eq!(filtered.last().and_then(|filtered| filtered.background), Some(Background::Light));
    }

    #[test]
    fn keys_that_are_no_reply_get_through() {
        assert_eq!(passed("^]2j"), ("]2j".to_owned(), None));
        assert_eq!(passed("^]12j"), ("]12j".to_owned(), None));
        assert_eq!(passed("^]^]11;rgb:0/0/0!q"), ("]q".to_owned(), Some(Background::Dark)));
        assert_eq!(passed("jk!"), ("jkg".to_owned(), None));
    }

    #[test]
    fn keys_after_a_broken_reply_get_through() {
        let mut filter = ReplyFilter::default();
        for event in events("^]11;rgb:ff") {
            assert_eq!(filter.pass(event, Timestamp::START), Filtered::default());
        }
        let later = Timestamp::START + GAP_AFTER_NUMBER + GAP;
        assert_eq!(filter.pass(key('q', KeyModifiers::NONE), later).events, [key('q', KeyModifiers::NONE)]);
        assert_eq!(passed(&format!("^]11;{}q", "x".repeat(LONGEST))).0.len(), 4, "what is too long ends");
    }

    #[test]
    fn a_delay_in_a_reply_turns_nothing_of_it_into_keys() {
        let mut filter = ReplyFilter::default();
        let times = (0..).map(|count| Timestamp::START + if count < 9 { Duration::ZERO } else { GAP * 5 });
        for (event, now) in events("^]11;nonsense/1:x?q!").into_iter().zip(times) {
            assert_eq!(filter.pass(event, now), Filtered::default());
        }
    }

    #[test]
    fn a_held_key_waits_for_the_next_one_only() {
        let mut filter = ReplyFilter::default();
        assert_eq!(filter.pass(key(']', KeyModifiers::ALT), Timestamp::START), Filtered::default());
        let later = Timestamp::START + GAP + GAP;
        let events = filter.pass(key('1', KeyModifiers::NONE), later).events;
        assert_eq!(events, [key(']', KeyModifiers::ALT), key('1', KeyModifiers::NONE)]);
    }
}
