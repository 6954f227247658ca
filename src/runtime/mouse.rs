//! Mouse capture and mouse events.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// Enables button and wheel events in SGR encoding, without motion events.
pub(super) const ENABLE: &[u8] = b"\x1b[?1000h\x1b[?1006h";
/// Disables mouse events.
pub(super) const DISABLE: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// A mouse event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MouseAction {
    /// A click at a column and a row, counted from 0.
    Click(u16, u16),
    /// One notch of the wheel.
    Wheel {
        /// Scrolling toward the end.
        is_down: bool,
    },
}

/// The action of a mouse event. `None` if it has none.
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
