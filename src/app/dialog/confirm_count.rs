//! A text field for the number of leases, typed to confirm a dialog.

use tui_input::Input;

use crate::app::Key;

/// The typed number.
#[derive(Clone, Debug, Default)]
pub struct ConfirmCount {
    input: Input,
    /// Whether the current text was submitted and was wrong.
    is_refused: bool,
}

impl ConfirmCount {
    /// The text field.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// Why the submitted number does not confirm. `None` if none was submitted since the last edit, or it is correct
    /// now.
    pub fn refusal(&self, wanted: usize) -> Option<String> {
        let typed = self.input.value();
        if !self.is_refused || self.is(wanted) {
            return None;
        }
        Some(match typed {
            "" => format!("Nothing typed. Type {wanted} to confirm."),
            typed => format!("{typed} is not {wanted}. Type {wanted} to confirm."),
        })
    }

    /// Whether the typed number is `wanted`.
    pub(in crate::app) fn is(&self, wanted: usize) -> bool {
        self.input.value() == wanted.to_string()
    }

    /// Submits the number. Returns whether it is `wanted`.
    pub(in crate::app) fn confirms(&mut self, wanted: usize) -> bool {
        self.is_refused = !self.is(wanted);
        !self.is_refused
    }

    /// Edits the text. Accepts only digits, at most nine. Returns whether the key is one that edits a number.
    pub(in crate::app) fn on_key(&mut self, key: Key) -> bool {
        const MOST_DIGITS: usize = 9;
        let is_digit = matches!(key, Key::Char(c) if c.is_ascii_digit());
        let is_full = self.input.value().len() >= MOST_DIGITS;
        if matches!(key, Key::Char(_)) && (!is_digit || is_full) {
            return is_digit;
        }
        let Some(edit) = key.edit() else { return false };
        self.input.handle(edit);
        self.is_refused = false;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> ConfirmCount {
        let mut number = ConfirmCount::default();
        text.chars().for_each(|c| _ = number.on_key(Key::Char(c)));
        number
    }

    #[test]
    fn a_wrong_number_is_told_with_the_one_that_is_wanted_until_another_is_typed() {
        let mut number = typed("y1x2-");
        assert_eq!((number.input().value(), number.refusal(2)), ("12", None));
        assert!(!number.confirms(2));
        let told = number.refusal(2).expect("it is refused");
        assert_eq!(told, "12 is not 2. Type 2 to confirm.");
        assert_eq!(number.refusal(12), None, "meanwhile it has become the right one");
        number.on_key(Key::Backspace);
        assert_eq!(number.refusal(2), None);
        assert!(number.confirms(1));
    }

    #[test]
    fn none_is_refused_too_and_leading_zeros_are_another_number() {
        assert!(!typed("").confirms(0) && !typed("01").confirms(1));
        let mut none = ConfirmCount::default();
        none.confirms(3);
        assert_eq!(none.refusal(3).as_deref(), Some("Nothing typed. Type 3 to confirm."));
    }

    #[test]
    fn nobody_types_for_ever() {
        assert_eq!(typed(&"9".repeat(200)).input().value().len(), 9);
    }
}
