//! The marks beside the rows: on the frame, or on the blank within it, so that no column moves for them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{Marks, Model, RowMark};
use crate::domain::LeaseId;

use super::{Role, Scene};

/// Draws the marks of the rows that can be seen; of a tiny table behind the id.
pub(super) fn draw(scene: Scene<'_>, marks: &Marks, rows: Rect, is_tiny: bool, buf: &mut Buffer) {
    if marks.is_empty() && marks.range().is_none() || rows.is_empty() {
        return;
    }
    let range = range(scene.model, marks);
    let (x, top) = match is_tiny {
        true => (rows.x + if rows.width >= 27 { 8 } else { 4 }, rows.y),
        false => (rows.x - 1, rows.y + 1),
    };
    for (y, lease) in (top..rows.bottom()).zip(scene.model.visible()) {
        if let Some((sign, role)) = sign(marks, range, lease.id).filter(|_| x < rows.right()) {
            buf.set_string(x, y, sign, scene.look.style(role));
        }
    }
}

/// The rows of the range that is being marked, as it would be marked now.
fn range<'a>(model: &'a Model, marks: &Marks) -> &'a [LeaseId] {
    let rows = marks.range().zip(model.cursor).and_then(|(first, last)| model.rows_between(first, last));
    rows.unwrap_or_default()
}

fn sign(marks: &Marks, range: &[LeaseId], id: LeaseId) -> Option<(&'static str, Role)> {
    match marks.of(id) {
        Some(RowMark::Failed) => Some(("!", Role::Danger)),
        Some(RowMark::Plain) => Some(("◆", Role::Key)),
        None => range.contains(&id).then_some(("◇", Role::Key)),
    }
}
