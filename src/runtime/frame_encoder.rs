//! Encoding frames as terminal output. Only changed cells are written.

use std::io;

use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Encodes frames as differences from the previous one.
///
/// Used instead of ratatui's `Terminal`, which flushes several times per frame and queries the cursor position when it
/// clears. Here a frame is a single write, and the terminal is never queried.
#[derive(Debug, Default)]
pub(super) struct FrameEncoder {
    shown: Option<Buffer>,
}

impl FrameEncoder {
    /// Makes the next frame a full redraw.
    pub(super) fn reset(&mut self) {
        self.shown = None;
    }

    /// The bytes that change the screen to the new frame. `None` if nothing changed.
    pub(super) fn frame(
        &mut self,
        (width, height): (u16, u16),
        draw: impl FnOnce(Rect, &mut Buffer),
    ) -> Option<Vec<u8>> {
        let area = Rect::new(0, 0, width, height);
        let mut frame = Buffer::empty(area);
        draw(area, &mut frame);
        let before = self.shown.take().filter(|shown| shown.area == area);
        let bytes = encode(before.as_ref(), &frame).unwrap_or_default();
        self.shown = Some(frame);
        if bytes.is_empty() { None } else { Some(bytes) }
    }
}

/// Encodes the changes since the frame `before`, or the whole frame without one. Empty if nothing changed. The error type
/// comes from `queue!`: writing into memory does not fail.
fn encode(before: Option<&Buffer>, frame: &Buffer) -> io::Result<Vec<u8>> {
    let blank = Buffer::empty(frame.area);
    let changes = before.unwrap_or(&blank).diff(frame);
    let mut bytes = Vec::new();
    if before.is_some() && changes.is_empty() {
        return Ok(bytes);
    }
    queue!(bytes, BeginSynchronizedUpdate)?;
    if before.is_none() {
        queue!(bytes, Clear(ClearType::All))?;
    }
    CrosstermBackend::new(&mut bytes).draw(changes.into_iter())?;
    queue!(bytes, EndSynchronizedUpdate)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_written_and_a_new_size_begins_anew() {
        let mut encoder = FrameEncoder::default();
        let text = |text: &'static str| {
            move |_: Rect, buf: &mut Buffer| buf.set_string(0, 0, text, ratatui::style::Style::new())
        };
        assert!(encoder.frame((5, 1), text("abcde")).is_some());
        assert_eq!(encoder.frame((5, 1), text("abcde")), None);
        let change = String::from_utf8(encoder.frame((5, 1), text("abXde")).unwrap()).unwrap();
        assert!(change.contains('X') && !change.contains('a'));
        let redrawn = String::from_utf8(encoder.frame((6, 1), text("abXde")).unwrap()).unwrap();
        assert!(redrawn.contains("\x1b[2J") && redrawn.contains("abXde"));
        assert!(encoder.frame((0, 0), |_, _| ()).is_some());
    }
}
