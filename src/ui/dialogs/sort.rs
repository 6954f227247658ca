//! Menu of sort columns. The selected one is reversed.

use ratatui::text::{Line, Span};

use crate::app::dialog::SortMenu;
use crate::app::keymap::Action;
use crate::app::{DialogAction, SortKey};
use crate::ui::Role;
use crate::ui::line::cut;

use super::{DialogButton, DialogPage, Popup, Title};

impl<'a> DialogPage<'a> {
    pub(super) fn sort(&self, menu: SortMenu) -> Popup<'a> {
        let lines = SortKey::all().map(|key| self.sort_key(menu, key)).collect();
        let invert = self.ctx.app.config.keymap.key_label(Action::InvertSort);
        let answers = [
            DialogButton::new(self.key(DialogAction::Accept), "sort", "sort"),
            DialogButton::new(invert, "reverse", "reverse"),
            DialogButton::new(self.key(DialogAction::Close), "cancel", "cancel"),
        ];
        let is_grouped = self.ctx.app.displayed(self.ctx.now).0.view.is_grouped();
        let title = if is_grouped { "Sort the leases of a group by (groups: problems first)" } else { "Sort by" };
        let foot = self.answers(&answers, None);
        Popup { foot, look_at: menu.place(), ..Popup::new(Title::of(title), lines) }
    }

    /// ` LEFT      ↑  time left `
    fn sort_key(&self, menu: SortMenu, key: SortKey) -> Line<'a> {
        let theme = self.ctx.theme;
        let is_chosen = menu.chosen.key == key;
        let arrow = if is_chosen { menu.chosen.arrow() } else { ' ' };
        let text = cut(&format!(" {:<9} {arrow}  {} ", key.title(), key.description()), self.width);
        Line::from(Span::styled(text, if is_chosen { theme.cursor() } else { theme.style(Role::Text) }))
    }
}
