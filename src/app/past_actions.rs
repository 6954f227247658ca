//! Commands that are refused in the past because they could change a lease.

use super::AppState;
use super::action::Action;
use super::command::Command;
use super::verbs::Done;

impl Command {
    /// Whether the command could change a lease, so that it is refused while the past is displayed. [`Action`] and typed
    /// commands decide for themselves.
    pub(super) fn acts_on_leases(&self) -> bool {
        match self {
            Command::Grant(_)
            | Command::Attach { .. }
            | Command::KeepAlive(_)
            | Command::RenewOnce(_)
            | Command::ChangeTtl { .. }
            | Command::StartFault { .. }
            | Command::Revoke(_)
            | Command::RevokeMany(_)
            | Command::StopRevoking
            | Command::RestartSandbox { .. }
            | Command::RevokeAndQuit
            | Command::Mute { .. }
            | Command::ActOn { .. }
            | Command::AskSwitchCluster(_)
            | Command::SwitchCluster { .. } => true,
            Command::Action(_)
            | Command::Select(_)
            | Command::SortBy(_)
            | Command::ShowColumns(_)
            | Command::Quit
            | Command::ShowError(_)
            | Command::Typed(_)
            | Command::Filter(_)
            | Command::GroupBy(_)
            | Command::Theme(_)
            | Command::Export { .. }
            | Command::Record(_)
            | Command::Play(_)
            | Command::Tour
            | Command::WriteConfig
            | Command::SaveConfig(_) => false,
        }
    }
}

impl AppState {
    /// The error to show instead of doing something that could change a lease. `None` while the present is displayed.
    pub(super) fn past_refusal(&self) -> Option<Done> {
        if !self.is_past_shown() {
            return None;
        }
        let present = self.config.keymap.key_label(Action::Freeze);
        Some(Done::error(format!("This is the past, where nothing can be done; {present} returns to the present")))
    }
}
