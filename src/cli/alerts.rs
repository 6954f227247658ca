//! What happens on events besides showing them: commands, notifications, the bell.

use clap::ValueEnum;

use super::options::AlertArgs;
use super::{CliError, GlobalFlags};
use crate::runtime::{EventHook, HookOutput, NotificationOptions, NotificationSequence, Outputs};

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
    /// A filter that is malformed, or a rate without a command.
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
        let rate = self.on_event_rate;
        let of_file = shared.event_hooks.iter().cloned();
        let mut hooks: Vec<_> = of_file.map(|hook| EventHook { rate: hook.rate.or(rate), ..hook }).collect();
        for pair in self.on_event.chunks_exact(2) {
            let filter = pair[0].parse().map_err(|bad| CliError::Usage(format!("--on-event: {bad}")))?;
            hooks.push(EventHook { filter, command: pair[1].clone(), rate });
        }
        if rate.is_some() && hooks.is_empty() {
            let why = "--on-event-rate needs --on-event, or an [[on-event]] in the config file";
            return Err(CliError::Usage(why.to_owned()));
        }
        Ok(hooks)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        alerts: AlertArgs,
        #[command(flatten)]
        shared: GlobalFlags,
    }

    /// The rates of the commands. The config file has two, the second with a rate of its own.
    fn rates(args: &[&str], has_file: bool) -> Result<Vec<Option<u32>>, String> {
        let mut line = Line::parse_from([&["leasetop"], args].concat());
        let hook = |rate| EventHook { filter: "event:down".parse().unwrap(), command: "page".to_owned(), rate };
        line.shared.event_hooks = if has_file { vec![hook(None), hook(Some(7))] } else { Vec::new() };
        let hooks = line.alerts.hooks(&line.shared).map_err(|error| error.to_string())?;
        Ok(hooks.iter().map(|hook| hook.rate).collect())
    }

    #[test]
    fn the_rate_is_for_every_command_without_one() {
        assert_eq!(rates(&[], true), Ok(vec![None, Some(7)]));
        let on_event = ["--on-event-rate", "5", "--on-event", "event:lost", "page"];
        assert_eq!(rates(&on_event, true), Ok(vec![Some(5), Some(7), Some(5)]));
        assert_eq!(rates(&on_event[..2], true), Ok(vec![Some(5), Some(7)]));
        assert!(rates(&on_event[..2], false).is_err_and(|why| why.starts_with("--on-event-rate needs --on-event")));
    }
}
