//! The menu that mutes warnings. The selected choice is reversed.

use ratatui::text::{Line, Span};

use crate::app::dialog::MuteMenu;
use crate::app::{DialogAction, MuteChange, MuteChoice};
use crate::escape::printable;
use crate::inference::lints::label;
use crate::ui::Role;
use crate::ui::line::cut;

use super::{DialogButton, DialogPage, Popup, Title};

impl<'a> DialogPage<'a> {
    pub(super) fn mute(&self, menu: &MuteMenu) -> Popup<'a> {
        let title = Title::of(&format!("Mute warnings of {}", self.name(menu.id)));
        let rows = menu.choices.iter().enumerate().map(|(index, choice)| self.mute_choice(menu, index, *choice));
        let mut lines: Vec<Line<'a>> = rows.collect();
        let is_muting = |choice: &MuteChoice| matches!(choice.change, MuteChange::Lease | MuteChange::Service);
        if menu.choices.iter().any(is_muting) {
            lines.extend(self.text(Role::Dim, "A mute lasts until the lease gets worse."));
        }
        let answers = [
            DialogButton::new(self.key(DialogAction::Accept), "apply", "apply"),
            DialogButton::new(self.key(DialogAction::Close), "cancel", "cancel"),
        ];
        Popup { foot: self.answers(&answers, None), look_at: menu.place, ..Popup::new(title, lines) }
    }

    fn mute_choice(&self, menu: &MuteMenu, index: usize, choice: MuteChoice) -> Line<'a> {
        let theme = self.ctx.theme;
        let warning = label(choice.warning);
        let service = || menu.service.as_deref().map(printable).unwrap_or_default();
        let text = match choice.change {
            MuteChange::Lease => format!(" mute “{warning}” for this lease "),
            MuteChange::Service => format!(" mute “{warning}” for service {} ", service()),
            MuteChange::UnmuteLease => format!(" show “{warning}” again for this lease "),
            MuteChange::UnmuteService => format!(" show “{warning}” again for service {} ", service()),
        };
        let style = if index == menu.place { theme.cursor() } else { theme.style(Role::Text) };
        Line::from(Span::styled(cut(&text, self.width), style))
    }
}
