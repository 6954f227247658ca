//! Dialogs, drawn above everything else. Each dialog has a file for its content; `popup` does the layout.

mod adopt;
mod attach;
mod buttons;
mod change_ttl;
mod cluster;
mod columns;
mod drill;
mod grant;
mod mute;
mod popup;
mod quit;
mod renew;
mod revoke;
mod revoke_many;
mod sort;
mod warp;
mod write_config;

use std::cell::RefCell;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::Key;
use crate::app::dialog::{Dialog, HelpDialog};
use crate::app::keymap::Action;
use crate::escape::printable;

use self::buttons::DialogButton;
use self::popup::{Frame, Popup, Title};
use super::line::wrap;
use super::{RenderContext, Role, command_line, field, format, help};

/// Draws the open dialog, if any.
pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    let Some(dialog) = &ctx.app.view.dialog else { return };
    if let Dialog::Command(line) = dialog {
        return command_line::draw(ctx, line, area, buf);
    }
    let frame = frame(dialog, area);
    let buttons = RefCell::default();
    let page = DialogPage { ctx, width: frame.width(), rows: frame.rows(), buttons: &buttons };
    if let Some(popup) = page.of(dialog) {
        frame.draw(ctx.theme, popup, buf);
    }
}

/// The key of the button at a position.
pub(super) fn key_at(ctx: RenderContext<'_>, area: Rect, position: Position) -> Option<Key> {
    let dialog = ctx.app.view.dialog.as_ref()?;
    let frame = frame(dialog, area);
    let buttons = RefCell::default();
    let popup = DialogPage { ctx, width: frame.width(), rows: frame.rows(), buttons: &buttons }.of(dialog)?;
    let mut buf = Buffer::empty(area);
    let foot = frame.draw(ctx.theme, popup, &mut buf);
    let buttons = buttons.into_inner();
    if foot.contains(position) { buttons::at(&buttons, &buf, foot, position) } else { None }
}

fn frame(dialog: &Dialog, area: Rect) -> Frame {
    match dialog {
        Dialog::Help(_) | Dialog::WriteConfig(_) => Frame::wide(area),
        Dialog::Columns(_) => Frame::low(area),
        _ => Frame::of(area),
    }
}

/// Number of lines of the open help that do not fit, or `None` if it is not open.
pub(super) fn spare_lines(ctx: RenderContext<'_>, height: u16) -> Option<usize> {
    let Some(Dialog::Help(help)) = &ctx.app.view.dialog else { return None };
    let rows = Frame::of(Rect::new(0, 0, u16::MAX, height)).rows();
    Some(help_lines(ctx, help).len().saturating_sub(rows))
}

/// The lines of the help for the displayed view that contain the search text.
fn help_lines(ctx: RenderContext<'_>, dialog: &HelpDialog) -> Vec<Line<'static>> {
    let view = ctx.displayed().app.view.active;
    help::lines(ctx.theme, &ctx.app.config.keymap, view, dialog.search.value())
}

/// Context for rendering a dialog: the width and the rows of its popup.
#[derive(Clone, Copy)]
struct DialogPage<'a> {
    ctx: RenderContext<'a>,
    width: usize,
    rows: usize,
    /// The answers, collected while they are laid out, so that a click finds them.
    buttons: &'a RefCell<Vec<DialogButton>>,
}

impl<'a> DialogPage<'a> {
    /// The popup of a dialog. `None` for the command line, which is drawn at the bottom of the screen.
    fn of(&self, dialog: &'a Dialog) -> Option<Popup<'a>> {
        Some(match dialog {
            Dialog::Help(help) => self.help(help),
            Dialog::Grant(form) => self.grant(form),
            Dialog::Revoke(dialog) => self.revoke(dialog),
            Dialog::RevokeMany(dialog) => self.revoke_many(dialog),
            Dialog::Revoking { top } => self.revoking(*top),
            Dialog::Adopt(dialog) => self.adopt(dialog),
            Dialog::Renew(dialog) => self.renew(dialog),
            Dialog::Attach(dialog) => self.attach(dialog),
            Dialog::ChangeTtl(dialog) => self.change_ttl(dialog),
            Dialog::Drill(dialog) => self.drill(dialog),
            Dialog::Sort(menu) => self.sort(*menu),
            Dialog::Mute(menu) => self.mute(menu),
            Dialog::Columns(menu) => self.columns(menu),
            Dialog::Quit(focus) => self.quit(*focus),
            Dialog::Warp => self.warp(),
            Dialog::Suspend(_) => self.suspend(),
            Dialog::Clusters(menu) => self.clusters(*menu),
            Dialog::Leave(dialog) => self.leave(dialog),
            Dialog::WriteConfig(dialog) => self.write_config(dialog),
            Dialog::Command(_) => return None,
        })
    }

    /// The lease id in the configured format.
    fn name(&self, id: etcd_lease::LeaseId) -> String {
        self.ctx.app.view.id_format.name(id)
    }

    fn text(&self, role: Role, text: &str) -> Vec<Line<'a>> {
        let style = self.ctx.theme.style(role);
        wrap(text, self.width).into_iter().map(|line| Line::from(Span::styled(line, style))).collect()
    }

    /// Message if the lease of the dialog ended while the dialog was open.
    fn too_late(&self, title: Title, id: etcd_lease::LeaseId, what: &str) -> Popup<'a> {
        let cause = self.ctx.app.leases.get(id).map_or("gone", |lease| lease.state(self.ctx.now).word());
        let text = format!("It ended while this was open ({cause}); nothing to {what}.");
        let foot = self.answers(&[self.close()], Some(0));
        Popup { foot, ..Popup::new(title, self.text(Role::Warning, &text)) }
    }

    fn help(&self, dialog: &HelpDialog) -> Popup<'a> {
        let mut lines = help_lines(self.ctx, dialog);
        let spare = lines.len().saturating_sub(self.rows);
        let search = self.ctx.app.config.keymap.key_label(Action::Filter);
        let text = printable(dialog.search.value().as_bytes());
        let title = match (dialog.is_searching, text.is_empty()) {
            (true, _) => format!("Keys and states · search: {text}▏ Enter Esc"),
            (false, false) => format!("Keys and states · “{text}” · Esc shows all"),
            (false, true) if spare > 0 => format!("Keys and states · ↑ ↓ scroll · {search} search"),
            (false, true) => format!("Keys and states · {search} search"),
        };
        if lines.is_empty() {
            lines = self.text(Role::Dim, "No key or state contains this text.");
        }
        lines.drain(..dialog.top.min(spare));
        Popup::new(Title::of(&title), lines)
    }
}
