//! Converting observations into messages.

use super::call_failure::call_failure;
use crate::app::{Listing, Msg};
use crate::observe::{Listed, Observation, ObservedPart};

pub(super) fn message(observation: Observation) -> Msg {
    match observation {
        Observation::Listed(Listed { sent, received, revision, count: total, created: born, gone, soonest: head }) => {
            Msg::Listed(Listing { sent, received, revision, born, gone, total, soonest: head })
        }
        Observation::ListedAgain { sent, received, revision } => Msg::ListedAgain { sent, received, revision },
        Observation::KeysReloading => Msg::KeysReloading,
        Observation::Keys(page) => Msg::KeysPage(page),
        Observation::KeysRead { revision } => Msg::KeysRead { revision },
        Observation::KeysByLease { revision } => Msg::KeysByLease { revision },
        Observation::KeyBytes(bytes) => Msg::KeyBytes(bytes),
        Observation::Changed { changes, received } => Msg::KeysChanged { changes, received },
        Observation::Failed { part: ObservedPart::Leases, error } => Msg::ListFailed(call_failure(&error)),
        Observation::Failed { part: ObservedPart::Keys, error } => Msg::KeysFailed(call_failure(&error)),
        Observation::Recovered(ObservedPart::Leases) => Msg::ListRecovered,
        Observation::Recovered(ObservedPart::Keys) => Msg::KeysRecovered,
    }
}
