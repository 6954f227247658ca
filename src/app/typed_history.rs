//! The lines typed before, on the command line and as filters.

/// Maximum number of lines kept.
const MOST: usize = 200;

/// Which lines a history contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HistoryKind {
    /// Lines of the command line.
    Commands,
    /// Filters.
    Filters,
}

/// Lines typed before, without duplicates. The last one is the newest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedHistory {
    lines: Vec<String>,
}

impl TypedHistory {
    /// Reads the content of a history file: one line each, oldest first.
    pub fn from_text(text: &str) -> Self {
        let mut history = TypedHistory::default();
        text.lines().for_each(|line| history.add(line));
        history
    }

    /// The content of a history file.
    pub fn to_text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Adds a line as the newest one. Blank lines are ignored, and control characters become spaces.
    pub fn add(&mut self, line: &str) {
        let line = line.replace(char::is_control, " ").trim().to_owned();
        if line.is_empty() {
            return;
        }
        self.lines.retain(|other| *other != line);
        self.lines.push(line);
        let excess = self.lines.len().saturating_sub(MOST);
        self.lines.drain(..excess);
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether it has no line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The histories of the command line and of filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedLines {
    /// Lines of the command line.
    pub commands: TypedHistory,
    /// Filters.
    pub filters: TypedHistory,
}

impl TypedLines {
    /// The history of a kind.
    pub fn of_mut(&mut self, kind: HistoryKind) -> &mut TypedHistory {
        match kind {
            HistoryKind::Commands => &mut self.commands,
            HistoryKind::Filters => &mut self.filters,
        }
    }
}

/// A place in a history while the user browses it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct HistoryCursor {
    /// How many lines before the end. 0 while nothing of the history is shown.
    back: usize,
    /// The text that was typed before browsing.
    draft: String,
}

impl HistoryCursor {
    /// Whether a line of the history is shown.
    pub(super) fn is_browsing(&self) -> bool {
        self.back > 0
    }

    /// The next older line that differs from the text `present`. `None` at the oldest one.
    pub(super) fn older(&mut self, history: &TypedHistory, present: &str) -> Option<String> {
        let mut back = self.back + 1;
        if history.lines.iter().rev().nth(back - 1).is_some_and(|line| line == present) {
            back += 1;
        }
        let line = history.lines.iter().rev().nth(back - 1)?;
        if self.back == 0 {
            self.draft = present.to_owned();
        }
        self.back = back;
        Some(line.clone())
    }

    /// The next newer line, or the text that was typed before browsing. `None` if nothing of the history is shown.
    pub(super) fn newer(&mut self, history: &TypedHistory) -> Option<String> {
        self.back = self.back.checked_sub(1)?;
        if self.back == 0 {
            return Some(std::mem::take(&mut self.draft));
        }
        history.lines.iter().rev().nth(self.back - 1).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_line_moves_to_the_end() {
        let history = TypedHistory::from_text("a\n\nb\n  a \nc\n");
        assert_eq!(history.to_text(), "b\na\nc\n");
    }

    #[test]
    fn only_the_newest_lines_are_kept() {
        let mut history = TypedHistory::default();
        (0..=MOST).for_each(|number| history.add(&number.to_string()));
        assert_eq!((history.len(), history.lines[0].as_str()), (MOST, "1"));
    }

    #[test]
    fn a_line_cannot_break_the_file() {
        let mut history = TypedHistory::default();
        history.add("a\nb\u{1b}c");
        assert_eq!(history.to_text(), "a b c\n");
    }

    #[test]
    fn browsing_goes_back_to_the_draft() {
        let history = TypedHistory::from_text("a\nb\n");
        let mut cursor = HistoryCursor::default();
        assert_eq!(cursor.newer(&history), None);
        assert_eq!(cursor.older(&history, "draft").as_deref(), Some("b"));
        assert_eq!(cursor.older(&history, "b").as_deref(), Some("a"));
        assert_eq!(cursor.older(&history, "a"), None);
        assert_eq!(cursor.newer(&history).as_deref(), Some("b"));
        assert_eq!(cursor.newer(&history).as_deref(), Some("draft"));
        assert!(!cursor.is_browsing());
    }

    #[test]
    fn the_line_that_is_shown_already_is_skipped() {
        let history = TypedHistory::from_text("a\nb\n");
        let mut cursor = HistoryCursor::default();
        assert_eq!(cursor.older(&history, "b").as_deref(), Some("a"));
        assert_eq!(cursor.newer(&history).as_deref(), Some("b"));
    }
}
