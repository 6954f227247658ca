//! Dialogs, drawn above everything else. Each dialog has a file for its content; `popup` does the layout.

mod adopt;
mod attach;
mod buttons;
mod change_ttl;
mod cluster;
mod drill;
mod grant;
mod popup;
mod quit;
mod renew;
mod revoke;
mod revoke_many;
mod sort;
mod warp;
mod write_config;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::dialog::Dialog;

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
    let frame = if matches!(dialog, Dialog::Help { .. } | Dialog::WriteConfig(_)) {
        Frame::wide(area)
    } else {
        Frame::of(area)
    };
    let page = DialogPage { ctx, width: frame.width(), rows: frame.rows() };
    let popup = match dialog {
        Dialog::Help { top } => page.help(*top),
        Dialog::Grant(form) => page.grant(form),
        Dialog::Revoke(dialog) => page.revoke(dialog),
        Dialog::RevokeMany(dialog) => page.revoke_many(dialog),
        Dialog::Revoking { top } => page.revoking(*top),
        Dialog::Adopt(dialog) => page.adopt(dialog),
        Dialog::Renew(dialog) => page.renew(dialog),
        Dialog::Attach(dialog) => page.attach(dialog),
        Dialog::ChangeTtl(dialog) => page.change_ttl(dialog),
        Dialog::Drill(dialog) => page.drill(dialog),
        Dialog::Sort(menu) => page.sort(*menu),
        Dialog::Quit(focus) => page.quit(*focus),
        Dialog::Warp => page.warp(),
        Dialog::Suspend(_) => page.suspend(),
        Dialog::Clusters(menu) => page.clusters(*menu),
        Dialog::Leave(dialog) => page.leave(dialog),
        Dialog::WriteConfig(dialog) => page.write_config(dialog),
        // It is drawn at the bottom of the screen.
        Dialog::Command(_) => return,
    };
    frame.draw(ctx.theme, popup, buf);
}

/// Number of lines of the open help that do not fit, or `None` if it is not open.
pub(super) fn spare_lines(ctx: RenderContext<'_>, height: u16) -> Option<usize> {
    let is_help = matches!(ctx.app.view.dialog, Some(Dialog::Help { .. }));
    let rows = Frame::of(Rect::new(0, 0, u16::MAX, height)).rows();
    is_help.then(|| help::lines(ctx.theme, &ctx.app.config.keymap).len().saturating_sub(rows))
}

/// Context for rendering a dialog: the width and the rows of its popup.
#[derive(Clone, Copy)]
struct DialogPage<'a> {
    ctx: RenderContext<'a>,
    width: usize,
    rows: usize,
}

impl<'a> DialogPage<'a> {
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

    fn help(&self, top: usize) -> Popup<'a> {
        let mut lines = help::lines(self.ctx.theme, &self.ctx.app.config.keymap);
        let spare = lines.len().saturating_sub(self.rows);
        let title = if spare > 0 { "Keys and states · ↑ ↓ scroll" } else { "Keys and states" };
        lines.drain(..top.min(spare));
        Popup::new(Title::of(title), lines)
    }
}
