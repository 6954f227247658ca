//! Lease table. Only the visible rows are built.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::keymap::Action;
use crate::app::{AppState, DialogAction, LastTtlReply, Lease, LeaseKeys, LinkFailure, Selection};
use crate::escape::printable;
use crate::plural::plural;
use crate::width::DisplayWidth;
use etcd_lease::{KeyRange, TtlStatus};

use super::columns::{self, RowContext, TableColumn, TableRoom};
use super::layout::PanelAreas;
use super::line::{cut, wrap};
use super::{RenderContext, Role, filter_line, format, group_rows, gutter, pane, theme};

/// Minimum width for a blank column at either side.
const PADDED_WIDTH: u16 = 60;
/// Maximum width of the message for an empty table, so that its lines are easy to read.
const MAX_ADVICE_WIDTH: usize = 76;
/// Maximum width of the filter in that message.
const MAX_FILTER_WIDTH: usize = 60;

/// Draws the rows of leases or groups, or a message if there are none, and the title in the last line. The tiny layout
/// has neither column titles nor a title.
pub(super) fn draw(ctx: RenderContext<'_>, marked: &Selection, places: PanelAreas, buf: &mut Buffer) {
    let PanelAreas { table: area, is_tiny, .. } = places;
    if area.is_empty() {
        return;
    }
    let inner = inner(places);
    if !is_tiny {
        draw_title(ctx, marked, places, buf);
    }
    let is_empty = ctx.app.view.order().is_empty();
    if ctx.app.view.is_grouped() && !is_empty {
        // The group rows draw their own marks.
        return group_rows::draw(ctx, marked, inner, is_tiny, buf);
    }
    match (is_empty, is_tiny) {
        (true, _) => draw_advice(ctx, inner, buf),
        (false, true) => draw_tiny(ctx, inner, buf),
        (false, false) => draw_rows(ctx, inner, buf),
    }
    gutter::highlight_range(ctx, marked, inner, is_tiny, buf);
    gutter::draw(ctx, marked, inner, is_tiny, buf);
}

/// Draws the last line of the table: which rows are visible, and the selected lease in words unless the detail is
/// visible.
fn draw_title(ctx: RenderContext<'_>, marked: &Selection, places: PanelAreas, buf: &mut Buffer) {
    let style = |role| ctx.theme.style(role);
    let area = places.table;
    let line = Rect { x: area.x + 1, y: area.bottom() - 1, width: area.width.saturating_sub(2), height: 1 };
    let mut title = Line::styled(extent(ctx.app, marked), style(Role::Dim));
    if ctx.app.view.is_wide {
        title.push_span(Span::styled(" · wide ← →", style(Role::Dim)));
    }
    if ctx.app.view.is_order_held(ctx.now) {
        title.push_span(Span::styled(" · order held", style(Role::Warning)));
    }
    let follow = follow_hint(ctx);
    let room = usize::from(line.width).saturating_sub(title.width() + 3 + follow.width() + 3);
    let lease = if places.detail.is_empty() { ctx.app.cursor_lease() } else { None };
    let mut words = Line::default();
    if let Some(lease) = lease.filter(|_| room > 0) {
        let text = format!("{}  ", cut(&in_words(ctx, lease), room));
        words.push_span(Span::styled(text, style(Role::Dim)));
    }
    if !ctx.app.view.order().is_empty() {
        words.spans.extend(follow.spans);
    }
    pane::draw_title(line, &title, &words, buf);
}

/// `F follow lease`, or `following` while the cursor follows its lease; on a group, the key that shows its leases.
fn follow_hint(ctx: RenderContext<'_>) -> Line<'static> {
    let theme = ctx.theme;
    let hint = |key: String, text: &'static str| {
        Line::from(vec![Span::styled(key, theme.style(Role::Key)), Span::styled(text, theme.style(Role::Dim))])
    };
    if let Some(group) = ctx.app.view.cursor_group() {
        let text = if ctx.app.view.is_expanded(group) { " hide leases" } else { " show leases" };
        return hint(ctx.app.config.keymap.key_label(Action::Open), text);
    }
    if ctx.app.view.is_following() {
        return Line::from(Span::styled("following", theme.style(Role::Warning)));
    }
    let key = ctx.app.config.keymap.key(Action::Follow);
    key.map_or_else(Line::default, |key| hint(key.to_string(), " follow lease"))
}

/// The column titles and the rows with their gutter, without the title below.
pub(super) fn inner(places: PanelAreas) -> Rect {
    let PanelAreas { table: area, is_tiny, .. } = places;
    if is_tiny {
        return area;
    }
    let padding = u16::from(area.width >= PADDED_WIDTH);
    Rect {
        x: area.x + padding,
        width: area.width.saturating_sub(2 * padding),
        height: area.height.saturating_sub(1),
        ..area
    }
}

