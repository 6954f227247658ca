//! Lease table. Only the visible rows are built.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Padding, Widget};

use crate::app::keymap::Action;
use crate::app::{AppState, DialogAction, LastTtlReply, Lease, LeaseKeys, Selection, TABS, View};
use crate::escape::printable;
use crate::plural::plural;
use etcd_lease::TtlStatus;

use super::columns::{self, RowContext, TableColumn};
use super::layout::PanelAreas;
use super::line::{cut, wrap};
use super::{RenderContext, Role, Theme, filter_line, format, group_rows, gutter, theme};

/// Minimum width for a blank between the frame and the rows.
pub(super) const PADDED_WIDTH: u16 = 100;

/// Draws the table and its frame, or bare lines in the tiny layout. The bottom border describes the selected lease,
/// unless the detail is visible.
pub(super) fn draw(ctx: RenderContext<'_>, marked: &Selection, places: PanelAreas, buf: &mut Buffer) {
    let PanelAreas { table: area, detail, is_tiny, .. } = places;
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { area } else { frame(ctx, area, detail.is_empty(), buf) };
    if ctx.app.view.is_grouped() && !ctx.app.view.order().is_empty() {
        group_rows::draw(ctx, marked, inner, is_tiny, buf);
        let above = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        return filter_line::draw(ctx, if is_tiny { area } else { above }, buf);
    }
    let above = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    match (ctx.app.view.order().is_empty(), is_tiny) {
        (true, _) => draw_advice(ctx, inner, buf),
        (false, true) => draw_tiny(ctx, inner, buf),
        (false, false) => draw_rows(ctx, inner, buf),
    }
    gutter::highlight_range(ctx, marked, inner, is_tiny, buf);
    gutter::draw_pins(ctx, inner, is_tiny, buf);
    gutter::draw(ctx, marked, inner, is_tiny, buf);
    filter_line::draw(ctx, if is_tiny { area } else { above }, buf);
}

/// A panel frame with a title.
pub(super) fn panel<'a>(theme: Theme, title: impl Into<Line<'a>>) -> Block<'a> {
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Role::Border))
        .title(title)
        .title_style(theme.style(Role::Title))
}

/// The key of a view, or its number if it has no key.
pub(super) fn key_of(ctx: RenderContext<'_>, view: View) -> String {
    let key = ctx.app.config.keymap.key(Action::Show(view));
    key.map_or_else(|| view.tab().number.to_string(), |key| key.to_string())
}

/// Key and name of the current view, for the left of the panel title.
pub(super) fn tab(ctx: RenderContext<'_>, view: View) -> Line<'static> {
    let name = format!(" {} {} ", key_of(ctx, view), view.tab().name);
    Line::from(Span::styled(name, ctx.theme.style(Role::Title)))
}

/// The other views, for the right of the title: ` 3 Events `, or only their keys if the names do not fit.
pub(super) fn other_tabs(ctx: RenderContext<'_>, view: View, title: &Line<'_>, width: u16) -> Line<'static> {
    let others = TABS.iter().filter(|tab| tab.view != view);
    let keys =
        others.clone().map(|tab| Span::styled(format!(" {}", key_of(ctx, tab.view)), ctx.theme.style(Role::Key)));
    let names = others.map(|tab| Span::styled(format!(" {} ", tab.name), ctx.theme.style(Role::Dim)));
    let full = Line::from_iter(keys.clone().zip(names).flat_map(|(key, name)| [key, name]));
    let fits = title.width() + full.width() + 2 <= usize::from(width);
    if fits { full } else { Line::from_iter(keys.chain([Span::raw(" ")])) }.right_aligned()
}

