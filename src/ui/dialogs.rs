//! The dialogs, above everything else.

mod drill;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use crate::app::dialog::{Confirmation, Dialog, Field, GrantForm, RevokeDialog};
use crate::app::{Keys, Lease, Who};
use crate::domain::{LeaseId, printable};

use super::line::{cut, wrap};
use super::table::panel;
use super::{Role, Scene, help, number};

const WIDTH: u16 = 64;

/// Draws the open dialog, if there is one.
pub(super) fn draw(scene: Scene<'_>, area: Rect, buf: &mut Buffer) {
    let Some(dialog) = &scene.model.dialog else { return };
    let page = Page { scene, width: usize::from(WIDTH.min(area.width).saturating_sub(4)) };
    let (title, lines) = match dialog {
        Dialog::Help { .. } => (help_title(scene, area.height), help::lines(scene.look)),
        Dialog::Grant(form) => ("New leases".to_owned(), page.grant(form)),
        Dialog::Revoke(dialog) => (format!("Revoke lease {}?", dialog.id), page.revoke(dialog)),
        Dialog::Adopt(id) => (format!("Keep {id} alive?"), page.adopt(*id)),
        Dialog::Drill(dialog) => (format!("A drill on {}", dialog.id), page.drill(dialog)),
        Dialog::Quit => ("Quit?".to_owned(), page.quit()),
        Dialog::Suspend(_) => ("Suspend?".to_owned(), page.suspend()),
    };
    let inner = draw_box(scene, &title, lines.len(), area, buf);
    let indent = 1.min(inner.width);
    let shown = shown(&lines, usize::from(inner.height), dialog);
    for (y, line) in (inner.y..inner.bottom()).zip(shown) {
        buf.set_line(inner.x + indent, y, line, inner.width - indent);
    }
}

fn draw_box(scene: Scene<'_>, title: &str, lines: usize, area: Rect, buf: &mut Buffer) -> Rect {
    let height = u16::try_from(lines + 2).unwrap_or(u16::MAX).min(area.height);
    let width = WIDTH.min(area.width);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 3, width, height };
    Clear.render(place, buf);
    let block = panel(scene.look, format!(" {title} ")).border_style(scene.look.style(Role::Text));
    let inner = block.inner(place);
    block.render(place, buf);
    inner
}

/// The lines that there is room for: of the help those below where it was scrolled to, of the others the first and,
/// whatever else is cut off, those after the last empty line: the answers.
fn shown<'a>(lines: &'a [Line<'a>], room: usize, dialog: &Dialog) -> Vec<&'a Line<'a>> {
    let spare = lines.len().saturating_sub(room);
    if let Dialog::Help { top } = dialog {
        return lines[(*top).min(spare)..].iter().collect();
    }
    let answers = lines.iter().rposition(|line| line.width() == 0).map_or(0, |empty| empty + 1);
    let (text, answers) = lines.split_at(answers);
    let answers = &answers[answers.len().saturating_sub(room)..];
    let cut_off = if spare > 0 { room - answers.len() } else { text.len() };
    text.iter().take(cut_off).chain(answers).collect()
}

/// How many lines of the open help there is no room for; none where it is not open.
pub(super) fn spare_lines(scene: Scene<'_>, height: u16) -> Option<usize> {
    let is_help = matches!(scene.model.dialog, Some(Dialog::Help { .. }));
    is_help.then(|| help::lines(scene.look).len().saturating_sub(usize::from(height.saturating_sub(2))))
}

fn help_title(scene: Scene<'_>, height: u16) -> String {
    if spare_lines(scene, height) > Some(0) { "Keys and states · ↑ ↓ scroll" } else { "Keys and states" }.to_owned()
}

/// A dialog being written.
struct Page<'a> {
    scene: Scene<'a>,
    width: usize,
}