/// The columns and their areas.
pub(super) fn columns_of(ctx: RenderContext<'_>, area: Rect) -> impl Iterator<Item = (&'static TableColumn, Rect)> {
    let app = ctx.app;
    let counts = app.leases.counts;
    let area = gutter::beside(area);
    let room = TableRoom {
        width: area.width,
        chosen: &app.view.columns,
        ids: app.view.id_format,
        has_kept: counts.own + counts.adopted > 0,
    };
    let (columns, gap) = if app.view.is_wide { room.wide(app.view.pan) } else { room.fit() };
    let mut x = area.x;
    columns.into_iter().map(move |(column, width)| {
        let place = Rect { x, width: width.min(area.right().saturating_sub(x)), ..area };
        x = x.saturating_add(width + gap).min(area.right());
        (column, place)
    })
}

/// `rows 1–12 of 300 · 3 marked`, or `12 leases · 3 marked` if all rows fit. If a filter is active, also the number without
/// it; if the leases are grouped, `rows 1–12 of 40 · 300 leases · by service`. Numbers of rows include ended leases, because
/// they can be scrolled to. Numbers of leases do not.
fn extent(app: &AppState, marked: &Selection) -> String {
    let (all, window) = (app.view.living_rows(), app.view.window);
    let rows = if app.view.is_grouped() { app.view.grouped_len() } else { app.view.order().len() };
    let count = if app.view.row_filter.is_active() { filter_line::counted(app) } else { all.to_string() };
    let marks = if !marked.is_empty() { format!(" · {} marked", marked.len()) } else { String::new() };
    let group = if app.view.is_grouped() { format!(" · by {}", app.view.group_by) } else { String::new() };
    let rest = group + &pins(app) + &marks;
    let noun = if app.leases.living_count() == 1 { "lease" } else { "leases" };
    if rows <= window.rows {
        return format!("{count} {noun}{rest}");
    }
    let total = match (app.view.is_grouped(), app.view.row_filter.is_active()) {
        (true, _) => format!("{rows} · {count} {noun}"),
        (false, true) => format!("{rows} ({} total)", app.leases.row_count()),
        (false, false) => rows.to_string(),
    };
    format!("rows {}–{} of {total}{rest}", window.top + 1, (window.top + window.rows).min(rows))
}

/// ` · 2 pinned, 1 hidden`
fn pins(app: &AppState) -> String {
    match (app.leases.counts.pinned, app.hidden_pins()) {
        (0, _) => String::new(),
        (pinned, 0) => format!(" · {pinned} pinned"),
        (pinned, hidden) => format!(" · {pinned} pinned, {hidden} hidden"),
    }
}

/// A lease in one line: id, owner, time left according to etcd or time since its end, renewals by leasetop, and keys.
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
    draw_cell(column, column.title, ctx.theme.style(Role::Title), Rect { height: 1, ..area }, buf);
    for (y, lease) in (area.y + 1..area.bottom()).zip(ctx.app.visible()) {
        draw_lease_cell(ctx, column, lease, Rect { y, height: 1, ..area }, buf);
    }
}

/// Draws one cell of a lease.
pub(super) fn draw_lease_cell(
    ctx: RenderContext<'_>,
    column: &TableColumn,
    lease: &Lease,
    place: Rect,
    buf: &mut Buffer,
) {
    let row = row(ctx, lease);
    let cell = columns::cell(column, row, usize::from(place.width));
    let end = draw_cell(column, &cell.text, columns::style(ctx.theme, column, row, cell.role), place, buf);
    buf.set_stringn(end, place.y, &cell.track, usize::from(place.right() - end), ctx.theme.style(Role::Border));
}

/// Draws a text, numbers at the right. Returns where it ends.
fn draw_cell(column: &TableColumn, text: &str, style: Style, area: Rect, buf: &mut Buffer) -> u16 {
    let text = cut(text, usize::from(area.width));
    let indent = if column.is_number { area.width.saturating_sub(text.width() as u16) } else { 0 };
    buf.set_stringn(area.x + indent, area.y, &text, usize::from(area.width - indent), style).0
}

fn visible<'a>(ctx: RenderContext<'a>) -> impl Iterator<Item = RowContext<'a>> {
    ctx.app.visible().map(move |lease| row(ctx, lease))
}

pub(super) fn row<'a>(ctx: RenderContext<'a>, lease: &'a Lease) -> RowContext<'a> {
    RowContext {
        lease,
        state: lease.state(ctx.now),
        now: ctx.now,
        ids: ctx.app.view.id_format,
        locks: ctx.app.keys.locks(),
    }
}

