//! The groups of the monitor's keys in the help.

use super::action::Action;

/// A group of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyGroup {
    /// Keys that move the cursor or scroll.
    Move,
    /// Keys that change what is shown of a view: filter, order, columns, charts.
    Look,
    /// Keys that act on the selected or marked leases.
    Act,
    /// Keys that change the view.
    Views,
    /// Keys that concern the whole program.
    Program,
}

impl KeyGroup {
    /// All groups, in the order of the help.
    pub const ALL: [KeyGroup; 5] = [KeyGroup::Move, KeyGroup::Look, KeyGroup::Act, KeyGroup::Views, KeyGroup::Program];

    /// The title in the help.
    pub fn title(self) -> &'static str {
        match self {
            KeyGroup::Move => "Move",
            KeyGroup::Look => "Look",
            KeyGroup::Act => "Act on leases",
            KeyGroup::Views => "Views",
            KeyGroup::Program => "Program",
        }
    }
}

impl Action {
    /// The group of the action in the help. Only meaningful for actions of the monitor.
    pub fn group(self) -> KeyGroup {
        match self {
            Action::NextLease | Action::PreviousLease | Action::Open | Action::Back => KeyGroup::Move,
            action if action.is_movement() => KeyGroup::Move,
            Action::New | Action::ClearMarks | Action::MarkRange | Action::ProbeMembers => KeyGroup::Act,
            action if action.needs_lease() => KeyGroup::Act,
            Action::Show(_) | Action::NextView | Action::PreviousView => KeyGroup::Views,
            Action::Filter | Action::QuickFilter | Action::Freeze | Action::Ids | Action::Zoom => KeyGroup::Look,
            Action::ShorterSpan | Action::LongerSpan => KeyGroup::Look,
            action if action.needs_rows() || action.is_step_in_time() => KeyGroup::Look,
            _ => KeyGroup::Program,
        }
    }
}
