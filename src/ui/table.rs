//! The lease table. Only the rows that can be seen are built.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Padding, Widget};

use crate::app::keymap::Action;
use crate::app::{Keys, Lease, Marks, Model, Reply, Said, TABS, View};
use crate::escape::printable;

use super::columns::{self, Column, Row};
use super::layout::Places;
use super::line::{cut, wrap};
use super::{Look, Role, Scene, filter_line, marks, number, theme};

/// From this width on a blank stands between the frame and the rows.
pub(super) const AIRY: u16 = 100;

/// Draws the table with its frame, the selected lease in words at its foot unless that is told in detail beside it, or bare lines where it is tiny.
pub(super) fn draw(scene: Scene<'_>, marked: &Marks, places: Places, buf: &mut Buffer) {
    let Places { table: area, detail, is_tiny, .. } = places;
    if area.is_empty() {
        return;
    }
    let inner = if is_tiny { area } else { frame(scene, area, detail.is_empty(), buf) };
    let above = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    match (scene.model.order().is_empty(), is_tiny) {
        (true, _) => draw_advice(scene, inner, buf),
        (false, true) => draw_tiny(scene, inner, buf),
        (false, false) => draw_rows(scene, inner, buf),
    }
    marks::draw_pins(scene, inner, is_tiny, buf);
    marks::draw(scene, marked, inner, is_tiny, buf);
    filter_line::draw(scene, if is_tiny { area } else { above }, buf);
}

/// A panel's frame with its title; hands back what is inside.
pub(super) fn panel<'a>(look: Look, title: impl Into<Line<'a>>) -> Block<'a> {
    Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(look.style(Role::Border))
        .title(title)
        .title_style(look.style(Role::Title))
}

/// The key of a view, or its number where it has none.
pub(super) fn key_of(scene: Scene<'_>, view: View) -> String {
    let key = scene.model.setup.keymap.key(Action::Show(view));
    key.map_or_else(|| view.tab().number.to_string(), |key| key.to_string())
}

/// The key and name of the view that is shown, at the left of its panel's title.
pub(super) fn tab(scene: Scene<'_>, view: View) -> Line<'static> {
    let name = format!(" {} {} ", key_of(scene, view), view.tab().name);
    Line::from(Span::styled(name, scene.look.style(Role::Title)))
}

/// The other views, at the right of a title: ` 3 Events `, or their keys alone where there is no room for more.
pub(super) fn other_tabs(scene: Scene<'_>, view: View, title: &Line<'_>, width: u16) -> Line<'static> {
    let others = TABS.iter().filter(|tab| tab.view != view);
    let keys =
        others.clone().map(|tab| Span::styled(format!(" {}", key_of(scene, tab.view)), scene.look.style(Role::Key)));
    let names = others.map(|tab| Span::styled(format!(" {} ", tab.name), scene.look.style(Role::Dim)));
    let full = Line::from_iter(keys.clone().zip(names).flat_map(|(key, name)| [key, name]));
    let fits = title.width() + full.width() + 2 <= usize::from(width);
    if fits { full } else { Line::from_iter(keys.chain([Span::raw(" ")])) }.right_aligned()
}

