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

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::wire::{CallError, ErrorCause};
    use simkit::Timestamp;

    #[test]
    fn what_is_observed_of_leases_and_keys_is_an_observation() {
        let (sent, received, revision) = (Timestamp::START, Timestamp::START, 7);
        let listed =
            Listed { sent, received, revision, count: 0, created: Vec::new(), gone: Vec::new(), soonest: None };
        let failed = |part| Observation::Failed {
            part,
            error: CallError::new(ErrorCause::Refused, "read", "a:1", "connection refused"),
        };
        let observations = [
            Observation::Listed(listed),
            Observation::ListedAgain { sent, received, revision },
            Observation::KeysReloading,
            Observation::Keys(Vec::new()),
            Observation::KeysRead { revision },
            Observation::KeysByLease { revision },
            Observation::Changed { changes: Vec::new(), received },
            failed(ObservedPart::Leases),
            failed(ObservedPart::Keys),
            Observation::Recovered(ObservedPart::Leases),
            Observation::Recovered(ObservedPart::Keys),
        ];
        for observation in observations {
            let msg = message(observation);
            assert!(msg.is_observation(), "{msg:?}");
        }
    }
}
