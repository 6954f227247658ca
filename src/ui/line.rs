//! One-line layout: segments that are hidden by rank, cutting and wrapping.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

use crate::width::DisplayWidth;
pub(super) use crate::width::cut;

use super::{Role, Theme};

/// Part of a line that is shown or hidden as a whole.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Text pieces with their roles.
    pub(super) pieces: Vec<(String, Role)>,
    /// The highest rank is hidden first. Rank 0 is never hidden.
    pub(super) rank: u8,
}

impl Segment {
    pub(super) fn new(rank: u8, role: Role, text: impl Into<String>) -> Self {
        Segment { pieces: vec![(text.into(), role)], rank }
    }

    /// A key hint: the key and what it does.
    pub(super) fn key(rank: u8, key: impl std::fmt::Display, does: &str) -> Self {
        Segment { pieces: vec![(key.to_string(), Role::Key), (format!(" {does}"), Role::Text)], rank }
    }

    fn width(&self) -> usize {
        self.pieces.iter().map(|(text, _)| text.width()).sum()
    }
}

/// Draws one group of segments at the left and one at the right. The highest ranks are hidden until the rest fits.
pub(super) fn draw_ends(
    theme: Theme,
    (mut left, mut right): (Vec<Segment>, Vec<Segment>),
    gaps: (&str, &str),
    area: Rect,
    buf: &mut Buffer,
) {
    while ends_width(&left, gaps.0) + ends_width(&right, gaps.1) + 1 > usize::from(area.width) {
        let highest = left.iter().chain(&right).map(|part| part.rank).max().unwrap_or(0);
        if highest == 0 {
            break;
        }
        drop_last(&mut right, highest).or_else(|| drop_last(&mut left, highest));
    }
    buf.set_line(area.x, area.y, &join(theme, &left, gaps.0), area.width);
    let right_width = (ends_width(&right, gaps.1) as u16).min(area.width);
    let free = area.width.saturating_sub(ends_width(&left, gaps.0) as u16);
    if right_width <= free {
        buf.set_line(area.right() - right_width, area.y, &join(theme, &right, gaps.1), right_width);
    }
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
    textwrap::wrap(text.trim_start_matches(' '), options).into_iter().map(Cow::into_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_keeps_to_the_width() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert!(wrap("日本語 etcd-lease", 1).iter().all(|line| line.width() <= 2));
    }
}
