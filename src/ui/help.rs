//! Help: the lease states and the key bindings, those of the current view first. It scrolls if it does not fit.

use ratatui::text::{Line, Span};

use crate::app::keymap::Action;
use crate::app::{EndCause, KeyGroup, Keymap, LeaseState, View};

use super::{Role, Theme, columns, theme};

const STATES: [(LeaseState, &str); 14] = [
    (LeaseState::Ok, "healthy"),
    (LeaseState::Stalled, "ours, its responses are not read"),
    (LeaseState::Paused, "ours, deliberately not renewed"),
    (LeaseState::Unrenewed, "no renewal seen for two thirds of its TTL"),
    (LeaseState::Late, "renewal overdue"),
    (LeaseState::Risk, "renewal overdue, little time left"),
    (LeaseState::Unseen, "the last two polls got no reply"),
    (LeaseState::Dying, "expired, not yet removed by etcd"),
    (LeaseState::Ended(EndCause::Expired), "its TTL ran out"),
    (LeaseState::Ended(EndCause::RanOut), "expired, never renewed or its lock released"),
    (LeaseState::Ended(EndCause::Revoked), "revoked before its TTL ran out"),
    (LeaseState::Ended(EndCause::Replaced), "ran out, its keys are on a newer lease"),
    (LeaseState::Ended(EndCause::Unknown), "expired or revoked"),
    (LeaseState::Ended(EndCause::NotRestored), "not in the restored cluster"),
];

const WARNED: &str = "has a warning: WARN names it, the detail explains it";

/// Width of the name of an entry.
const NAME: usize = 11;

/// All lines for a view: the states, the keys that work in the view by group, the other keys, and those of dialogs.
/// With a search text, only the lines that contain it, below their titles, and the sections whose titles contain it.
pub(super) fn lines(theme: Theme, keymap: &Keymap, view: View, search: &str) -> Vec<Line<'static>> {
    let mut sections = vec![states(theme)];
    sections.extend(KeyGroup::ALL.into_iter().map(|group| {
        let title = format!("{} · {}", view.tab().name, group.title());
        keys(theme, keymap, &title, |action| works_in(action, view) && action.group() == group)
    }));
    sections.push(keys(theme, keymap, "In other views", |action| !is_of_dialogs(action) && !works_in(action, view)));
    sections.push(keys(theme, keymap, "In dialogs", is_of_dialogs));
    let search = search.to_lowercase();
    let found = sections.into_iter().map(|section| section.containing(&search)).filter(|one| !one.entries.is_empty());
    let mut lines = Vec::new();
    for section in found {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(section.title, theme.style(Role::Title)));
        lines.extend(section.entries);
    }
    lines
}

/// Lines below a title.
struct Section {
    title: String,
    entries: Vec<Line<'static>>,
}

impl Section {
    /// The section with the entries that contain a text in lower case, or with all if its title contains it.
    fn containing(mut self, search: &str) -> Section {
        if !self.title.to_lowercase().contains(search) {
            self.entries.retain(|line| line.to_string().to_lowercase().contains(search));
        }
        self
    }
}

fn is_of_dialogs(action: Action) -> bool {
    matches!(action, Action::Dialog(_))
}

fn works_in(action: Action, view: View) -> bool {
    !is_of_dialogs(action) && action.works_in(view)
}

fn keys(theme: Theme, keymap: &Keymap, title: &str, is_listed: impl Fn(Action) -> bool) -> Section {
    let rows = keymap.rows().filter(|row| !row.keys.is_empty() && is_listed(row.binding.action));
    let entries = rows.map(|row| entry(theme, row.in_words(), Role::Key, row.binding.help)).collect();
    Section { title: title.to_owned(), entries }
}

fn states(theme: Theme) -> Section {
    let states = STATES.iter().map(|(state, meaning)| {
        let (sign, role) = theme::state(*state);
        entry(theme, format!("{sign} {}", state.word()), role, meaning)
    });
    let warned = entry(theme, format!("{} beside it", columns::WARNED), Role::Warning, WARNED);
    Section { title: "States".to_owned(), entries: states.chain([warned]).collect() }
}

fn entry(theme: Theme, name: String, role: Role, meaning: &'static str) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{name:<NAME$}  "), theme.style(role)),
        Span::styled(meaning, theme.style(Role::Text)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::TABS;

    fn text(view: View, search: &str) -> Vec<String> {
        lines(Theme::default(), &Keymap::default(), view, search).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_key_is_listed_once_in_every_view_and_the_states_come_first() {
        for tab in TABS {
            let lines = text(tab.view, "");
            assert_eq!(lines[0], "States");
            for row in Keymap::default().rows() {
                let name = format!("{:<NAME$}  {}", row.in_words(), row.binding.help);
                assert_eq!(lines.iter().filter(|line| **line == name).count(), 1, "{name} in {:?}", tab.view);
            }
        }
    }

    #[test]
    fn keys_of_the_view_come_before_those_of_other_views() {
        let lines = text(View::Events, "");
        let row = |part: &str| lines.iter().position(|line| line.contains(part)).expect(part);
        assert!(row("Events · Move") < row("Events · Act on leases"));
        assert!(row("revoke the lease") < row("In other views") && row("In other views") < row("start a range"));
    }

    #[test]
    fn a_search_keeps_the_lines_with_the_text_and_their_titles() {
        assert_eq!(
            text(View::Leases, "REVOKE THE LEASE"),
            ["Leases · Act on leases", "x F9 Del     revoke the lease; asks first"]
        );
        assert_eq!(text(View::Leases, "no such key"), [""; 0]);
    }
}
