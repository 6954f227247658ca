//! The table while leases are grouped: a row for each group, and the leases of expanded groups below it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{Group, GroupFigures, GroupId, GroupedRow, Selection, SelectionMark, StateClass, rate_in_words};
use crate::width::DisplayWidth;

use super::columns::WARNED;
use super::line::cut;
use super::{RenderContext, Role, format, table, theme};

/// The title and the width of each column right of the name, and whether it is right-aligned.
const COLUMNS: [(&str, usize, bool); 6] = [
    ("LEASES", 7, true),
    ("STATE", 15, false),
    ("LEFT", 9, true),
    ("/TTL", 6, true),
    ("RENEWALS/S", 11, true),
    ("WARN", 5, true),
];
/// Minimum width of the name.
const NAME_WIDTH: usize = 16;

/// Draws the titles and the visible rows.
pub(super) fn draw(ctx: RenderContext<'_>, marks: &Selection, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    let first = if is_tiny { area.y } else { area.y + 1 };
    if !is_tiny && !area.is_empty() {
        let titles = COLUMNS.map(|(title, ..)| (title.to_owned(), Role::Title));
        let name = ctx.app.view.groups().by().name().to_uppercase();
        draw_line(ctx, (format!("   {name}"), Role::Title), &titles, Rect { height: 1, ..area }, buf);
    }
    for (y, row) in (first..area.bottom()).zip(ctx.app.view.grouped_rows()) {
        let place = Rect { y, height: 1, ..area };
        match row {
            GroupedRow::Group(id) => draw_group(ctx, *id, place, buf),
            GroupedRow::Lease(id) => draw_lease(ctx, *id, marks, place, buf),
        }
        if ctx.app.view.grouped_cursor() == Some(*row) {
            buf.set_style(place, ctx.theme.selected_row());
            let bar = if ctx.theme.is_ascii { ">" } else { "▌" };
            buf.set_stringn(place.x, y, bar, usize::from(place.width.min(1)), ctx.theme.style(Role::Key));
        }
    }
}

fn draw_group(ctx: RenderContext<'_>, id: GroupId, place: Rect, buf: &mut Buffer) {
    let Some(group) = ctx.app.view.groups().get(id) else { return };
    let sign = match (ctx.app.view.is_expanded(id), ctx.theme.is_ascii) {
        (true, false) => '▾',
        (false, false) => '▸',
        (true, true) => '-',
        (false, true) => '+',
    };
    let cells = cells(ctx, group);
    draw_line(ctx, (format!(" {sign} {}", group.key().name()), Role::Text), &cells, place, buf);
}

/// Draws as many columns as fit, and the name in the width that is left.
fn draw_line(
    ctx: RenderContext<'_>,
    (name, role): (String, Role),
    cells: &[(String, Role)],
    place: Rect,
    buf: &mut Buffer,
) {
    let width = usize::from(place.width);
    let mut shown = COLUMNS.len();
    let taken = |shown: usize| COLUMNS[..shown].iter().map(|(_, width, _)| width + 1).sum::<usize>();
    while shown > 0 && taken(shown) + NAME_WIDTH > width {
        shown -= 1;
    }
    let room = width.saturating_sub(taken(shown));
    buf.set_stringn(place.x, place.y, cut(&name, room), room, ctx.theme.style(role));
    let mut x = place.x + room as u16;
    for ((_, width, is_number), (text, role)) in COLUMNS[..shown].iter().zip(cells) {
        let text = cut(text, *width);
        let indent = if *is_number { width.saturating_sub(text.width()) } else { 0 };
        buf.set_stringn(x + 1 + indent as u16, place.y, &text, width - indent, ctx.theme.style(*role));
        x += *width as u16 + 1;
    }
}

fn cells(ctx: RenderContext<'_>, group: &Group) -> [(String, Role); 6] {
    let figures = group.figures();
    let left = figures.deadline.map(|deadline| deadline.signed_since(ctx.now).max(0.0));
    let text = |text: Option<String>| (text.unwrap_or_default(), Role::Text);
    let warned = if figures.warned > 0 { Some(figures.warned.to_string()) } else { None };
    [
        text(Some(figures.leases.to_string())),
        state(&figures),
        text(left.map(format::span)),
        text(figures.median_percent.map(|percent| format!("{percent} %"))),
        text((figures.renewals > 0.0).then(|| rate_in_words(figures.renewals))),
        (warned.unwrap_or_default(), Role::Warning),
    ]
}

/// `! risk 3`: the worst state, and how many leases have it. `● ok  △ 37`: no lease is worse than ok, and 37 have a
/// warning.
fn state(figures: &GroupFigures) -> (String, Role) {
    let Some(worst) = figures.worst else { return ("ended".to_owned(), Role::Gone) };
    let (sign, role) = theme::state(worst.state());
    if worst == StateClass::Warned {
        return (format!("{sign} ok  {WARNED} {}", figures.warned), role);
    }
    let count = if figures.worst_count < figures.leases { format!(" {}", figures.worst_count) } else { String::new() };
    (format!("{sign} {}{count}", worst.state().word()), role)
}

fn draw_lease(ctx: RenderContext<'_>, id: etcd_lease::LeaseId, marks: &Selection, place: Rect, buf: &mut Buffer) {
    let Some(lease) = ctx.app.leases.get(id) else { return };
    let mark = match marks.of(id) {
        Some(SelectionMark::Failed) => "!",
        Some(SelectionMark::Plain) => "◆",
        None => " ",
    };
    buf.set_stringn(place.x + 1, place.y, mark, usize::from(place.width > 1), ctx.theme.style(Role::Key));
    for (column, area) in table::columns_of(ctx, place) {
        table::draw_lease_cell(ctx, column, lease, area, buf);
    }
}