impl<'a> Page<'a> {
    fn text(&self, role: Role, text: &str) -> Vec<Line<'a>> {
        let style = self.scene.look.style(role);
        wrap(text, self.width).into_iter().map(|line| Line::from(Span::styled(line, style))).collect()
    }

    /// The line of answers, the focused one reversed.
    fn answers(&self, focused: &str, others: &[(&str, &str)]) -> Vec<Line<'a>> {
        let look = self.scene.look;
        let mut spans = vec![Span::styled(format!("[ {focused} ]"), look.cursor())];
        for (key, does) in others {
            spans.push(Span::raw("   "));
            spans.push(Span::styled((*key).to_owned(), look.style(Role::Key)));
            spans.push(Span::raw(format!(" {does}")));
        }
        vec![Line::default(), Line::from(spans)]
    }

    fn revoke(&self, dialog: &RevokeDialog) -> Vec<Line<'a>> {
        let model = self.scene.model;
        let Some(lease) = model.lease(dialog.id).filter(|lease| lease.death.is_none()) else {
            return self.too_late(dialog.id);
        };
        let mut lines = self.text(Role::Text, &self.whose_and_where(lease));
        lines.extend(self.doomed_keys(lease.keys.as_ref()));
        lines.extend(self.text(Role::Text, consequence(lease)));
        lines.extend(match Confirmation::for_lease(lease) {
            Confirmation::Key => self.answers("Cancel", &[("y", "revoke")]),
            Confirmation::Number => self.typed_number(dialog),
        });
        lines
    }

    fn too_late(&self, id: LeaseId) -> Vec<Line<'a>> {
        let cause = match self.scene.model.lease(id) {
            Some(lease) => lease.state(self.scene.now).word(),
            None => "gone",
        };
        let text = format!("It died while this was open ({cause}): there is nothing left to revoke.");
        let mut lines = self.text(Role::Warning, &text);
        lines.extend(self.answers("Close", &[]));
        lines
    }

    fn whose_and_where(&self, lease: &Lease) -> String {
        let left = lease.left(self.scene.now).map_or(number::UNKNOWN.to_owned(), number::span);
        let of = lease.granted_ttl.map_or(String::new(), |ttl| format!(" of {}", number::ttl(ttl)));
        let place = match (self.scene.model.is_sandbox(), self.scene.model.member()) {
            (true, _) => "the embedded sandbox".to_owned(),
            (false, Some(member)) => printable(member.endpoint.as_bytes()),
            (false, None) => printable(self.scene.model.setup.target.as_bytes()),
        };
        let whose = match lease.who {
            Who::Own => "own",
            Who::Adopted => "another client's, kept alive here",
            Who::Other => "another client's",
        };
        format!("{whose}, {left}{of} left, on {place}")
    }

    fn doomed_keys(&self, keys: Option<&Keys>) -> Vec<Line<'a>> {
        let Some(keys) = keys else { return self.text(Role::Dim, "its keys are being asked for") };
        let head = match keys.count {
            0 => "No key goes with it.".to_owned(),
            1 => "1 key goes with it:".to_owned(),
            count => format!("{count} keys go with it:"),
        };
        let mut lines = self.text(Role::Text, &head);
        let most = self.scene.model.window.rows.saturating_sub(3).clamp(1, 8);
        let shown = keys.first.iter().take(most);
        lines.extend(shown.map(|key| Line::from(format!("  {}", cut(&printable(key), self.width.saturating_sub(2))))));
        let rest = keys.count.saturating_sub(keys.first.len().min(most));
        if rest > 0 {
            lines.extend(self.text(Role::Dim, &format!("  and {rest} more")));
        }
        lines
    }

    fn typed_number(&self, dialog: &RevokeDialog) -> Vec<Line<'a>> {
        let look = self.scene.look;
        let mut lines = vec![Line::default()];
        lines.extend(self.text(Role::Text, "Type the number of leases, 1, and Enter:"));
        let typed = Span::styled(format!("{:<4}", dialog.typed.value()), look.cursor());
        if let Some(question) = lines.last_mut() {
            question.spans.extend([Span::raw(" "), typed]);
        }
        lines.extend(self.answers("Cancel", &[("Esc", "cancel")]).split_off(1));
        lines
    }

    fn adopt(&self, id: LeaseId) -> Vec<Line<'a>> {
        let mut lines = self.text(
            Role::Text,
            "It is another client's. Kept alive from here it outlives its owner: if that dies, its keys stay, and \
             whoever waits for them to go waits in vain.",
        );
        if self.scene.model.lease(id).is_none_or(|lease| lease.death.is_some()) {
            lines = self.text(Role::Warning, "It died while this was open: there is nothing left to keep alive.");
        }
        lines.extend(self.answers("Cancel", &[("y", "keep it alive")]));
        lines
    }

    fn quit(&self) -> Vec<Line<'a>> {
        let mut lines = self.text(
            Role::Text,
            &format!(
                "{} being kept alive here. Left alone, they expire by themselves; the command that goes on keeping \
                 them is printed at the end.",
                self.kept()
            ),
        );
        lines.extend(self.answers("Leave", &[("r", "revoke our own and quit"), ("Esc", "stay")]));
        lines
    }

    fn kept(&self) -> String {
        match self.scene.model.kept().count() {
            1 => "1 lease is".to_owned(),
            kept => format!("{kept} leases are"),
        }
    }

    fn suspend(&self) -> Vec<Line<'a>> {
        let model = self.scene.model;
        let first = model.kept().filter_map(|lease| lease.left(self.scene.now)).reduce(f64::min);
        let until = first.map_or(String::new(), |left| format!(" The first has {} left.", number::span(left)));
        let text = format!(
            "{} being kept alive here. Nothing is renewed while leasetop is suspended: they expire unless `fg` comes \
             in time.{until}",
            self.kept()
        );
        let mut lines = self.text(Role::Text, &text);
        lines.extend(self.answers("Stay", &[("Ctrl-z", "suspend"), ("Esc", "stay")]));
        lines
    }

    fn grant(&self, form: &GrantForm) -> Vec<Line<'a>> {
        let mut lines: Vec<Line> = Field::ALL.iter().map(|field| self.field(form, *field)).collect();
        lines.insert(1, self.dim("            1 = 10 s, 2 = 120 s, 3 = 3600 s, or 90, 5m, 2h"));
        lines.push(Line::default());
        lines.push(match form.order() {
            Ok(_) => self.keys(&[("Enter", "grant"), ("Tab", "next field"), ("Esc", "cancel")]),
            Err(_) => self.keys(&[("Tab", "next field"), ("Esc", "cancel")]),
        });
        lines
    }

    fn dim(&self, text: &str) -> Line<'a> {
        Line::from(Span::styled(text.to_owned(), self.scene.look.style(Role::Dim)))
    }

    fn keys(&self, keys: &[(&str, &str)]) -> Line<'a> {
        let look = self.scene.look;
        let spans = keys.iter().flat_map(|(key, does)| {
            [Span::styled((*key).to_owned(), look.style(Role::Key)), Span::raw(format!(" {does}   "))]
        });
        Line::from(spans.collect::<Vec<_>>())
    }

    /// `TTL         2█          120 s (for 2 s write 2s)`
    fn field(&self, form: &GrantForm, field: Field) -> Line<'a> {
        let room = if self.width < 56 { 10 } else { 20 };
        let look = self.scene.look;
        let name = Span::styled(format!("{:<12}", name(field)), look.style(Role::Title));
        let (value, caret) = match form.input(field) {
            Some(input) => (tail(input.value(), input.visual_cursor(), room), input.visual_cursor().min(room - 1)),
            None => (if form.keep_alive { "yes" } else { "no" }.to_owned(), 0),
        };
        let mut spans = vec![name];
        spans.extend(with_caret(&value, caret, room, form.focus == field, look.cursor()));
        spans.push(Span::raw("  "));
        spans.push(match form.check(field) {
            Ok(meaning) => Span::styled(meaning, look.style(Role::Dim)),
            Err(_) if is_untouched(form, field) => Span::styled("needed", look.style(Role::Dim)),
            Err(rule) => Span::styled(rule, look.style(Role::Warning)),
        });
        Line::from(spans)
    }
}

