//! The answers of a dialog: as buttons where there is room, as their keys where there is none.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::DialogAction;
use crate::app::keymap::Action;
use crate::ui::Role;
use crate::width::DisplayWidth;

use super::DialogPage;

/// One answer.
#[derive(Clone)]
pub(super) struct DialogButton {
    /// The key that gives it, in words.
    key: String,
    /// What it does.
    does: &'static str,
    /// The same in a word, for where there is little room.
    brief: &'static str,
    /// Whether its button is told by what it does alone: Enter gives it, and the key is said where there are no buttons.
    is_plain: bool,
    /// Whether it is left out where there is hardly any room.
    is_minor: bool,
}

impl DialogButton {
    /// One that this key gives.
    pub(super) fn new(key: impl Into<String>, does: &'static str, brief: &'static str) -> DialogButton {
        DialogButton { key: key.into(), does, brief, is_plain: false, is_minor: false }
    }

    /// The same without its key on the button.
    pub(super) fn plain(self) -> DialogButton {
        DialogButton { is_plain: true, ..self }
    }

    /// The same, left out where there is hardly any room.
    pub(super) fn minor(self) -> DialogButton {
        DialogButton { is_minor: true, ..self }
    }

    /// Its words as a button; as wide whether it is focused or not, so that nothing moves with the focus.
    fn button(&self, is_focused: bool) -> (String, String) {
        let [open, close] = if is_focused { ["[ ", " ]"] } else { ["  ", "  "] };
        let (key, gap) = if self.is_plain { ("", "") } else { (&*self.key, " ") };
        (format!("{open}{key}"), format!("{gap}{}{close}", self.does))
    }

    /// Key and what it does, in short.
    fn in_brief(&self) -> String {
        format!("{} {}", caret(&self.key), self.brief)
    }

    /// The key in as few letters as can be understood.
    fn tiny(&self) -> String {
        caret(&self.key).replace("Enter", "Ent").replace("number", "Nr")
    }
}

/// `^Z` for `Ctrl-z`.
fn caret(key: &str) -> String {
    key.strip_prefix("Ctrl-").map_or_else(|| key.to_owned(), |letter| format!("^{}", letter.to_uppercase()))
}

impl<'a> DialogPage<'a> {
    /// The first key of a reply, in words.
    pub(super) fn key(&self, reply: DialogAction) -> String {
        self.ctx.app.config.keymap.key_label(Action::Dialog(reply))
    }

    /// To do nothing.
    pub(super) fn cancel(&self) -> DialogButton {
        DialogButton::new(self.key(DialogAction::Close), "Cancel", "no").plain()
    }

    /// To do nothing, where Enter means something else.
    pub(super) fn cancel_key(&self) -> DialogButton {
        DialogButton::new(self.key(DialogAction::Close), "cancel", "no")
    }

    /// There is nothing left to answer.
    pub(super) fn close(&self) -> DialogButton {
        DialogButton::new(self.key(DialogAction::Close), "Close", "close").plain()
    }

    /// The answers of a form: what it does, where it is complete, and the ways through it and out.
    pub(super) fn form(&self, does: Option<&'static str>, has_fields: bool) -> Vec<Line<'a>> {
        let give = does.map(|does| DialogButton::new(self.key(DialogAction::Accept), does, does));
        let next =
            has_fields.then(|| DialogButton::new(self.key(DialogAction::FormNext), "next field", "next").minor());
        let leave = DialogButton::new(self.key(DialogAction::FormClose), "cancel", "cancel");
        self.answers(&give.into_iter().chain(next).chain([leave]).collect::<Vec<_>>(), None)
    }

    /// The lines of answers, the focused one reversed: as buttons in as many lines as the sheet has room for, else in short.
    /// Where none can be focused they are keys on one line.
    pub(super) fn answers(&self, answers: &[DialogButton], focused: Option<usize>) -> Vec<Line<'a>> {
        let buttons = answers.iter().enumerate().map(|(place, answer)| self.button(answer, focused == Some(place)));
        let mut lines = self.flow(buttons.collect());
        let most = if focused.is_some() { (self.rows / 3).max(1) } else { 1 };
        if focused.is_none() {
            lines.iter_mut().for_each(outdent);
        }
        if lines.len() <= most && lines.iter().all(|line| trimmed_width(line) <= self.width) {
            return lines;
        }
        self.in_short(answers)
    }

    /// The answers on one line, by their keys.
    fn in_short(&self, answers: &[DialogButton]) -> Vec<Line<'a>> {
        let brief = answers.iter().map(DialogButton::in_brief).collect::<Vec<_>>().join("  ");
        let tiny =
            || answers.iter().filter(|answer| !answer.is_minor).map(DialogButton::tiny).collect::<Vec<_>>().join(" ");
        let text = if brief.width() <= self.width { brief } else { tiny() };
        vec![Line::from(Span::styled(text, self.ctx.theme.style(Role::Key)))]
    }

    fn button(&self, answer: &DialogButton, is_focused: bool) -> Line<'a> {
        let theme = self.ctx.theme;
        let (key, does) = answer.button(is_focused);
        match is_focused {
            true => Line::from(Span::styled(key + &does, theme.cursor())),
            false => Line::from(vec![Span::styled(key, theme.style(Role::Key)), Span::styled(does, Style::default())]),
        }
    }

    /// As many on a line as fit.
    fn flow(&self, buttons: Vec<Line<'a>>) -> Vec<Line<'a>> {
        let mut lines: Vec<Line> = Vec::new();
        for button in buttons {
            match lines.last_mut().filter(|line| line.width() + trimmed_width(&button) <= self.width) {
                Some(line) => line.spans.extend(button.spans),
                None => lines.push(button),
            }
        }
        lines
    }
}

/// Takes the blanks away in which a bracket would stand.
fn outdent(line: &mut Line<'_>) {
    if let Some(first) = line.spans.first_mut() {
        first.content = first.content.trim_start().to_owned().into();
    }
}

/// Its width without the blanks at its end.
fn trimmed_width(line: &Line<'_>) -> usize {
    line.to_string().trim_end().width()
}
