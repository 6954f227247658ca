//! The menu that mutes the warnings of a lease.

use super::Done;
use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome};
use crate::app::keymap::Action;
use crate::app::mute::{MuteChange, MuteChoice, MutedBy};
use crate::app::service::service;
use crate::app::{DialogAction, Key, KeyContext, Lease, LeaseStore};
use crate::escape::printable;
use crate::inference::lints::label;
use crate::plural::plural;
use etcd_lease::LeaseId;

/// The menu that mutes the warnings of a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MuteMenu {
    /// The lease.
    pub id: LeaseId,
    /// The service of the lease, escaped. `None` without a key.
    pub service: Option<String>,
    /// The choices.
    pub choices: Vec<MuteChoice>,
    /// The index of the selected choice.
    pub place: usize,
}

impl MuteMenu {
    /// The menu for a lease, or why there is nothing to mute.
    pub(in crate::app) fn open(leases: &LeaseStore, lease: &Lease) -> Result<Self, &'static str> {
        if lease.warnings.is_empty() {
            return Err("it has no warning");
        }
        let has_service = service(lease).is_some();
        let choices: Vec<MuteChoice> = lease
            .warnings
            .iter()
            .flat_map(|warning| {
                changes(leases, lease, warning, has_service).map(|change| MuteChoice { warning, change })
            })
            .collect();
        if choices.is_empty() {
            return Err("the config file mutes its warnings; change [[mute]] there");
        }
        Ok(MuteMenu { id: lease.id, service: service(lease).map(printable), choices, place: 0 })
    }

    /// Handles a key. Movement keys select a choice, Enter does it.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        match context.dialog_action(KeyContext::Mute, key) {
            Some(DialogAction::Accept) => {
                let choice = self.choices[self.place];
                return DialogOutcome::Do(Command::Mute { id: self.id, choice });
            }
            Some(DialogAction::Close) => return DialogOutcome::Close,
            _ => (),
        }
        let last = self.choices.len() - 1;
        match context.action(key) {
            Some(Action::Up) => self.place = self.place.saturating_sub(1),
            Some(Action::Down) => self.place = (self.place + 1).min(last),
            Some(Action::First | Action::PageUp | Action::HalfUp) => self.place = 0,
            Some(Action::Last | Action::PageDown | Action::HalfDown) => self.place = last,
            _ => (),
        }
        DialogOutcome::Stay
    }
}

/// What can be done about a warning.
fn changes(leases: &LeaseStore, lease: &Lease, warning: &str, has_service: bool) -> impl Iterator<Item = MuteChange> {
    let of_service = if has_service { Some(MuteChange::Service) } else { None };
    let [first, second] = match leases.mutes().reason(lease, warning) {
        None => [Some(MuteChange::Lease), of_service],
        Some(MutedBy::Lease | MutedBy::Service) => [Some(MuteChange::Unmute), None],
        Some(MutedBy::Config) => [None, None],
    };
    first.into_iter().chain(second)
}

/// Mutes a warning, or shows it again.
pub(in crate::app) fn apply(leases: &mut LeaseStore, name: &str, id: LeaseId, choice: MuteChoice) -> Done {
    let Some(lease) = leases.get(id).cloned() else { return Done::default() };
    let warning = label(choice.warning);
    let changed = leases.change_mutes(|mutes| match (choice.change, service(&lease)) {
        (MuteChange::Lease, _) => mutes.mute_lease(id, choice.warning),
        (MuteChange::Service, Some(service)) => mutes.mute_service(service, choice.warning, id),
        (MuteChange::Service, None) => (),
        (MuteChange::Unmute, _) => mutes.unmute(&lease, choice.warning),
    });
    let of_service = service(&lease).map(printable).unwrap_or_default();
    Done::status(match choice.change {
        MuteChange::Lease => format!("Muted “{warning}” of {name} until it gets worse"),
        MuteChange::Service => {
            format!("Muted “{warning}” of {of_service} ({}) until it gets worse", plural(changed as u64, "lease"))
        }
        MuteChange::Unmute => format!("“{warning}” of {name} is shown again"),
    })
}
