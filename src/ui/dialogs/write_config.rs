//! The changed lines of the config file, and the question whether to write them.

use ratatui::text::{Line, Span};

use crate::app::DialogAction;
use crate::app::dialog::WriteConfigDialog;
use crate::escape::printable;
use crate::ui::Role;
use crate::ui::line::{cut, wrap};

use super::{DialogButton, DialogPage, Popup, Title};

impl<'a> DialogPage<'a> {
    pub(super) fn write_config(&self, dialog: &WriteConfigDialog) -> Popup<'a> {
        let path = printable(dialog.path.as_bytes());
        let what = if dialog.is_new_file() { "New file" } else { "Changes in" };
        let mut body: Vec<Line<'a>> = self.text(Role::Dim, &format!("{what} {path}:"));
        body.extend(dialog.lines.iter().flat_map(|line| {
            let (sign, role) = if line.is_added { ('+', Role::Good) } else { ('-', Role::Danger) };
            let text = format!("{sign} {}", printable(line.text.as_bytes()));
            let style = self.ctx.theme.style(role);
            let rows = if line.is_added { wrap(&text, self.width) } else { vec![cut(&text, self.width)] };
            rows.into_iter().map(move |row| Line::from(Span::styled(row, style)))
        }));
        let answers = [self.cancel(), DialogButton::new(self.key(DialogAction::Confirm), "Write", "write")];
        let foot = self.answers(&answers, Some(dialog.focus.among(answers.len())));
        Popup { foot, ..Popup::new(Title::of("Write the config file?"), body) }
    }
}
