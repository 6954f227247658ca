//! Popup layout: a title, a body that is cut if it does not fit, and answers that are always shown.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use crate::ui::line::{cut, wrap};
use crate::ui::{Role, Theme};
use crate::width::DisplayWidth;

/// Maximum width.
const WIDTH: u16 = 64;
/// Maximum width of popups whose lines must not be cut.
const WIDE: u16 = 96;
/// Minimum width and height of a screen for a border.
const BORDERED: (u16, u16) = (30, 8);

/// Title in a long and a short form.
pub(super) struct Title {
    long: String,
    short: String,
}

impl Title {
    /// A title without a lease id.
    pub(super) fn of(text: &str) -> Self {
        Title { long: text.to_owned(), short: text.to_owned() }
    }

    /// A title with a lease id: `Revoke lease 694d9aa8d4d4f304?`, in short `Revoke …d4d4f304?`.
    pub(super) fn on(id: impl ToString, long: [&str; 2], short: [&str; 2]) -> Self {
        let name = id.to_string();
        let end = &name[name.len() / 2..];
        Title { long: format!("{}{name}{}", long[0], long[1]), short: format!("{}…{end}{}", short[0], short[1]) }
    }
}

/// Content of a popup.
pub(super) struct Popup<'a> {
    pub(super) title: Title,
    /// The first lines are shown if not all fit.
    pub(super) body: Vec<Line<'a>>,
    /// Answers. They are always shown.
    pub(super) foot: Vec<Line<'a>>,
    /// Index of the body line that must stay visible.
    pub(super) look_at: usize,
}

impl<'a> Popup<'a> {
    /// A popup without answers.
    pub(super) fn new(title: Title, body: Vec<Line<'a>>) -> Self {
        Popup { title, body, foot: Vec::new(), look_at: 0 }
    }
}

/// Position of the popup. Without borders if they would take space from the content.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    area: Rect,
    /// Maximum width.
    most: u16,
    is_bordered: bool,
}

impl Frame {
    pub(super) fn of(area: Rect) -> Self {
        let (width, height) = BORDERED;
        Frame { area, most: WIDTH, is_bordered: area.width >= width && area.height >= height }
    }

    /// A popup for long lines.
    pub(super) fn wide(area: Rect) -> Self {
        Frame { most: WIDE, ..Frame::of(area) }
    }

    /// A popup that leaves the upper third of the screen free, unless the screen is low.
    pub(super) fn low(area: Rect) -> Self {
        /// A lower screen has no lines to spare.
        const LEAST: u16 = 20;
        let above = if area.height >= LEAST { area.height / 3 } else { 0 };
        Frame::of(Rect { y: area.y + above, height: area.height - above, ..area })
    }

    /// Columns of the text.
    pub(super) fn width(self) -> usize {
        let width = self.most.min(self.area.width);
        usize::from(if self.is_bordered { width - 4 } else { width })
    }

    /// Rows for the body and the answers.
    pub(super) fn rows(self) -> usize {
        usize::from(if self.is_bordered { self.area.height - 2 } else { self.area.height.saturating_sub(1) })
    }

    /// Draws the popup and returns the area of the answers.
    pub(super) fn draw(self, theme: Theme, popup: Popup<'_>, buf: &mut Buffer) -> Rect {
        let inner = if self.is_bordered { self.boxed(theme, &popup, buf) } else { self.bare(theme, &popup, buf) };
        let answers = popup.foot.len();
        let lines = visible_lines(popup, usize::from(inner.height), self.is_bordered);
        for (y, line) in (inner.y..).zip(&lines) {
            buf.set_line(inner.x, y, line, inner.width);
        }
        let above = lines.len().saturating_sub(answers) as u16;
        Rect { y: inner.y + above, height: lines.len() as u16 - above, ..inner }
    }

