//! Text widths in terminal cells, as ratatui counts them when it draws.
//!
//! ratatui counts one cell more than the `unicode-width` crate for each halfwidth voiced sound mark (U+FF9E, U+FF9F).
//! If measuring and drawing disagree, text is cut without an ellipsis or shifts what follows it.

use std::ops::Range;

use ratatui::buffer::CellWidth;
use ratatui::style::Style;
use ratatui::text::Span;

/// Display width of text, in terminal cells.
pub trait DisplayWidth {
    /// Width in cells. Control characters have none, because they are not drawn.
    fn width(&self) -> usize;
}

impl DisplayWidth for str {
    fn width(&self) -> usize {
        if self.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return self.len();
        }
        let span = Span::raw(self);
        span.styled_graphemes(Style::new()).map(|grapheme| usize::from(grapheme.symbol.cell_width())).sum()
    }
}

/// Cuts the text to at most `width` cells and ends it with `…` if anything was cut. Never splits a grapheme or an escape.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let Some(mut room) = width.checked_sub(1) else { return String::new() };
    let mut short = String::new();
    for grapheme in Span::raw(text).styled_graphemes(Style::new()) {
        let Some(rest) = room.checked_sub(grapheme.symbol.cell_width().into()) else { break };
        room = rest;
        short.push_str(grapheme.symbol);
    }
    without_partial_escape(&short, text).to_owned() + "…"
}

/// Cuts the text to at most `width` cells by replacing its middle with `…`, so that both ends stay readable. The start
/// gets two thirds of the cells. Never splits a grapheme or an escape.
pub fn cut_middle(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let Some(room) = width.checked_sub(1) else { return String::new() };
    cut_before_tail(text, room, room / 3)
}

/// Cuts the name of a key to at most `width` cells by replacing its middle with `…`. Names often have a common start and
/// differ at the end, so the part from the last `/` on stays whole if that leaves four cells for the start. If it does not,
/// or if that part is short, the end gets three fifths of the cells. Never splits a grapheme or an escape.
pub fn cut_key(name: &str, width: usize) -> String {
    if name.width() <= width {
        return name.to_owned();
    }
    let Some(room) = width.checked_sub(1) else { return String::new() };
    let last = name.rfind('/').map_or(0, |at| name[at..].width());
    let tail = if last > room / 3 && last + 4 <= room { last } else { room * 3 / 5 };
    cut_before_tail(name, room, tail)
}

/// The start and the end of a text with `…` between them. Together they have up to `room` cells, the end up to `tail` of
/// them.
fn cut_before_tail(text: &str, room: usize, tail: usize) -> String {
    let span = Span::raw(text);
    let graphemes: Vec<(&str, usize)> = span
        .styled_graphemes(Style::new())
        .map(|grapheme| (grapheme.symbol, usize::from(grapheme.symbol.cell_width())))
        .collect();
    let tail: String = fitting(graphemes.iter().rev().copied(), tail).into_iter().rev().collect();
    let tail = without_escape_rest(&tail, text);
    let head = fitting(graphemes.iter().copied(), room - tail.width()).concat();
    without_partial_escape(&head, text).to_owned() + "…" + tail
}

/// The start of a text without an escape that it contains only in part.
fn without_partial_escape<'a>(head: &'a str, text: &str) -> &'a str {
    match escape_across(text, head.len()) {
        Some(escape) if text.starts_with(head) => &head[..escape.start],
        _ => head,
    }
}

/// The end of a text without the rest of an escape that starts before it.
fn without_escape_rest<'a>(tail: &'a str, text: &str) -> &'a str {
    let start = text.len().saturating_sub(tail.len());
    match escape_across(text, start) {
        Some(escape) if text.ends_with(tail) => &tail[escape.end - start..],
        _ => tail,
    }
}

/// The escape that a cut at a byte offset would split. Keys and values are shown with these escapes: `\\`, `\n`, `\x1b`,
/// `\u{202e}`.
fn escape_across(text: &str, cut: usize) -> Option<Range<usize>> {
    const LONGEST: usize = r"\u{10ffff}".len();
    let mut end = 0;
    loop {
        let start = end + text[end..].find('\\')?;
        if start >= cut {
            return None;
        }
        let escape = &text[start..];
        let chars = match escape.as_bytes().get(1) {
            Some(b'x') => 4,
            Some(b'u') => escape.bytes().take(LONGEST).position(|byte| byte == b'}').map_or(2, |last| last + 1),
            _ => 2,
        };
        end = escape.char_indices().nth(chars).map_or(text.len(), |(length, _)| start + length);
        if end > cut {
            return Some(start..end);
        }
    }
}