fn frame(ctx: RenderContext<'_>, area: Rect, has_words: bool, buf: &mut Buffer) -> Rect {
    let theme = ctx.theme;
    let room = usize::from(area.width.saturating_sub(6));
    let mut title = tab(ctx, View::Leases);
    title.push_span(Span::styled(format!("{} ", extent(ctx.app)), theme.style(Role::Dim)));
    let tabs_at_least = other_tabs(ctx, View::Leases, &title, 0).width();
    let free = usize::from(area.width).saturating_sub(6 + title.width() + tabs_at_least);
    if ctx.app.view.row_filter.is_active() && free > 0 {
        let words = filter_line::in_words(ctx.app, free);
        title.push_span(Span::styled(format!("· {words} "), theme.style(Role::Warning)));
    }
    if ctx.app.view.is_wide {
        title.push_span(Span::styled("· wide ← → ", theme.style(Role::Dim)));
    }
    if ctx.app.view.is_grouped() {
        let by = format!("· by {} ", ctx.app.view.group_by);
        title.push_span(Span::styled(by, theme.style(Role::Warning)));
    }
    if ctx.app.view.is_order_held(ctx.now) {
        title.push_span(Span::styled("· order held ", theme.style(Role::Warning)));
    }
    let tabs = other_tabs(ctx, View::Leases, &title, area.width);
    let mut block = framed(panel(theme, title).title(tabs), area);
    let follow = follow_hint(ctx);
    let room = room.saturating_sub(follow.width() + 1);
    if has_words && let Some(lease) = ctx.app.cursor_lease() {
        let text = format!(" {} ", cut(&in_words(ctx, lease), room));
        block = block.title_bottom(Span::styled(text, theme.style(Role::Dim)));
    }
    if !ctx.app.view.order().is_empty() {
        block = block.title_bottom(follow.right_aligned());
    }
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

/// `F follow lease`, or ` following ` while the cursor follows its lease; on a group, the key that shows its leases.
fn follow_hint(ctx: RenderContext<'_>) -> Line<'static> {
    let theme = ctx.theme;
    if let Some(group) = ctx.app.view.cursor_group() {
        let key = format!(" {}", ctx.app.config.keymap.key_label(Action::Open));
        let hint = if ctx.app.view.is_expanded(group) { " hide leases " } else { " show leases " };
        return Line::from(vec![Span::styled(key, theme.style(Role::Key)), Span::styled(hint, theme.style(Role::Dim))]);
    }
    if ctx.app.view.is_following() {
        return Line::from(Span::styled(" following ", theme.style(Role::Warning)));
    }
    let key = ctx.app.config.keymap.key(Action::Follow).map_or_else(String::new, |key| format!(" {key}"));
    let hint = if key.is_empty() { "" } else { " follow lease " };
    Line::from(vec![Span::styled(key, theme.style(Role::Key)), Span::styled(hint, theme.style(Role::Dim))])
}

/// Adds horizontal padding if the table is wide enough.
fn framed(block: Block<'_>, area: Rect) -> Block<'_> {
    if area.width >= PADDED_WIDTH { block.padding(Padding::horizontal(1)) } else { block }
}

/// Area inside the frame: the column titles and the rows.
pub(super) fn inner(places: PanelAreas) -> Rect {
    let PanelAreas { table: area, is_tiny, .. } = places;
    if is_tiny { area } else { framed(Block::bordered(), area).inner(area) }
}

/// The columns and their areas.
pub(super) fn columns_of(ctx: RenderContext<'_>, area: Rect) -> impl Iterator<Item = (&'static TableColumn, Rect)> {
    let app = ctx.app;
    let chosen = &app.config.columns;
    let (columns, gap) = if app.view.is_wide {
        columns::wide(area.width, chosen, app.view.id_format, app.view.pan)
    } else {
        columns::fit(area.width, chosen, app.view.id_format)
    };
    let mut x = area.x;
    columns.into_iter().map(move |(column, width)| {
        let place = Rect { x, width: width.min(area.right().saturating_sub(x)), ..area };
        x = x.saturating_add(width + gap).min(area.right());
        (column, place)
    })
}

/// `300 · by LEFT ↑`, with the visible range if not all rows fit and the match count if a filter is active.
fn extent(app: &AppState) -> String {
    let (all, window, sort) = (app.view.living_rows(), app.view.window, app.view.sort);
    let rows = if app.view.is_grouped() { app.view.grouped_len() } else { app.view.order().len() };
    let is_partial = rows > window.rows;
    let rows = format!("{}-{} of ", window.top + 1, (window.top + window.rows).min(rows));
    let rows = if is_partial { rows } else { String::new() };
    let count = match (app.view.row_filter.is_active(), rows.is_empty()) {
        (false, _) => all.to_string(),
        (true, true) => filter_line::counted(app),
        (true, false) => format!("{all} ({} total)", app.leases.living_count()),
    };
    format!("{rows}{count} · by {} {}{}", sort.title(), sort.arrow(), pins(app))
}

/// ` · 2 pinned, 1 of them hidden`
fn pins(app: &AppState) -> String {
    match (app.leases.counts.pinned, app.hidden_pins()) {
        (0, _) => String::new(),
        (pinned, 0) => format!(" · {pinned} pinned"),
        (pinned, hidden) => format!(" · {pinned} pinned, {hidden} hidden"),
    }
}

/// Summary of the selected lease: time left according to etcd and according to the engine.
fn in_words(ctx: RenderContext<'_>, lease: &Lease) -> String {
    let mut words = vec![ctx.app.view.id_format.name(lease.id), lease.ownership.word().to_owned()];
    words.extend(lease.is_pinned.then(|| "pinned".to_owned()));
    words.extend(
        ctx.app.view.selection.reason(lease.id).map(|why| format!("not revoked: {}", printable(why.as_bytes()))),
    );
    match (&lease.end, &lease.last_ttl_reply) {
        (Some(death), _) => {
            words.push(format!("gone {} ago", format::span((ctx.now - death.at).as_secs_f64())));
        }
        (None, Some(said)) => words.push(last_reply_text(ctx, lease, *said)),
        (None, None) => words.push("not polled yet".to_owned()),
    }
    if let Some(status) = &lease.engine {
        words.push(format!("{}, {} read", plural(status.cadence.answers, "renewal"), lease.responses_read));
    }
    if let Some(LeaseKeys { count: 1.., first, .. }) = &lease.keys {
        words.extend(first.iter().map(|key| printable(key)));
    }
    words.join(" · ")
}

fn last_reply_text(ctx: RenderContext<'_>, lease: &Lease, said: LastTtlReply) -> String {
    let ago = format::span((ctx.now - said.received).as_secs_f64());
    let granted = lease.granted_ttl.map_or(String::new(), |ttl| format!(" of {ttl} s"));
    match said.reading {
        TtlStatus::Dying | TtlStatus::Missing => format!("etcd: expired ({ago} ago)"),
        _ => format!("etcd: {} s{granted} left ({ago} ago)", said.ttl),
    }
}

fn draw_rows(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    for (column, place) in columns_of(ctx, area) {
        draw_column(ctx, column, place, buf);
    }
    highlight(ctx, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, buf);
}

fn draw_column(ctx: RenderContext<'_>, column: &TableColumn, area: Rect, buf: &mut Buffer) {
    let header = (column.title.to_owned(), Role::Title);
    let cells = visible(ctx).map(|row| columns::cell(column, row, usize::from(area.width)));
    for (y, (text, role)) in (area.y..area.bottom()).zip(std::iter::once(header).chain(cells)) {
        let style = ctx.theme.style(role);
        let text = cut(&text, usize::from(area.width));
        let indent = if column.is_number { area.width.saturating_sub(Span::raw(&*text).width() as u16) } else { 0 };
        buf.set_stringn(area.x + indent, y, &text, usize::from(area.width - indent), style);
    }
}

fn visible<'a>(ctx: RenderContext<'a>) -> impl Iterator<Item = RowContext<'a>> {
    ctx.app.visible().map(move |lease| row(ctx, lease))
}

pub(super) fn row<'a>(ctx: RenderContext<'_>, lease: &'a Lease) -> RowContext<'a> {
    RowContext { lease, state: lease.state(ctx.now), now: ctx.now, ids: ctx.app.view.id_format }
}

/// Reverses the row under the cursor as a whole. One style for the row, because reversing per state would give each
/// cell its own background.
fn highlight(ctx: RenderContext<'_>, rows: Rect, buf: &mut Buffer) {
    let cursor = ctx.app.visible().position(|lease| Some(lease.id) == ctx.app.view.cursor);
    if let Some(row) = cursor.filter(|row| *row < usize::from(rows.height)) {
        let style = Style::reset().patch(ctx.theme.cursor());
        buf.set_style(Rect { y: rows.y + row as u16, height: 1, ..rows }, style);
    }
}

/// One line per lease: id, time left, state.
fn draw_tiny(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    for (y, row) in (area.y..area.bottom()).zip(visible(ctx)) {
        let style = columns::style(ctx.theme, theme::state(row.state).1, Some(row.lease.id) == ctx.app.view.cursor);
        buf.set_stringn(area.x, y, tiny(row, area.width), usize::from(area.width), style);
    }
}

/// `d4d4f304   8.2 s ● ok`, or `f304 8.2 s ●` on very narrow screens.
pub(super) fn tiny(row: RowContext<'_>, width: u16) -> String {
    let left = row.lease.left(row.now).map_or(format::UNKNOWN.to_owned(), format::span);
    let (sign, id) = (theme::state(row.state).0, row.ids.short(row.lease.id));
    match width {
        27.. => format!("{id} {left:>7} {sign} {}", row.state.word()),
        _ => format!("{} {left} {sign} {}", &id[id.len() - 4..], row.state.word()),
    }
}

/// Message for an empty table.
fn draw_advice(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width.saturating_sub(4)).clamp(1, 76);
    let lines: Vec<(String, Role)> = advice(ctx)
        .into_iter()
        .flat_map(|(text, role)| wrap(&text, width).into_iter().map(move |line| (line, role)))
        .collect();
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 3;
    let indent = 2.min(area.width);
    for (y, (text, role)) in (top..area.bottom()).zip(lines) {
        buf.set_stringn(area.x + indent, y, text, usize::from(area.width - indent), ctx.theme.style(role));
    }
}