    /// Draws the bordered box and returns its inner area.
    fn boxed(self, theme: Theme, popup: &Popup<'_>, buf: &mut Buffer) -> Rect {
        let area = self.area;
        let gap = usize::from(!popup.foot.is_empty());
        let lines = u16::try_from(popup.body.len() + gap + popup.foot.len()).unwrap_or(u16::MAX);
        let (width, height) = (self.most.min(area.width), lines.saturating_add(2).min(area.height));
        let place =
            Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height };
        Clear.render(place, buf);
        let fits = popup.title.long.width() + 4 <= usize::from(width);
        let title = if fits { &popup.title.long } else { &popup.title.short };
        let block = Block::bordered()
            .border_type(BorderType::Rounded)
            .border_style(theme.style(Role::Text))
            .title(format!(" {title} "))
            .title_style(theme.style(Role::Title));
        let inner = block.inner(place);
        block.render(place, buf);
        Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
    }

    /// Draws a plain title in the first rows, limited to leave room for the answers, and returns the remaining area.
    fn bare(self, theme: Theme, popup: &Popup<'_>, buf: &mut Buffer) -> Rect {
        let area = self.area;
        Clear.render(area, buf);
        let width = usize::from(area.width);
        let is_short = popup.title.long.width() > width;
        let title = if is_short { &popup.title.short } else { &popup.title.long };
        let most = usize::from(area.height).saturating_sub(popup.foot.len()).max(1);
        let rows = wrap(title, width);
        // Keep the end of the title: it has the lease id.
        let rows = &rows[rows.len().saturating_sub(most)..];
        for (y, row) in (area.y..area.bottom()).zip(rows) {
            buf.set_stringn(area.x, y, cut(row, width), width, theme.style(Role::Title));
        }
        let taken = u16::try_from(rows.len()).unwrap_or(u16::MAX).min(area.height);
        Rect { y: area.y + taken, height: area.height - taken, ..area }
    }
}

/// The visible lines, with a blank line before the answers if `has_gap` and there is space.
fn visible_lines(popup: Popup<'_>, room: usize, has_gap: bool) -> Vec<Line<'_>> {
    let Popup { body, foot, look_at, .. } = popup;
    let gap = usize::from(has_gap && !foot.is_empty() && body.len() + foot.len() < room);
    let rows = room.saturating_sub(foot.len() + gap).min(body.len());
    let top = (look_at + 1).saturating_sub(rows);
    let mut lines: Vec<Line> = body.into_iter().skip(top).take(rows).collect();
    lines.extend(vec![Line::default(); gap]);
    lines.extend(foot);
    lines.truncate(room);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::LeaseId;

    fn popup(body: usize, foot: usize, look_at: usize) -> Popup<'static> {
        let line = |number: usize| Line::from(number.to_string());
        Popup {
            foot: (0..foot).map(|_| Line::from("answer")).collect(),
            look_at,
            ..Popup::new(Title::of("Title"), (0..body).map(line).collect())
        }
    }

    fn texts(popup: Popup<'_>, room: usize) -> Vec<String> {
        visible_lines(popup, room, true).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_text_is_cut_and_the_answers_are_not() {
        assert_eq!(texts(popup(2, 1, 0), 9), ["0", "1", "", "answer"]);
        assert_eq!(texts(popup(2, 1, 0), 3), ["0", "1", "answer"]);
        assert_eq!(texts(popup(9, 1, 0), 3), ["0", "1", "answer"]);
        assert_eq!(texts(popup(9, 1, 5), 3), ["4", "5", "answer"]);
        assert_eq!(texts(popup(9, 1, 5), 1), ["answer"]);
        assert_eq!(texts(popup(9, 1, 5), 0), [""; 0]);
    }

    #[test]
    fn a_short_title_keeps_the_end_of_the_id() {
        let title = Title::on(LeaseId(0x694d_9aa8_d4d4_f304), ["Revoke lease ", "?"], ["Revoke ", "?"]);
        assert_eq!(
            (title.long.as_str(), title.short.as_str()),
            ("Revoke lease 694d9aa8d4d4f304?", "Revoke …d4d4f304?")
        );
    }
}
