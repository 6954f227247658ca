//! Answers of a dialog: buttons if they fit, otherwise key hints.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::app::keymap::Action;
use crate::app::{DialogAction, Key};
use crate::ui::Role;
use crate::width::DisplayWidth;

use super::DialogPage;

#[derive(Clone)]
pub(super) struct DialogButton {
    /// Name of the key.
    key: String,
    /// What the answer does.
    does: &'static str,
    /// One-word form of `does`, for narrow dialogs.
    brief: &'static str,
    /// Whether the button omits its key because Enter triggers it. Key hints still show the key.
    is_plain: bool,
    /// Whether the answer is hidden if space is scarce.
    is_minor: bool,
}

impl DialogButton {
    pub(super) fn new(key: impl Into<String>, does: &'static str, brief: &'static str) -> DialogButton {
        DialogButton { key: key.into(), does, brief, is_plain: false, is_minor: false }
    }

    /// Omits the key on the button.
    pub(super) fn plain(self) -> DialogButton {
        DialogButton { is_plain: true, ..self }
    }

    /// Hides the answer if space is scarce.
    pub(super) fn minor(self) -> DialogButton {
        DialogButton { is_minor: true, ..self }
    }

    /// The label as a button. Focused and unfocused labels have the same width, so focus does not move the layout.
    fn button(&self, is_focused: bool) -> (String, String) {
        let [open, close] = if is_focused { ["[ ", " ]"] } else { ["  ", "  "] };
        let (key, gap) = if self.is_plain { ("", "") } else { (&*self.key, " ") };
        (format!("{open}{key}"), format!("{gap}{}{close}", self.does))
    }

    /// Key and short form of the action.
    fn in_brief(&self) -> String {
        format!("{} {}", caret(&self.key), self.brief)
    }

    /// The key in as few characters as possible.
    fn tiny(&self) -> String {
        caret(&self.key).replace("Enter", "Ent").replace("number", "Nr")
    }
}

/// The key of the button at a position of the lines in `foot`. Which of its texts a button shows depends on the room, and a
/// short text of one may be part of the shown text of another, so the longest text at the position counts.
pub(super) fn at(buttons: &[DialogButton], buf: &Buffer, foot: Rect, position: Position) -> Option<Key> {
    let row = Rect { y: position.y, height: 1, ..foot };
    let cells: Vec<&str> = row.positions().map(|place| buf[place].symbol()).collect();
    let line = cells.concat();
    let column = usize::from(position.x - foot.x);
    let width_at = |text: &str| {
        let text = text.trim();
        let mut places = line.match_indices(text).map(|(start, _)| line[..start].width());
        places.any(|first| (first..first + text.width()).contains(&column)).then(|| text.width())
    };
    let texts = |button: &DialogButton| {
        let [focused, plain] = [true, false].map(|is_focused| button.button(is_focused));
        [focused.0 + &focused.1, plain.0 + &plain.1, button.in_brief(), button.tiny()]
    };
    let longest = |button: &DialogButton| texts(button).iter().filter_map(|text| width_at(text)).max();
    let found = buttons.iter().filter_map(|button| Some((longest(button)?, button))).max_by_key(|(width, _)| *width);
    found?.1.key.parse().ok()
}

/// `^Z` for `Ctrl-z`.
fn caret(key: &str) -> String {
    key.strip_prefix("Ctrl-").map_or_else(|| key.to_owned(), |letter| format!("^{}", letter.to_uppercase()))
}

impl<'a> DialogPage<'a> {
    /// Name of the first key bound to an action.
    pub(super) fn key(&self, action: DialogAction) -> String {
        self.ctx.app.config.keymap.key_label(Action::Dialog(action))
    }

    /// Cancel button.
    pub(super) fn cancel(&self) -> DialogButton {
        DialogButton::new(self.key(DialogAction::Close), "Cancel", "no").plain()
    }

    /// Cancel hint for dialogs in which Enter does something else.
    pub(super) fn cancel_key(&self) -> DialogButton {
        DialogButton::new(self.key(DialogAction::Close), "cancel", "no")
    }

    /// Button that closes a dialog without a question.
    pub(super) fn close(&self) -> DialogButton {
        DialogButton::new(self.key(DialogAction::Close), "Close", "close").plain()
    }

    /// Answers of a form: what submitting `does` unless the form is incomplete, next field if there are several, and cancel.
    pub(super) fn form(&self, does: Option<&'static str>, has_fields: bool) -> Vec<Line<'a>> {
        let submit = does.map(|does| DialogButton::new(self.key(DialogAction::Accept), does, does));
        let next =
            has_fields.then(|| DialogButton::new(self.key(DialogAction::FormNext), "next field", "next").minor());
        let cancel = DialogButton::new(self.key(DialogAction::FormClose), "cancel", "cancel");
        self.answers(&submit.into_iter().chain(next).chain([cancel]).collect::<Vec<_>>(), None)
    }

    /// The answer lines, with the focused answer reversed. Buttons may take a third of the rows, or one line if no
    /// answer has the focus. If they do not fit, key hints on one line replace them.
    pub(super) fn answers(&self, answers: &[DialogButton], focused: Option<usize>) -> Vec<Line<'a>> {
        self.buttons.borrow_mut().extend_from_slice(answers);
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

    /// Key hints on one line.
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
        if is_focused {
            return Line::from(Span::styled(key + &does, theme.cursor()));
        }
        Line::from(vec![Span::styled(key, theme.style(Role::Key)), Span::styled(does, Style::default())])
    }

    /// Wraps buttons, as many per line as fit.
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

/// Removes the padding reserved for the focus bracket.
fn outdent(line: &mut Line<'_>) {
    if let Some(first) = line.spans.first_mut() {
        first.content = first.content.trim_start().to_owned().into();
    }
}

/// Width without trailing blanks.
fn trimmed_width(line: &Line<'_>) -> usize {
    line.to_string().trim_end().width()
}