fn advice(ctx: RenderContext<'_>) -> Vec<(String, Role)> {
    let app = ctx.app;
    let say = |text: &str, role| (text.to_owned(), role);
    let [new, accept] =
        [Action::New, Action::Dialog(DialogAction::Accept)].map(|action| app.config.keymap.key_label(action));
    match app.cluster.unreached_since {
        Some(since) => {
            let waited = (ctx.now - since).as_secs();
            let mut lines =
                vec![(format!("Trying to reach etcd at {} for {waited} s.", app.config.target), Role::Title)];
            lines.extend(app.cluster.link_failure().map(|trouble| (printable(trouble.as_bytes()), Role::Warning)));
            lines.push(say("", Role::Text));
            lines.push(say("Retrying every second; leases will appear when it answers.", Role::Text));
            lines.push(say("Other etcd: leasetop --endpoints HOST:PORT. No etcd? leasetop demo.", Role::Text));
            lines
        }
        None if !app.leases.is_empty() => {
            let words = filter_line::in_words(app, 60);
            let clear = app.config.keymap.key_label(Action::Back);
            vec![
                (format!("No lease matches “{words}” ({} total).", app.leases.len()), Role::Title),
                (format!("{clear} clears the filter."), Role::Text),
            ]
        }
        None if app.cluster.list_failure.is_some() => {
            vec![say("Could not list the leases; the events show why.", Role::Warning)]
        }
        None if app.config.is_read_only => vec![say("No leases.", Role::Title)],
        None => vec![
            say("No leases yet.", Role::Title),
            (format!("Press {new} to grant one: {new} 1 {accept} grants 10 s and keeps it alive."), Role::Text),
        ],
    }
}
