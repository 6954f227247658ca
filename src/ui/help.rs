//! Help: the key bindings and the lease states. It scrolls if it does not fit.

use ratatui::text::{Line, Span};

use crate::app::{EndCause, Keymap, KeymapEntry, LeaseState};

use super::{Role, Theme, columns, theme};

const STATES: [(LeaseState, &str); 10] = [
    (LeaseState::Ok, "healthy"),
    (LeaseState::Stalled, "ours, its responses are not read"),
    (LeaseState::Paused, "ours, deliberately not renewed"),
    (LeaseState::Late, "overdue compared with its usual interval"),
    (LeaseState::Risk, "less time left than one renewal interval"),
    (LeaseState::Unseen, "the last two polls got no answer"),
    (LeaseState::Dying, "expired, not yet removed by etcd"),
    (LeaseState::Ended(EndCause::Expired), "its TTL ran out"),
    (LeaseState::Ended(EndCause::Revoked), "revoked before its TTL ran out"),
    (LeaseState::Ended(EndCause::Unknown), "expired or revoked"),
];

const WARNED: &str = "has a warning: WARN names it, the detail explains it";

pub(super) fn lines(theme: Theme, keymap: &Keymap) -> Vec<Line<'static>> {
    let rows = |of_dialogs| keymap.rows().filter(move |row| !row.keys.is_empty() && row.is_dialog_key() == of_dialogs);
    let key = |row: KeymapEntry<'_>| entry(theme, row.in_words(), Role::Key, row.binding.help);
    let title = Line::styled("In dialogs", theme.style(Role::Title));
    let keys = rows(false).map(key).chain([Line::default(), title]).chain(rows(true).map(key));
    let states = STATES.iter().map(|(state, meaning)| {
        let (sign, role) = theme::state(*state);
        entry(theme, format!("{sign} {}", state.word()), role, meaning)
    });
    let warned = entry(theme, format!("{} beside it", columns::WARNED), Role::Warning, WARNED);
    keys.chain([Line::default()]).chain(states).chain([warned]).collect()
}

fn entry(theme: Theme, name: String, role: Role, meaning: &'static str) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{name:<10}  "), theme.style(role)),
        Span::styled(meaning, theme.style(Role::Text)),
    ])
}
