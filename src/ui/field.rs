//! Single-line text input.

use ratatui::style::Style;
use ratatui::text::Span;
use tui_input::Input;
use unicode_segmentation::UnicodeSegmentation;

use crate::escape::printable;
use crate::width::DisplayWidth;

/// The part of the text around the caret that fits into `room` columns, with the caret in its style. Without a caret
/// style, the start of the text. Control characters are escaped, as in all text from outside.
pub(super) fn spans<'a>(input: &Input, room: usize, caret: Option<Style>) -> Vec<Span<'a>> {
    let cells = cells(input);
    let at = if caret.is_some() { place(&cells, input.cursor()) } else { 0 };
    let first = first_that_fits(&cells[..=at], room);
    let mut free = room;
    let mut spans = Vec::new();
    for (place, Cell { drawn, .. }) in cells.into_iter().enumerate().skip(first) {
        if drawn.width() > free {
            break;
        }
        free -= drawn.width();
        spans.push(Span::styled(drawn, caret.filter(|_| place == at).unwrap_or_default()));
    }
    spans.push(Span::raw(" ".repeat(free)));
    spans
}

/// The column at which [`spans`] draws the character with this index, if the field has a caret. A character that is scrolled
/// out is at the nearer edge of the field.
pub(super) fn column(input: &Input, room: usize, index: usize) -> usize {
    let cells = cells(input);
    let first = first_that_fits(&cells[..=place(&cells, input.cursor())], room);
    let column: usize = cells[..place(&cells, index)].iter().skip(first).map(|cell| cell.drawn.width()).sum();
    column.min(room.saturating_sub(1))
}

/// Characters that are drawn together, such as a letter and its accent, or the blank for the caret at the end.
struct Cell {
    drawn: String,
    /// Number of characters in the text.
    chars: usize,
}

/// The cells of the text. A mark without a letter is written out, because the caret on it would not be seen.
fn cells(input: &Input) -> Vec<Cell> {
    let cell = |text: &str| {
        let drawn = Some(printable(text.as_bytes())).filter(|drawn| drawn.width() > 0);
        Cell { drawn: drawn.unwrap_or_else(|| text.escape_unicode().to_string()), chars: text.chars().count() }
    };
    input.value().graphemes(true).chain([" "]).map(cell).collect()
}

/// The place of the cell with the character of this index, or else of the last cell.
fn place(cells: &[Cell], index: usize) -> usize {
    let mut chars = 0;
    let before = cells[..cells.len() - 1].iter().take_while(|cell| {
        chars += cell.chars;
        chars <= index
    });
    before.count()
}

/// Index of the first cell from which the rest fits into `room`.
fn first_that_fits(cells: &[Cell], room: usize) -> usize {
    let mut taken = 0;
    let fit = cells.iter().rev().take_while(|cell| {
        taken += cell.drawn.width();
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
    fn a_letter_and_its_accent_are_one_cell() {
        assert_eq!(drawn("e\u{301}a", 3, 4), "e\u{301}a| | ");
        assert_eq!(drawn("e\u{301}a", 2, 4), "e\u{301}|a|  ");
        assert_eq!([0, 1].map(|cursor| drawn("e\u{301}a", cursor, 4)), ["|e\u{301}|a  "; 2]);
        assert_eq!(drawn("\u{301}", 0, 8), "|\\u{301}| ");
        let input = Input::new("e\u{301}a".to_owned());
        assert_eq!([0, 1, 2, 3].map(|index| column(&input, 4, index)), [0, 0, 1, 2]);
    }

    #[test]
    fn a_character_has_the_column_at_which_it_is_drawn() {
        let column = |text: &str, cursor: usize, index: usize| {
            column(&Input::new(text.to_owned()).with_cursor(cursor), 4, index)
        };
        assert_eq!([0, 2, 3, 9].map(|index| column("abc", 3, index)), [0, 2, 3, 3]);
        // Drawn as `fgh` and the caret.
        assert_eq!([0, 4, 5, 7, 8].map(|index| column("abcdefgh", 8, index)), [0, 0, 0, 2, 3]);
        // Drawn as `abcd`.
        assert_eq!([1, 3, 4, 8].map(|index| column("abcdefgh", 2, index)), [1, 3, 3, 3]);
        assert_eq!([0, 1, 2].map(|index| column("日本", 0, index)), [0, 2, 3]);
    }

    #[test]
    fn without_a_caret_the_beginning_is_shown() {
        let text: String =
            spans(&Input::new("abcdefgh".to_owned()), 4, None).iter().map(|span| &*span.content).collect();
        assert_eq!(text, "abcd");
    }
}
