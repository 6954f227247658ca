//! The introduction of the demo: five lines above the footer, until the first key press.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use crate::app::View;
use crate::app::keymap::Action;

use super::{RenderContext, Role};

/// Draws the introduction over the last lines of `area`, if it is shown and leaves room for some rows.
pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    /// Lines of the screen that stay visible above it.
    const LEAST_ABOVE: u16 = 8;
    if !ctx.app.view.shows_tour || ctx.app.view.dialog.is_some() {
        return;
    }
    let lines = lines(ctx);
    let height = lines.len() as u16 + 1;
    if area.height < height + LEAST_ABOVE {
        return;
    }
    let place = Rect { y: area.bottom() - height, height, ..area };
    Clear.render(place, buf);
    let rule = Line::styled("─".repeat(usize::from(place.width)), ctx.theme.style(Role::Border));
    for (y, line) in (place.y..).zip(std::iter::once(rule).chain(lines)) {
        buf.set_line(place.x, y, &line, place.width);
    }
}

/// Whose leases these are, and the keys to try. Each line fits into 80 columns.
fn lines(ctx: RenderContext<'_>) -> Vec<Line<'static>> {
    let key = |action| ctx.app.config.keymap.key_label(action);
    let [cadence, drill, warp, revoke] =
        [Action::Show(View::Cadence), Action::Drill, Action::Warp, Action::Revoke].map(key);
    let texts = [
        ("★".to_owned(), "Your three leases: TTL 10, 120 and 3600 s. leasetop renews them."),
        (String::new(), "Simulated clients own the others: a service, a worker, a cron job, a lock."),
        (cadence, "Is the renewal interval the same for every TTL? The answer, as a picture."),
        (drill, "Start a fault: a reader that stalls, a lost network. Watch what happens."),
        (format!("{warp} {revoke}"), "Run the clock up to 60 times faster. Revoke a lease (asks first)."),
    ];
    let line = |(key, text): (String, &str)| {
        Line::from(vec![
            Span::styled(format!(" {key:<4}"), ctx.theme.style(Role::Key)),
            Span::styled(text.to_owned(), ctx.theme.style(Role::Text)),
        ])
    };
    texts.into_iter().map(line).collect()
}
