//! The focused answer of a dialog.

use crate::app::DialogAction;

/// The answer that Enter selects, counted from 0. The first one is always harmless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Focus(usize);

impl Focus {
    /// The focused index among `answers` answers.
    pub fn among(self, answers: usize) -> usize {
        self.0.min(answers.saturating_sub(1))
    }

    /// The focus after moving to the next or previous answer, wrapping around. `None` for any other action, and if there
    /// are no answers.
    pub(in crate::app) fn moved(self, action: Option<DialogAction>, answers: usize) -> Option<Focus> {
        let step = match action {
            Some(DialogAction::Next) => 1,
            Some(DialogAction::Previous) => answers.checked_sub(1)?,
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
        let go = |focus: Focus, reply| focus.moved(reply, 3).map(|moved| moved.among(3));
        let first = Focus::default();
        assert_eq!(
            [DialogAction::Next, DialogAction::Previous].map(|reply| go(first, Some(reply))),
            [Some(1), Some(2)]
        );
        assert_eq!(go(Focus(2), Some(DialogAction::Next)), Some(0));
        assert_eq!((go(first, Some(DialogAction::Accept)), go(first, None)), (None, None));
    }

    #[test]
    fn answers_that_left_leave_it_on_one_that_is_there() {
        assert_eq!(Focus(2).among(1), 0);
        assert_eq!(Focus(2).moved(Some(DialogAction::Next), 1), Some(Focus(0)));
        assert_eq!(Focus(2).moved(Some(DialogAction::Next), 0), None);
    }
}
