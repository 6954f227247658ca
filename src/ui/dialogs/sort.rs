//! What can be sorted by, the chosen one reversed.

use ratatui::text::{Line, Span};

use crate::app::dialog::SortMenu;
use crate::app::keymap::Action;
use crate::app::{Column, Reply};
use crate::ui::Role;
use crate::ui::line::cut;

use super::{Answer, Page, Sheet, Title};

impl<'a> Page<'a> {
    pub(super) fn sort(&self, menu: SortMenu) -> Sheet<'a> {
        let lines = Column::ALL.into_iter().map(|column| self.column(menu, column)).collect();
        let invert = self.scene.model.setup.keymap.press(Action::InvertSort);
        let answers = [
            Answer::new(self.key(Reply::Accept), "sort", "sort"),
            Answer::new(invert, "turn around", "turn"),
            Answer::new(self.key(Reply::Close), "leave it", "no"),
        ];
        let foot = self.answers(&answers, None);
        Sheet { foot, look_at: menu.place(), ..Sheet::new(Title::of("Sort by"), lines) }
    }

    /// `  LEFT     ↑  the time left`
    fn column(&self, menu: SortMenu, column: Column) -> Line<'a> {
        let look = self.scene.look;
        let is_chosen = menu.chosen.column == column;
        let arrow = if is_chosen { menu.chosen.arrow() } else { ' ' };
        let text = cut(&format!(" {:<9} {arrow}  {} ", column.title(), column.meaning()), self.width);
        Line::from(Span::styled(text, if is_chosen { look.cursor() } else { look.style(Role::Text) }))
    }
}
