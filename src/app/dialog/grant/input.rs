//! What keys do to the form.

use super::{Field, GrantForm};
use crate::app::dialog::{Dialog, dialog_action, edit};
use crate::app::{AppState, DialogAction, Effect, GrantRequest, Key, KeyContext};
use etcd_lease::RenewalSchedule;
use simkit::Timestamp;

use super::check::in_words;

/// Characters of a pasted text that are taken: more than any key and value that one would attach by hand.
const MOST_PASTED: usize = 10_000;

pub(in crate::app::dialog) fn key(
    app: &mut AppState,
    mut form: Box<GrantForm>,
    key: Key,
    now: Timestamp,
) -> Vec<Effect> {
    match dialog_action(app, KeyContext::Grant, key) {
        Some(DialogAction::FormClose) => return Vec::new(),
        Some(DialogAction::Accept) => match form.request() {
            Ok(order) => return grant(app, order, now),
            Err((field, rule)) => {
                form.focus = field;
                app.view.set_status(now, true, rule);
            }
        },
        Some(DialogAction::FormPrevious) => form.go_back(),
        Some(_) => form.go_on(),
        None => type_into(&mut form, key),
    }
    app.view.dialog = Some(Dialog::Grant(form));
    Vec::new()
}

/// A pasted text is typed: an end of line goes on to the next line of keys, and does nothing elsewhere.
pub(in crate::app) fn paste(form: &mut GrantForm, text: &str) {
    // Terminals send an end of line as Enter does.
    let text = text.chars().take(MOST_PASTED).collect::<String>().replace("\r\n", "\n").replace('\r', "\n");
    for c in text.chars() {
        match c {
            '\n' if matches!(form.focus, Field::Put(_)) => form.go_on(),
            c if c.is_control() => (),
            c => type_into(form, Key::Char(c)),
        }
    }
}

fn type_into(form: &mut GrantForm, key: Key) {
    match form.focus {
        Field::Pace => switch_pace(form, key),
        Field::KeepAlive => switch_keep_alive(form, key),
        _ => {
            form.input_mut().zip(edit(key)).map(|(input, edit)| input.handle(edit));
        }
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

fn grant(app: &mut AppState, order: GrantRequest, now: Timestamp) -> Vec<Effect> {
    app.view.set_status(now, false, format!("Granting {} of {} s…", in_words(order.count), order.ttl));
    vec![Effect::Grant(order)]
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
        form.go_on();
        assert_eq!((form.focus, form.fields().len()), (Field::KeepAlive, 6));
        form.go_back();
        for line in 0..40 {
            type_into(&mut form, Key::Char('x'));
            form.go_on();
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
