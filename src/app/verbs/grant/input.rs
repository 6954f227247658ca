//! Key handling of the form.

use super::{Field, GrantForm};
use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome};
use crate::app::{DialogAction, Key, KeyContext};
use etcd_lease::RenewalSchedule;

/// Maximum number of pasted characters. More than a key and value typed by hand.
const MOST_PASTED: usize = 10_000;

impl GrantForm {
    /// Handles a key. Enter grants the leases, or moves to the first invalid field.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        match context.dialog_action(KeyContext::Grant, key) {
            Some(DialogAction::FormClose) => DialogOutcome::Close,
            Some(DialogAction::Accept) => self.accept(),
            Some(DialogAction::FormPrevious) => {
                self.focus_previous();
                DialogOutcome::Stay
            }
            Some(_) => {
                self.focus_next();
                DialogOutcome::Stay
            }
            None => {
                type_into(self, key);
                DialogOutcome::Stay
            }
        }
    }

    fn accept(&mut self) -> DialogOutcome {
        match self.request() {
            Ok(request) => DialogOutcome::Do(Command::Grant(request)),
            Err((field, rule)) => {
                self.focus = field;
                self.is_refused = true;
                DialogOutcome::DoAndStay(Command::ShowError(format!("{}: {rule}", field.name())))
            }
        }
    }
}

/// Inserts pasted text. A line end moves to the next key field; in other fields, and after the last key field, it ends the
/// text. Returns whether more text followed.
pub(in crate::app) fn paste(form: &mut GrantForm, text: &str) -> bool {
    // Terminals send line ends as carriage returns.
    let text = text.chars().take(MOST_PASTED).collect::<String>().replace("\r\n", "\n").replace('\r', "\n");
    let mut rest = text.trim_start_matches('\n').chars();
    while form.input_mut().is_some()
        && let Some(c) = rest.next()
    {
        match c {
            '\n' if matches!(form.focus, Field::Put(_)) => form.focus_next(),
            '\n' => break,
            c if c.is_control() => (),
            c => type_text(form, Key::Char(c)),
        }
    }
    !rest.as_str().trim().is_empty()
}

fn type_into(form: &mut GrantForm, key: Key) {
    match form.focus {
        Field::Pace => switch_pace(form, key),
        Field::KeepAlive => switch_keep_alive(form, key),
        _ => type_text(form, key),
    }
}

/// Edits the text field that has the focus. A switch has no text.
fn type_text(form: &mut GrantForm, key: Key) {
    if let (Some(input), Some(edit)) = (form.input_mut(), key.edit()) {
        input.handle(edit);
    }
}

fn switch_keep_alive(form: &mut GrantForm, key: Key) {
    form.keep_alive = match key {
        Key::Char('y') => true,
        Key::Char('n') => false,
        Key::Char(' ') | Key::Left | Key::Right => !form.keep_alive,
        _ => form.keep_alive,
    };
}

fn switch_pace(form: &mut GrantForm, key: Key) {
    form.pace = match (key, form.pace) {
        (Key::Char('c'), _) | (Key::Char(' ') | Key::Left | Key::Right, RenewalSchedule::Exact) => {
            RenewalSchedule::Clientv3
        }
        (Key::Char('e'), _) | (Key::Char(' ') | Key::Left | Key::Right, RenewalSchedule::Clientv3) => {
            RenewalSchedule::Exact
        }
        (_, pace) => pace,
    };
}

#[cfg(test)]
mod tests {
    use super::super::MOST_KEYS;
    use super::*;

    fn form() -> GrantForm {
        let mut form = GrantForm::new(RenewalSchedule::Clientv3);
        "10".chars().for_each(|digit| type_into(&mut form, Key::Char(digit)));
        form
    }

    #[test]
    fn only_a_filled_line_is_followed_by_another() {
        let mut form = form();
        form.focus = Field::Put(0);
        form.focus_next();
        assert_eq!((form.focus, form.fields().len()), (Field::KeepAlive, 6));
        form.focus_previous();
        for line in 0..40 {
            type_into(&mut form, Key::Char('x'));
            form.focus_next();
            let next = if line + 1 < MOST_KEYS { Field::Put(line + 1) } else { Field::KeepAlive };
            assert_eq!(form.focus, next);
            if next == Field::KeepAlive {
                return;
            }
        }
        unreachable!("a form has an end");
    }

    #[test]
    fn the_pace_says_what_comes_of_it() {
        let mut form = form();
        form.focus = Field::Pace;
        assert_eq!(form.check(Field::Pace).unwrap(), "every 3.5 s");
        type_into(&mut form, Key::Right);
        assert_eq!((form.pace, form.check(Field::Pace).unwrap().as_str()), (RenewalSchedule::Exact, "every 3.3 s"));
        type_into(&mut form, Key::Char('e'));
        assert_eq!(form.pace, RenewalSchedule::Exact);
        type_into(&mut form, Key::Char('c'));
        assert_eq!(form.pace, RenewalSchedule::Clientv3);
        form.keep_alive = false;
        assert_eq!(form.check(Field::Pace).unwrap(), "only if kept alive");
    }
}