/// The first graphemes that fit into `room` cells.
fn fitting<'a>(graphemes: impl Iterator<Item = (&'a str, usize)>, room: usize) -> Vec<&'a str> {
    let mut used = 0;
    let mut fitting = Vec::new();
    for (symbol, width) in graphemes {
        if used + width > room {
            break;
        }
        used += width;
        fitting.push(symbol);
    }
    fitting
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    use super::*;

    #[test]
    fn a_text_is_as_wide_as_it_is_drawn() {
        for text in ["abc", "é", "日本語", "ｶﾞｷﾞﾊﾟ", "👩\u{200d}👩\u{200d}👧", "e\u{301}", "a\tb", "\u{200b}", ""]
        {
            let mut buf = Buffer::empty(Rect::new(0, 0, 40, 1));
            let (end, _) = buf.set_stringn(0, 0, text, 40, Style::new());
            assert_eq!(text.width(), usize::from(end), "{text:?}");
        }
    }

    #[test]
    fn the_longest_key_of_etcd_has_its_width() {
        assert_eq!("é".repeat(700_000).width(), 700_000);
    }

    #[test]
    fn cutting_counts_columns_and_splits_no_grapheme() {
        let cases = [
            ("/service/10", 11, "/service/10"),
            ("/service/10", 6, "/serv…"),
            ("日本語", 4, "日…"),
            ("ｶﾞｷﾞｸﾞ", 2 * "ｶﾞ".width() + 1, "ｶﾞｷﾞ…"),
            ("ｶﾞｷﾞｸﾞ", 2 * "ｶﾞ".width(), "ｶﾞ…"),
            ("abc", 0, ""),
        ];
        for (text, width, short) in cases {
            assert_eq!(cut(text, width), short, "{text} in {width}");
            assert!(cut(text, width).width() <= width);
        }
    }

    #[test]
    fn keys_that_differ_at_the_end_stay_different() {
        let cases = [
            ("/svc/gateway/10.0.0.14:8000", 26, "/svc/gatew…/10.0.0.14:8000"),
            ("/svc/gateway/10.0.0.14:8000", 20, "/svc…/10.0.0.14:8000"),
            ("/svc/gateway/10.0.0.14:8000", 11, "/svc…4:8000"),
            ("/svc/gateway/10.0.0.14:8000", 0, ""),
        ];
        for (name, width, short) in cases {
            assert_eq!(cut_key(name, width), short, "{name} in {width}");
        }
    }

    #[test]
    fn the_middle_is_cut_and_both_ends_stay() {
        let cases = [
            ("/svc/orders/10.0.1.54:8000", 26, "/svc/orders/10.0.1.54:8000"),
            ("/svc/orders/10.0.1.54:8000", 20, "/svc/orders/1…4:8000"),
            ("/svc/orders/10.0.1.54:8000", 4, "/s…0"),
            ("/svc/orders/10.0.1.54:8000", 1, "…"),
            ("/svc/orders/10.0.1.54:8000", 0, ""),
            ("日本語日本語", 7, "日本…語"),
        ];
        for (text, width, short) in cases {
            assert_eq!(cut_middle(text, width), short, "{text} in {width}");
            assert!(cut_middle(text, width).width() <= width);
        }
    }

    #[test]
    fn no_cut_splits_an_escape() {
        let parts = ["/", "k", "/", r"\x1b", r"\u{9b}", r"\\", "ｶ", r"\u{ff9e}", "/", r"\x1f", "é"];
        let name = parts.concat();
        let starts: Vec<String> = (0..=parts.len()).map(|count| parts[..count].concat()).collect();
        let ends: Vec<String> = (0..=parts.len()).map(|count| parts[count..].concat()).collect();
        for width in 1..name.width() {
            for short in [cut(&name, width), cut_middle(&name, width), cut_key(&name, width)] {
                let (start, end) = short.split_once('…').expect("a sign of the cut");
                assert!(
                    starts.iter().any(|one| one == start) && ends.iter().any(|one| one == end),
                    "{short} in {width}"
                );
                assert!(short.width() <= width, "{short} in {width}");
            }
        }
        assert_eq!(cut(&name, 9), r"/k/\x1b…");
        assert_eq!(cut(r"C:\é\u and more", 6), r"C:\é…");
    }
}