fn frame(scene: Scene<'_>, area: Rect, has_words: bool, buf: &mut Buffer) -> Rect {
    let look = scene.look;
    let room = usize::from(area.width.saturating_sub(6));
    let mut title = tab(scene, View::Leases);
    title.push_span(Span::styled(format!("{} ", extent(scene.model)), look.style(Role::Dim)));
    let tabs_at_least = other_tabs(scene, View::Leases, &title, 0).width();
    let free = usize::from(area.width).saturating_sub(6 + title.width() + tabs_at_least);
    if scene.model.sieve.is_active() && free > 0 {
        let words = filter_line::in_words(scene.model, free);
        title.push_span(Span::styled(format!("· {words} "), look.style(Role::Warning)));
    }
    if scene.model.is_wide {
        title.push_span(Span::styled("· wide ← → ", look.style(Role::Dim)));
    }
    let tabs = other_tabs(scene, View::Leases, &title, area.width);
    let mut block = framed(panel(look, title).title(tabs), area);
    if let Some(lease) = scene.model.selected().filter(|_| has_words) {
        let text = format!(" {} ", cut(&in_words(scene, lease), room));
        block = block.title_bottom(Span::styled(text, look.style(Role::Dim)));
    }
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

/// With air beside the rows where there is room for it.
fn framed(block: Block<'_>, area: Rect) -> Block<'_> {
    if area.width >= AIRY { block.padding(Padding::horizontal(1)) } else { block }
}

/// What is inside of the table's frame: the titles of the columns, and the rows.
pub(super) fn inner(places: Places) -> Rect {
    let Places { table: area, is_tiny, .. } = places;
    if is_tiny { area } else { framed(Block::bordered(), area).inner(area) }
}

/// The columns with their places.
pub(super) fn columns_of(scene: Scene<'_>, area: Rect) -> impl Iterator<Item = (&'static Column, Rect)> {
    let model = scene.model;
    let chosen = &model.setup.columns;
    let (columns, gap) = match model.is_wide {
        true => columns::wide(area.width, chosen, model.ids, model.pan),
        false => columns::fit(area.width, chosen, model.ids),
    };
    let mut x = area.x;
    columns.into_iter().map(move |(column, width)| {
        let place = Rect { x, width: width.min(area.right().saturating_sub(x)), ..area };
        x = x.saturating_add(width + gap).min(area.right());
        (column, place)
    })
}

/// `300 · by LEFT ↑`, with the rows that can be seen where not all can, and with how many the filter lets through.
fn extent(model: &Model) -> String {
    let (all, window, sort) = (model.order().len(), model.window, model.sort);
    let rows = format!("{}-{} of ", window.top + 1, (window.top + window.rows).min(all));
    let rows = if all > window.rows { rows } else { String::new() };
    let count = if model.sieve.is_active() { filter_line::counted(model) } else { all.to_string() };
    format!("{rows}{count} · by {} {}{}", sort.column.title(), sort.arrow(), pins(model))
}

/// ` · 2 pinned, 1 of them hidden`
fn pins(model: &Model) -> String {
    match (model.census.pinned, model.hidden_pins()) {
        (0, _) => String::new(),
        (pinned, 0) => format!(" · {pinned} pinned"),
        (pinned, hidden) => format!(" · {pinned} pinned, {hidden} hidden"),
    }
}

/// The selected lease in words: what the server says beside what the engine believes.
fn in_words(scene: Scene<'_>, lease: &Lease) -> String {
    let mut words = vec![scene.model.ids.name(lease.id), lease.who.word().to_owned()];
    words.extend(lease.is_pinned.then(|| "pinned".to_owned()));
    words.extend(scene.model.marks.reason(lease.id).map(|why| format!("not revoked: {}", printable(why.as_bytes()))));
    match (&lease.death, &lease.said) {
        (Some(death), _) => {
            words.push(format!("gone {} ago", number::span((scene.now - death.at).as_secs_f64())));
        }
        (None, Some(said)) => words.push(said_in_words(scene, lease, *said)),
        (None, None) => words.push("not polled yet".to_owned()),
    }
    if let Some(status) = &lease.engine {
        words.push(format!("renewed {}, {} read", number::times(status.cadence.answers), lease.read));
    }
    if let Some(Keys { count: 1.., first, .. }) = &lease.keys {
        words.extend(first.iter().map(|key| printable(key)));
    }
    words.join(" · ")
}

fn said_in_words(scene: Scene<'_>, lease: &Lease, said: Said) -> String {
    let ago = number::span((scene.now - said.received).as_secs_f64());
    let granted = lease.granted_ttl.map_or(String::new(), |ttl| format!(" of {ttl} s"));
    format!("the server said {} s{granted}, {ago} ago", said.ttl)
}

fn draw_rows(scene: Scene<'_>, area: Rect, buf: &mut Buffer) {
    for (column, place) in columns_of(scene, area) {
        draw_column(scene, column, place, buf);
    }
    highlight(scene, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, buf);
}

fn draw_column(scene: Scene<'_>, column: &Column, area: Rect, buf: &mut Buffer) {
    let header = (column.title.to_owned(), Role::Title);
    let cells = visible(scene).map(|row| columns::cell(column, row, usize::from(area.width)));
    for (y, (text, role)) in (area.y..area.bottom()).zip(std::iter::once(header).chain(cells)) {
        let style = scene.look.style(role);
        let text = cut(&text, usize::from(area.width));
        let indent = if column.is_number { area.width.saturating_sub(Span::raw(&*text).width() as u16) } else { 0 };
        buf.set_stringn(area.x + indent, y, &text, usize::from(area.width - indent), style);
    }
}

fn visible<'a>(scene: Scene<'a>) -> impl Iterator<Item = Row<'a>> {
    scene.model.visible().map(move |lease| row(scene, lease))
}

