//! The menu that mutes the warnings of a lease.

use std::sync::Arc;

use super::Done;
use crate::app::command::Command;
use crate::app::dialog::{DialogContext, DialogOutcome, moved};
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
    /// The service of the lease, not escaped. `None` without a key.
    pub service: Option<Arc<[u8]>>,
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
        Ok(MuteMenu { id: lease.id, service: service(lease).map(Arc::from), choices, place: 0 })
    }

    /// Handles a key. Movement keys select a choice, Enter does it.
    pub(in crate::app) fn on_key(&mut self, key: Key, context: DialogContext<'_>) -> DialogOutcome {
        match context.dialog_action(KeyContext::Mute, key) {
            Some(DialogAction::Accept) => {
                let choice = self.choices[self.place];
                DialogOutcome::Do(Command::Mute { id: self.id, service: self.service.clone(), choice })
            }
            Some(DialogAction::Close) => DialogOutcome::Close,
            _ => {
                self.place = moved(self.place, self.choices.len(), context.action(key));
                DialogOutcome::Stay
            }
        }
    }
}

/// How the user can mute a warning or show it again. Empty if the config file mutes it.
fn changes(leases: &LeaseStore, lease: &Lease, warning: &str, has_service: bool) -> impl Iterator<Item = MuteChange> {
    let of_service = if has_service { Some(MuteChange::Service) } else { None };
    let [first, second] = match leases.mutes().reason(lease, warning) {
        None => [Some(MuteChange::Lease), of_service],
        Some(MutedBy::Lease) => [Some(MuteChange::UnmuteLease), None],
        Some(MutedBy::Service) => [Some(MuteChange::UnmuteService), None],
        Some(MutedBy::Config) => [None, None],
    };
    first.into_iter().chain(second)
}

/// Mutes a warning, or shows it again. `service` is the one that the menu showed, because the lease may have another service
/// by now.
pub(in crate::app) fn apply(
    leases: &mut LeaseStore,
    name: &str,
    id: LeaseId,
    service: Option<&[u8]>,
    choice: MuteChoice,
) -> Done {
    if leases.alive(id).is_none() {
        return Done::error(format!("{name} is gone; no warning of it was changed"));
    }
    let changed = leases.change_mutes(|mutes| match (choice.change, service) {
        (MuteChange::Lease, _) => mutes.mute_lease(id, choice.warning),
        (MuteChange::UnmuteLease, _) => mutes.unmute_lease(id, choice.warning),
        (MuteChange::Service, Some(service)) => mutes.mute_service(service, choice.warning, id),
        (MuteChange::UnmuteService, Some(service)) => mutes.unmute_service(service, choice.warning, id),
        (MuteChange::Service | MuteChange::UnmuteService, None) => (),
    });
    let warning = label(choice.warning);
    let of_service = || format!("{} ({})", service.map(printable).unwrap_or_default(), plural(changed as u64, "lease"));
    Done::status(match choice.change {
        MuteChange::Lease => format!("Muted “{warning}” of {name} until it gets worse"),
        MuteChange::Service => format!("Muted “{warning}” of {} until it gets worse", of_service()),
        MuteChange::UnmuteLease => format!("“{warning}” of {name} is shown again"),
        MuteChange::UnmuteService => format!("“{warning}” of {} is shown again", of_service()),
    })
}
