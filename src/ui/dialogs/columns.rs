//! Menu of columns: the shown ones in their order, then the others. The table behind it shows each change.

use ratatui::text::{Line, Span};

use crate::app::DialogAction;
use crate::app::dialog::{ColumnChoice, ColumnMenu};
use crate::ui::Role;
use crate::ui::line::cut;

use super::{DialogButton, DialogPage, Popup, Title};

impl<'a> DialogPage<'a> {
    pub(super) fn columns(&self, menu: &ColumnMenu) -> Popup<'a> {
        let row = |(place, choice): (usize, &ColumnChoice)| self.column_choice(*choice, place == menu.place);
        let lines = menu.choices.iter().enumerate().map(row).collect();
        let answers = [
            DialogButton::new(self.key(DialogAction::Accept), "accept", "ok"),
            DialogButton::new(self.key(DialogAction::ColumnToggle), "show or hide", "toggle").minor(),
            DialogButton::new(self.key(DialogAction::ColumnUp), "up", "up").minor(),
            DialogButton::new(self.key(DialogAction::ColumnDown), "down", "down").minor(),
            DialogButton::new(self.key(DialogAction::Close), "cancel", "cancel"),
        ];
        let foot = self.answers(&answers, None);
        Popup { foot, look_at: menu.place, ..Popup::new(Title::of("Columns"), lines) }
    }

    /// ` [x] LEFT     time left `
    fn column_choice(&self, choice: ColumnChoice, is_selected: bool) -> Line<'a> {
        let sign = if choice.is_shown { 'x' } else { ' ' };
        let (title, description) = (choice.column.title(), choice.column.description());
        let text = cut(&format!(" [{sign}] {title:<8} {description} "), self.width);
        let role = if choice.is_shown { Role::Text } else { Role::Dim };
        let style = if is_selected { self.ctx.theme.cursor() } else { self.ctx.theme.style(role) };
        Line::from(Span::styled(text, style))
    }
}