fn is_untouched(form: &GrantForm, field: Field) -> bool {
    form.input(field).is_some_and(|input| input.value().is_empty())
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Ttl => "TTL",
        Field::Count => "count",
        Field::Id => "id",
        Field::Put => "key=value",
        Field::KeepAlive => "keep alive",
    }
}

/// The part of a typed text around its caret that fits.
fn tail(text: &str, caret: usize, room: usize) -> String {
    let shown: String = text.chars().skip(caret.saturating_sub(room - 1)).take(room).collect();
    printable(shown.as_bytes())
}

fn with_caret<'a>(
    value: &str,
    caret: usize,
    room: usize,
    is_focused: bool,
    cursor: ratatui::style::Style,
) -> Vec<Span<'a>> {
    let padded = format!("{value:<room$}");
    if !is_focused {
        return vec![Span::raw(padded)];
    }
    let before: String = padded.chars().take(caret).collect();
    let at: String = padded.chars().skip(caret).take(1).collect();
    let after: String = padded.chars().skip(caret + 1).collect();
    vec![Span::raw(before), Span::styled(at, cursor), Span::raw(after)]
}

fn consequence(lease: &Lease) -> &'static str {
    match (lease.who, lease.keys.as_ref().is_some_and(|keys| keys.count > 0)) {
        (Who::Own, true) => "Whoever watches sees the deletion at once.",
        (Who::Own, false) => "Nobody else notices.",
        (_, true) => "Its owner loses it, and whoever watches sees the deletion at once.",
        (_, false) => "Its owner loses it.",
    }
}