/// What the row of a lease is made from.
pub(super) fn row<'a>(scene: Scene<'_>, lease: &'a Lease) -> Row<'a> {
    Row { lease, state: lease.state(scene.now), now: scene.now, ids: scene.model.ids }
}

/// Reverses the row under the cursor as a whole: in one colour, or each state would give it a ground of its own.
fn highlight(scene: Scene<'_>, rows: Rect, buf: &mut Buffer) {
    let cursor = scene.model.visible().position(|lease| Some(lease.id) == scene.model.cursor);
    if let Some(row) = cursor.filter(|row| *row < usize::from(rows.height)) {
        let style = Style::reset().patch(scene.look.cursor());
        buf.set_style(Rect { y: rows.y + row as u16, height: 1, ..rows }, style);
    }
}

/// One line a lease: id, time left, state.
fn draw_tiny(scene: Scene<'_>, area: Rect, buf: &mut Buffer) {
    for (y, row) in (area.y..area.bottom()).zip(visible(scene)) {
        let style = columns::style(scene.look, theme::state(row.state).1, Some(row.lease.id) == scene.model.cursor);
        buf.set_stringn(area.x, y, tiny(row, area.width), usize::from(area.width), style);
    }
}

/// `d4d4f304   8.2 s ● ok`, or `f304 8.2 s ●` where there are but a few columns.
pub(super) fn tiny(row: Row<'_>, width: u16) -> String {
    let left = row.lease.left(row.now).map_or(number::UNKNOWN.to_owned(), number::span);
    let (sign, id) = (theme::state(row.state).0, row.ids.short(row.lease.id));
    match width {
        27.. => format!("{id} {left:>7} {sign} {}", row.state.word()),
        _ => format!("{} {left} {sign} {}", &id[id.len() - 4..], row.state.word()),
    }
}

/// What to do while there is nothing to see.
fn draw_advice(scene: Scene<'_>, area: Rect, buf: &mut Buffer) {
    let width = usize::from(area.width.saturating_sub(4)).clamp(1, 76);
    let lines: Vec<(String, Role)> = advice(scene)
        .into_iter()
        .flat_map(|(text, role)| wrap(&text, width).into_iter().map(move |line| (line, role)))
        .collect();
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 3;
    let indent = 2.min(area.width);
    for (y, (text, role)) in (top..area.bottom()).zip(lines) {
        buf.set_stringn(area.x + indent, y, text, usize::from(area.width - indent), scene.look.style(role));
    }
}

fn advice(scene: Scene<'_>) -> Vec<(String, Role)> {
    let model = scene.model;
    let say = |text: &str, role| (text.to_owned(), role);
    let [new, accept] = [Action::New, Action::Reply(Reply::Accept)].map(|action| model.setup.keymap.press(action));
    match model.unreached_since {
        Some(since) => {
            let waited = (scene.now - since).as_secs();
            let mut lines =
                vec![(format!("Trying to reach etcd at {} for {waited} s.", model.setup.target), Role::Title)];
            lines.extend(model.link_trouble().map(|trouble| (printable(trouble.as_bytes()), Role::Warning)));
            lines.push(say("", Role::Text));
            lines.push(say("It is tried again each second, and the leases appear by themselves.", Role::Text));
            lines.push(say(
                "Another etcd: leasetop --endpoints HOST:PORT. None at hand: leasetop demo needs none.",
                Role::Text,
            ));
            lines
        }
        None if model.total() > 0 => {
            let words = filter_line::in_words(model, 60);
            vec![
                (format!("None of {} leases is shown by the filter {words}.", model.total()), Role::Title),
                (format!("{} clears it.", model.setup.keymap.press(Action::Back)), Role::Text),
            ]
        }
        None if model.list_trouble.is_some() => {
            vec![say("The leases cannot be listed; the reason stands among the events.", Role::Warning)]
        }
        None if model.setup.is_read_only => vec![say("There is no lease.", Role::Title)],
        None => vec![
            say("There is no lease yet.", Role::Title),
            (format!("Press {new} to grant one: {new} 1 {accept} grants 10 s and keeps it alive."), Role::Text),
        ],
    }
}
