//! Which of a dialog's answers Enter means.

use crate::app::Key;

/// The answer that Enter means, counted from 0: the first is the harmless one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Focus(usize);

impl Focus {
    /// Which of so many answers.
    pub fn among(self, answers: usize) -> usize {
        self.0.min(answers.saturating_sub(1))
    }

    /// After a key that goes to the next answer or the one before, around the ends; none for any other key.
    pub(super) fn moved(self, key: Key, answers: usize) -> Option<Focus> {
        let step = match key {
            Key::Tab | Key::Right | Key::Down => 1,
            Key::BackTab | Key::Left | Key::Up => answers.checked_sub(1)?,
            _ => return None,
        };
        Some(Focus((self.among(answers) + step).checked_rem(answers)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_around() {
        let press = |focus: Focus, key| focus.moved(key, 3).map(|moved| moved.among(3));
        let first = Focus::default();
        assert_eq!([Key::Tab, Key::Right, Key::Down].map(|key| press(first, key)), [Some(1); 3]);
        assert_eq!([Key::BackTab, Key::Left, Key::Up].map(|key| press(first, key)), [Some(2); 3]);
        assert_eq!(press(Focus(2), Key::Tab), Some(0));
        assert_eq!(press(first, Key::Char('l')), None);
    }

    #[test]
    fn answers_that_left_leave_it_on_one_that_is_there() {
        assert_eq!(Focus(2).among(1), 0);
        assert_eq!(Focus(2).moved(Key::Tab, 1), Some(Focus(0)));
        assert_eq!(Focus(2).moved(Key::Tab, 0), None);
    }
}