/// Highlights the selected row. Its cells keep their colours.
fn highlight(ctx: RenderContext<'_>, rows: Rect, buf: &mut Buffer) {
    let cursor = ctx.app.visible().position(|lease| Some(lease.id) == ctx.app.view.cursor);
    if let Some(row) = cursor.filter(|row| *row < usize::from(rows.height)) {
        buf.set_style(Rect { y: rows.y + row as u16, height: 1, ..rows }, ctx.theme.selected_row());
    }
}

/// One line per lease: id, time left, state.
fn draw_tiny(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    for (y, row) in (area.y..area.bottom()).zip(visible(ctx)) {
        let style = ctx.theme.style(theme::state(row.state).1);
        let is_selected = Some(row.lease.id) == ctx.app.view.cursor;
        let style = if is_selected { style.patch(ctx.theme.cursor()) } else { style };
        buf.set_stringn(area.x, y, one_line(row, area.width), usize::from(area.width), style);
    }
}

/// `d4d4f304   8.2 s ● ok`, or `f304 8.2 s ● ok` where that does not fit.
pub(super) fn one_line(row: RowContext<'_>, width: u16) -> String {
    let left = columns::left(row).map_or(format::UNKNOWN.to_owned(), |(text, _)| text);
    let (sign, word) = (theme::state(row.state).0, row.state.word());
    if width >= gutter::ALIGNED_WIDTH {
        format!("{} {left:>7} {sign} {word}", row.ids.short(row.lease.id))
    } else {
        format!("{} {left} {sign} {word}", row.ids.last_digits(row.lease.id, gutter::LAST_DIGITS))
    }
}

/// Message for an empty table.
fn draw_advice(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width.saturating_sub(4)).clamp(1, MAX_ADVICE_WIDTH);
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

/// A sentence about a member that cannot be used: `etcd at 10.0.0.1:2379 refuses requests.`
fn refusal_title(failure: LinkFailure<'_>) -> String {
    let text = printable(failure.refusal().as_bytes());
    match text.strip_prefix("could") {
        Some(rest) => format!("Could{rest}."),
        None => format!("etcd at {text}."),
    }
}

/// The lines of the message for an empty table: no reply from etcd, no match, or no leases.
fn advice(ctx: RenderContext<'_>) -> Vec<(String, Role)> {
    let app = ctx.app;
    let say = |text: &str, role| (text.to_owned(), role);
    match app.cluster.unreached_since {
        Some(_) if app.config.is_replay => {
            vec![say("The recording has no reply from etcd up to this time.", Role::Title)]
        }
        Some(since) => {
            let waited = (ctx.now - since).as_secs();
            let failure = app.cluster.link_failure();
            let title = match failure.filter(LinkFailure::is_refusal) {
                Some(failure) => refusal_title(failure),
                None => format!("No reply from etcd at {} for {waited} s.", app.config.target),
            };
            let mut lines = vec![(title, Role::Title)];
            lines.extend(failure.map(|failure| (printable(failure.reason().as_bytes()), Role::Warning)));
            lines.push(say("", Role::Text));
            if failure.is_some_and(|failure| failure.is_denied()) {
                lines.push(say(
                    "Without it: --prefix PREFIX shows the leases of keys that this user may read.",
                    Role::Text,
                ));
            }
            lines.push(say("leasetop goes on trying; leases will appear when it answers.", Role::Text));
            lines.push(say("Other etcd: leasetop --endpoints HOST:PORT. No etcd? leasetop demo.", Role::Text));
            lines
        }
        None if !app.leases.is_empty() => {
            let words = filter_line::in_words(app, MAX_FILTER_WIDTH);
            let clear = app.config.keymap.key_label(Action::Back);
            vec![
                (format!("No lease matches “{words}” ({} total).", app.leases.living_count()), Role::Title),
                (format!("{clear} clears the filter."), Role::Text),
            ]
        }
        None => without_leases(app),
    }
}

/// Message for a cluster without leases: why they are unknown, or how to grant one.
fn without_leases(app: &AppState) -> Vec<(String, Role)> {
    if let Some(failure) = &app.cluster.list_failure {
        let why = printable(failure.text.as_bytes());
        let mut lines = vec![("No leases listed.".to_owned(), Role::Title), (why, Role::Warning)];
        if failure.is_forbidden && app.config.range == KeyRange::all() {
            let hint = "--prefix READABLE_KEYS shows the leases of the keys that this user may read.";
            lines.push((hint.to_owned(), Role::Text));
        }
        return lines;
    }
    if app.config.is_read_only || app.config.is_replay {
        return vec![("No leases.".to_owned(), Role::Title)];
    }
    let [new, accept] =
        [Action::New, Action::Dialog(DialogAction::Accept)].map(|action| app.config.keymap.key_label(action));
    vec![
        ("No leases yet.".to_owned(), Role::Title),
        (format!("Press {new} to grant one: {new} 1 {accept} grants 10 s and keeps it alive."), Role::Text),
    ]
}
