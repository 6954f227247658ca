//! Form for new leases: one field per line, with its meaning or its error beside it.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::dialog::{Field, GrantForm};
use crate::ui::Role;
use etcd_lease::RenewalSchedule;

use super::{DialogPage, Popup, Title, field};

/// Below this width, the hint of the focused field goes below the fields.
const BESIDE: usize = 60;
/// Width of an input that has its hint beside it.
const INPUT: usize = 20;

impl<'a> DialogPage<'a> {
    pub(super) fn grant(&self, form: &GrantForm) -> Popup<'a> {
        let fields = form.fields();
        let mut body: Vec<Line> = fields.iter().map(|field| self.field(form, *field)).collect();
        let mut look_at = fields.iter().position(|field| *field == form.focus).unwrap_or(0);
        if self.is_wide() {
            body.insert(1, self.dim("            seconds or 5m, 2h · 1 = 10 s, 2 = 2 min, 3 = 1 h"));
            look_at += usize::from(look_at > 0);
        }
        let mut foot = if self.is_wide() { Vec::new() } else { vec![Line::from(self.meaning(form, form.focus))] };
        foot.extend(self.form(form.is_right().then_some("grant"), true));
        // The lowest screens have room for the answers only.
        if foot.len() + 1 > self.rows {
            foot = foot.split_off(foot.len() - 1);
        }
        Popup { foot, look_at, ..Popup::new(Title::of("New leases"), body) }
    }

    fn is_wide(&self) -> bool {
        self.width >= BESIDE
    }

    fn dim(&self, text: &str) -> Line<'a> {
        Line::from(Span::styled(text.to_owned(), self.ctx.theme.style(Role::Dim)))
    }

    /// `TTL         2█                    120 s (2s means 2 s)`
    fn field(&self, form: &GrantForm, field: Field) -> Line<'a> {
        const NAME: usize = 12;
        let theme = self.ctx.theme;
        let room = if self.is_wide() { INPUT } else { self.width.saturating_sub(NAME) };
        let caret = (form.focus == field).then(|| theme.cursor());
        let mut spans = vec![Span::styled(format!("{:<NAME$}", name(field)), theme.style(Role::Title))];
        spans.extend(match form.input(field) {
            Some(input) => field::spans(input, room, caret),
            None => switch(form, field, room, caret),
        });
        if self.is_wide() {
            spans.extend([Span::raw("  "), self.meaning(form, field)]);
        }
        Line::from(spans)
    }

    /// What the text of a field means, or why it is wrong. An empty field is wrong only after an attempt to submit.
    fn meaning(&self, form: &GrantForm, field: Field) -> Span<'a> {
        let theme = self.ctx.theme;
        let may_be_empty = is_untouched(form, field) && !form.is_refused();
        match form.check(field) {
            Ok(meaning) => Span::styled(meaning, theme.style(Role::Dim)),
            Err(rule) if may_be_empty && !self.is_wide() => Span::styled(rule, theme.style(Role::Dim)),
            Err(_) if may_be_empty => Span::styled("required", theme.style(Role::Dim)),
            Err(rule) => Span::styled(rule, theme.style(Role::Warning)),
        }
    }
}

/// Value of a field that is switched rather than typed.
fn switch<'a>(form: &GrantForm, field: Field, room: usize, caret: Option<Style>) -> Vec<Span<'a>> {
    let text = match field {
        Field::Pace => timing(form.pace).to_owned(),
        _ => if form.keep_alive { "yes" } else { "no" }.to_owned(),
    };
    let rest = " ".repeat(room.saturating_sub(text.len()));
    vec![Span::styled(text, caret.unwrap_or_default()), Span::raw(rest)]
}

fn timing(pace: RenewalSchedule) -> &'static str {
    match pace {
        RenewalSchedule::Clientv3 => "Go client (500 ms ticks)",
        RenewalSchedule::Exact => "exact (TTL/3)",
    }
}

fn is_untouched(form: &GrantForm, field: Field) -> bool {
    form.input(field).is_some_and(|input| input.value().is_empty())
}

/// The name of a field. Only the first key field has one.
fn name(field: Field) -> &'static str {
    match field {
        Field::Put(1..) => "",
        field => field.name(),
    }
}
