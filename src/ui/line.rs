//! One-line layout: segments that are hidden by rank, cutting and wrapping.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

use crate::width::DisplayWidth;
pub(super) use crate::width::cut;

use super::{Role, Theme};
use crate::app::Key;

/// Part of a line that is shown or hidden as a whole.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Text pieces with their roles.
    pub(super) pieces: Vec<(String, Role)>,
    /// The highest rank is hidden first. Rank 0 is never hidden.
    pub(super) rank: u8,
    /// The key that a click on it presses.
    pub(super) key: Option<Key>,
}

impl Segment {
    pub(super) fn new(rank: u8, role: Role, text: impl Into<String>) -> Self {
        Segment { pieces: vec![(text.into(), role)], rank, key: None }
    }

    /// A key hint: the key and what it does.
    pub(super) fn key(rank: u8, key: Key, does: &str) -> Self {
        Segment { pieces: vec![(key.to_string(), Role::Key), (format!(" {does}"), Role::Text)], rank, key: Some(key) }
    }

    fn width(&self) -> usize {
        self.pieces.iter().map(|(text, _)| text.width()).sum()
    }
}

/// Draws one group of segments at the left and one at the right. The highest ranks are hidden until the rest fits.
pub(super) fn draw_ends(
    theme: Theme,
    (left, right): (Vec<Segment>, Vec<Segment>),
    gaps: (&str, &str),
    area: Rect,
    buf: &mut Buffer,
) {
    let (left, right) = fitting((left, right), gaps, area.width);
    buf.set_line(area.x, area.y, &join(theme, &left, gaps.0), area.width);
    let right_width = (ends_width(&right, gaps.1) as u16).min(area.width);
    let free = area.width.saturating_sub(ends_width(&left, gaps.0) as u16);
    if right_width <= free {
        buf.set_line(area.right() - right_width, area.y, &join(theme, &right, gaps.1), right_width);
    }
}

/// Draws one group of segments at the right.
pub(super) fn draw_right(theme: Theme, right: Vec<Segment>, gap: &str, area: Rect, buf: &mut Buffer) {
    if area.width > 1 {
        draw_ends(theme, (Vec::new(), right), ("", gap), area, buf);
    }
}

/// The segments of [`draw_right`] and their places.
pub(super) fn right_places(right: Vec<Segment>, gap: &str, area: Rect) -> Vec<(Segment, Rect)> {
    ends_places((Vec::new(), right), ("", gap), area)
}

/// The segments that [`draw_ends`] draws and their places.
pub(super) fn ends_places(
    groups: (Vec<Segment>, Vec<Segment>),
    gaps: (&str, &str),
    area: Rect,
) -> Vec<(Segment, Rect)> {
    let (left, right) = fitting(groups, gaps, area.width);
    let [left_width, right_width] = [ends_width(&left, gaps.0), ends_width(&right, gaps.1)].map(|width| width as u16);
    let mut places = group_places(left, gaps.0, area);
    if right_width <= area.width.saturating_sub(left_width) {
        places.extend(group_places(right, gaps.1, Rect { x: area.right() - right_width, width: right_width, ..area }));
    }
    places
}

/// The places of a group that starts at the left of `area`, after a blank.
fn group_places(parts: Vec<Segment>, gap: &str, area: Rect) -> Vec<(Segment, Rect)> {
    let mut x = area.x.saturating_add(1);
    let place = |part: Segment| {
        let width = part.width() as u16;
        let place = Rect { x, width, height: 1, ..area }.intersection(area);
        x = x.saturating_add(width + gap.width() as u16);
        (part, place)
    };
    parts.into_iter().map(place).collect()
}

/// Hides the highest ranks until the rest fits.
fn fitting(
    (mut left, mut right): (Vec<Segment>, Vec<Segment>),
    gaps: (&str, &str),
    width: u16,
) -> (Vec<Segment>, Vec<Segment>) {
    // One more blank keeps the groups apart.
    while ends_width(&left, gaps.0) + ends_width(&right, gaps.1) + 1 > usize::from(width) {
        let highest = left.iter().chain(&right).map(|part| part.rank).max().unwrap_or(0);
        if highest == 0 {
            break;
        }
        drop_last(&mut right, highest).or_else(|| drop_last(&mut left, highest));
    }
    (left, right)
}

fn drop_last(parts: &mut Vec<Segment>, rank: u8) -> Option<Segment> {
    let place = parts.iter().rposition(|part| part.rank == rank)?;
    Some(parts.remove(place))
}

/// Width of a group, with a blank at either end.
fn ends_width(parts: &[Segment], gap: &str) -> usize {
    let texts: usize = parts.iter().map(Segment::width).sum();
    if parts.is_empty() { 0 } else { texts + gap.width() * (parts.len() - 1) + 2 }
}

fn join<'a>(theme: Theme, parts: &'a [Segment], gap: &'a str) -> Line<'a> {
    let mut spans = vec![Span::raw(" ")];
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            spans.push(Span::styled(gap, theme.style(Role::Dim)));
        }
        spans.extend(part.pieces.iter().map(|(text, role)| Span::styled(text.as_str(), theme.style(*role))));
    }
    Line::from(spans)
}

/// Wraps the text to lines of at most `width` columns. Breaks between words, and within a word only if it is longer
/// than a line.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let options = Options::new(width.max(1))
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let text = with_units(text.trim_start_matches(' '));
    textwrap::wrap(&text, options).into_iter().map(|line| line.replace(NO_BREAK, " ")).collect()
}

/// A blank at which a line does not break.
const NO_BREAK: &str = "\u{a0}";

/// Puts a blank without a line break between each number and its unit.
fn with_units(text: &str) -> String {
    const UNITS: [&str; 8] = ["ms", "s", "min", "h", "d", "%", "MB", "kB"];
    let ends = |c: char| !c.is_alphanumeric() && c != '%';
    let mut kept = String::with_capacity(text.len());
    for (place, word) in text.split(' ').enumerate() {
        let is_unit = UNITS.contains(&word.split(ends).next().unwrap_or_default());
        let blank = if is_unit && kept.ends_with(|c: char| c.is_ascii_digit()) { NO_BREAK } else { " " };
        kept.push_str(if place == 0 { "" } else { blank });
        kept.push_str(word);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_its_unit_stay_together() {
        assert_eq!(wrap("renewed every 10 s, TTL 30 s.", 16), ["renewed every", "10 s, TTL 30 s."]);
        assert_eq!(wrap("at 80 % of it", 5), ["at", "80 %", "of it"]);
        assert_eq!(wrap("of 3 songs", 5), ["of 3", "songs"]);
    }

    #[test]
    fn wrapping_keeps_to_the_width() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert!(wrap("日本語 etcd-lease", 1).iter().all(|line| line.width() <= 2));
    }
}
