//! The mouse: what a terminal is told, and what it tells.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// Gives us buttons and wheel, and not each move: nobody asks where the pointer is.
pub(super) const ENABLE: &[u8] = b"\x1b[?1000h\x1b[?1006h";
/// Gives them back.
pub(super) const DISABLE: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MouseAction {
    /// Clicked at a column and a row.
    Click(u16, u16),
    /// Turned the wheel by a notch.
    Wheel {
        /// Toward the end.
        is_down: bool,
    },
}

/// The meaning of an event; none of those that mean nothing here.
pub(super) fn translate(event: MouseEvent) -> Option<MouseAction> {
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Some(MouseAction::Click(event.column, event.row)),
        MouseEventKind::ScrollDown => Some(MouseAction::Wheel { is_down: true }),
        MouseEventKind::ScrollUp => Some(MouseAction::Wheel { is_down: false }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;

    #[test]
    fn presses_of_the_left_button_and_notches_mean_something() {
        let event = |kind| translate(MouseEvent { kind, column: 3, row: 7, modifiers: KeyModifiers::NONE });
        assert_eq!(event(MouseEventKind::Down(MouseButton::Left)), Some(MouseAction::Click(3, 7)));
        assert_eq!(event(MouseEventKind::ScrollUp), Some(MouseAction::Wheel { is_down: false }));
        assert_eq!(event(MouseEventKind::Up(MouseButton::Left)), None);
        assert_eq!(event(MouseEventKind::Down(MouseButton::Right)), None);
        assert_eq!(event(MouseEventKind::Moved), None);
    }
}
