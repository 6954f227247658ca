//! What happens on events besides showing them: commands, notifications, the bell.

use clap::ValueEnum;

use super::options::AlertArgs;
use super::{CliError, GlobalFlags};
use crate::runtime::{DEFAULT_RATE, EventHook, HookOutput, NotificationOptions, NotificationSequence, Outputs};

/// The escape sequence of `--notify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum NotifyBy {
    Osc9,
    Osc777,
}

impl AlertArgs {
    /// Whether any of the options was given.
    pub(super) fn is_some(&self) -> bool {
        !self.on_event.is_empty() || self.on_event_rate.is_some() || self.notify.is_some() || self.bell
    }

    /// The outputs of these options and of the config file.
    ///
    /// # Errors
    /// A filter that is malformed.
    pub(super) fn outputs(&self, shared: &GlobalFlags, output: HookOutput) -> Result<Outputs, CliError> {
        let sequence = self.notify.map(|by| match by {
            NotifyBy::Osc9 => NotificationSequence::Osc9,
            NotifyBy::Osc777 => NotificationSequence::Osc777,
        });
        let is_in_tmux = std::env::var_os("TMUX").is_some_and(|value| !value.is_empty());
        let notifications = NotificationOptions { sequence, has_bell: self.bell, is_in_tmux };
        Ok(Outputs::default().with_hooks(self.hooks(shared)?, output).with_notifications(notifications))
    }

    /// The commands of the config file, and then those of the options.
    fn hooks(&self, shared: &GlobalFlags) -> Result<Vec<EventHook>, CliError> {
        let rate = self.on_event_rate.unwrap_or(DEFAULT_RATE);
        let mut hooks = shared.event_hooks.clone();
        for pair in self.on_event.chunks_exact(2) {
            let filter = pair[0].parse().map_err(|bad| CliError::Usage(format!("--on-event: {bad}")))?;
            hooks.push(EventHook { filter, command: pair[1].clone(), rate });
        }
        Ok(hooks)
    }
}
