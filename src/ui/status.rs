//! The status line: counts or what was just done, and the keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::keymap::{Action, KEYMAP};
use crate::app::{Model, Note};
use crate::domain::printable;

use super::line::{Part, cut, draw_ends};
use super::{Role, Scene};

/// Draws it. A note takes the place of the counts; keys are not shown while a dialog has its own.
pub(super) fn draw(scene: Scene<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let model = scene.model;
    let left = match &model.note {
        Some(note) => vec![noted(note, area.width)],
        None => counts(model),
    };
    let right = if model.dialog.is_some() { Vec::new() } else { keys(model.setup.is_read_only) };
    draw_ends(scene.look, (left, right), (" · ", "  "), area, buf);
}

fn noted(note: &Note, width: u16) -> Part {
    let role = if note.is_error { Role::Danger } else { Role::Good };
    Part::new(0, role, cut(&printable(note.text.as_bytes()), usize::from(width.saturating_sub(2))))
}

fn counts(model: &Model) -> Vec<Part> {
    let census = model.census;
    let count = |rank, role, number: u64, what: &str| Part::new(rank, role, format!("{number} {what}"));
    let mut parts = vec![count(1, Role::Text, census.own as u64, "own")];
    if census.adopted > 0 {
        parts.push(count(1, Role::Text, census.adopted as u64, "adopted"));
    }
    parts.push(count(1, Role::Text, census.others as u64, if census.others == 1 { "other" } else { "others" }));
    if census.endangered > 0 {
        parts.push(count(1, Role::Danger, census.endangered as u64, "at risk"));
    }
    parts.push(Part::new(6, Role::Text, format!("{:.2} renewals/s", census.renewals)));
    if census.dropped > 0 {
        parts.push(count(4, Role::Warning, census.dropped, "dropped"));
    }
    parts
}

/// What is refused is not offered.
fn keys(is_read_only: bool) -> Vec<Part> {
    let offered = KEYMAP.iter().filter(|binding| !(is_read_only && binding.action.writes()));
    let hinted = offered.filter_map(|binding| Some((binding, binding.hint?)));
    hinted.map(|(binding, hint)| Part::key(rank(binding.action), binding.keys[0], hint)).collect()
}

/// Which hints leave first.
fn rank(action: Action) -> u8 {
    match action {
        Action::Help | Action::Quit => 1,
        Action::New => 2,
        Action::Revoke | Action::KeepAlive => 3,
        _ => 5,
    }
}
