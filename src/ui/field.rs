//! Single-line text input.

use ratatui::style::Style;
use ratatui::text::Span;
use tui_input::Input;

use crate::escape::printable;
use crate::width::DisplayWidth;

/// The part of the text around the caret that fits into `room` columns, with the caret in its style. Without a caret
/// style, the start of the text. Control characters are escaped, as in all text from outside.
pub(super) fn spans<'a>(input: &Input, room: usize, caret: Option<Style>) -> Vec<Span<'a>> {
    let cells: Vec<String> =
        input.value().chars().map(|c| printable(c.to_string().as_bytes())).chain([" ".to_owned()]).collect();
    let at = if caret.is_some() { input.cursor().min(cells.len() - 1) } else { 0 };
    let first = first_that_fits(&cells[..=at], room);
    let mut free = room;
    let mut spans = Vec::new();
    for (place, cell) in cells.into_iter().enumerate().skip(first) {
        if cell.width() > free {
            break;
        }
        free -= cell.width();
        spans.push(Span::styled(cell, caret.filter(|_| place == at).unwrap_or_default()));
    }
    spans.push(Span::raw(" ".repeat(free)));
    spans
}

/// Index of the first cell from which the rest fits into `room`.
fn first_that_fits(cells: &[String], room: usize) -> usize {
    let mut taken = 0;
    let fit = cells.iter().rev().take_while(|cell| {
        taken += cell.width();
        taken <= room
    });
    cells.len() - fit.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The input as drawn, with the caret between bars.
    fn drawn(text: &str, cursor: usize, room: usize) -> String {
        let caret = Style::new().reversed();
        let input = Input::new(text.to_owned()).with_cursor(cursor);
        let spans = spans(&input, room, Some(caret));
        assert_eq!(spans.iter().map(Span::width).sum::<usize>(), room, "{spans:?}");
        let mark = |span: &Span<'_>| {
            if span.style == caret { format!("|{}|", span.content) } else { span.content.to_string() }
        };
        spans.iter().map(mark).collect()
    }

    #[test]
    fn the_caret_is_always_seen() {
        assert_eq!(drawn("abc", 3, 6), "abc| |  ");
        assert_eq!(drawn("abc", 0, 6), "|a|bc   ");
        assert_eq!(drawn("abcdefgh", 8, 4), "fgh| |");
        assert_eq!(drawn("abcdefgh", 2, 4), "ab|c|d");
    }

    #[test]
    fn wide_characters_take_two_columns_and_marks_are_written_out() {
        assert_eq!(drawn("日本語", 3, 6), "本語| | ");
        assert_eq!(drawn("日本語", 1, 5), "日|本| ");
        assert_eq!(drawn("a\u{202e}b", 3, 12), "a\\u{202e}b| | ");
    }

    #[test]
    fn without_a_caret_the_beginning_is_shown() {
        let text: String =
            spans(&Input::new("abcdefgh".to_owned()), 4, None).iter().map(|span| &*span.content).collect();
        assert_eq!(text, "abcd");
    }
}
