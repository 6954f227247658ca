//! The answers of a dialog: as buttons where there is room, as their keys where there is none.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::ui::Role;

use super::Page;

/// One answer, in words from long to short.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    /// The key that gives it; empty where the word says enough.
    pub(super) key: &'static str,
    /// What it does.
    pub(super) does: &'static str,
    /// Key and what it does, in short.
    pub(super) brief: &'static str,
    /// The key in as few letters as can be understood.
    pub(super) tiny: &'static str,
}

impl Answer {
    /// To do nothing.
    pub(super) const CANCEL: Answer = Answer { key: "", does: "Cancel", brief: "Esc no", tiny: "Esc" };
    /// To do nothing, where Enter means something else.
    pub(super) const LEAVE: Answer = Answer { key: "Esc", does: "cancel", brief: "Esc no", tiny: "Esc" };
    /// There is nothing left to answer.
    pub(super) const CLOSE: Answer = Answer { key: "", does: "Close", brief: "Esc close", tiny: "Esc" };

    /// Its words as a button; as wide whether it is focused or not, so that nothing moves with the focus.
    fn button(self, is_focused: bool) -> (String, String) {
        let [open, close] = if is_focused { ["[ ", " ]"] } else { ["  ", "  "] };
        let gap = if self.key.is_empty() { "" } else { " " };
        (format!("{open}{}", self.key), format!("{gap}{}{close}", self.does))
    }
}

impl<'a> Page<'a> {
    /// The lines of answers, the focused one reversed: as buttons in as many lines as the sheet has room for, else in short.
    /// Where none can be focused they are keys on one line.
    pub(super) fn answers(&self, answers: &[Answer], focused: Option<usize>) -> Vec<Line<'a>> {
        let buttons = answers.iter().enumerate().map(|(place, answer)| self.button(*answer, focused == Some(place)));
        let mut lines = self.flow(buttons.collect());
        let most = if focused.is_some() { (self.rows / 3).max(1) } else { 1 };
        if focused.is_none() {
            lines.iter_mut().for_each(outdent);
        }
        if lines.len() <= most && lines.iter().all(|line| seen(line) <= self.width) {
            return lines;
        }
        self.in_short(answers)
    }

    /// The answers on one line, by their keys.
    fn in_short(&self, answers: &[Answer]) -> Vec<Line<'a>> {
        let join = |word: fn(&Answer) -> &'static str| {
            answers.iter().map(word).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("  ")
        };
        let brief = join(|answer| answer.brief);
        let text = if brief.width() <= self.width { brief } else { join(|answer| answer.tiny).replace("  ", " ") };
        vec![Line::from(Span::styled(text, self.scene.look.style(Role::Key)))]
    }

    fn button(&self, answer: Answer, is_focused: bool) -> Line<'a> {
        let look = self.scene.look;
        let (key, does) = answer.button(is_focused);
        match is_focused {
            true => Line::from(Span::styled(key + &does, look.cursor())),
            false => Line::from(vec![Span::styled(key, look.style(Role::Key)), Span::styled(does, Style::default())]),
        }
    }

    /// As many on a line as fit.
    fn flow(&self, buttons: Vec<Line<'a>>) -> Vec<Line<'a>> {
        let mut lines: Vec<Line> = Vec::new();
        for button in buttons {
            match lines.last_mut().filter(|line| line.width() + seen(&button) <= self.width) {
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
fn seen(line: &Line<'_>) -> usize {
    line.to_string().trim_end().width()
}
