//! Muted warnings: a known problem that no longer counts as one.
//!
//! A warning is muted by the config file, forever, or by the user, until it gets worse. The rules are kept here; each lease
//! stores which of its warnings they mute.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Lease;
use super::muted_warnings::MutedWarnings;
use super::service::service;
use crate::inference::lints::urgency;
use etcd_lease::LeaseId;

/// The leases of a `[[mute]]` in the config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MuteTarget {
    /// The leases of a service.
    Service(String),
    /// The leases with a key that starts with this.
    KeyPrefix(String),
    /// One lease.
    Id(LeaseId),
}

/// A `[[mute]]` in the config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MuteRule {
    /// The name of the warning.
    pub warning: &'static str,
    /// The leases for which it is muted.
    pub target: MuteTarget,
}

impl MuteRule {
    fn has(&self, lease: &Lease, warning: &str) -> bool {
        let known = lease.keys.as_ref().map_or(&[][..], |keys| &*keys.first);
        self.warning == warning
            && match &self.target {
                MuteTarget::Service(name) => service(lease) == Some(name.as_bytes()),
                MuteTarget::KeyPrefix(prefix) => known.iter().any(|key| key.starts_with(prefix.as_bytes())),
                MuteTarget::Id(id) => lease.id == *id,
            }
    }
}

/// What the user changes about a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MuteChange {
    /// Mute it for this lease.
    Lease,
    /// Mute it for all leases of the service.
    Service,
    /// Show it again for this lease.
    UnmuteLease,
    /// Show it again for all leases of the service.
    UnmuteService,
}

/// A warning, and what the user changes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MuteChoice {
    /// The name of the warning.
    pub warning: &'static str,
    /// What changes.
    pub change: MuteChange,
}

/// What mutes a warning of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MutedBy {
    /// The user, for this lease.
    Lease,
    /// The user, for its service.
    Service,
    /// The config file.
    Config,
}

/// The rules that mute warnings.
#[derive(Clone, Debug, Default)]
pub struct Mutes {
    permanent: Vec<MuteRule>,
    /// The muted warnings of single leases.
    leases: BTreeMap<LeaseId, BTreeSet<&'static str>>,
    /// The muted warnings of services.
    services: BTreeMap<Arc<[u8]>, BTreeSet<&'static str>>,
    /// Leases that got worse, so that the rules of their services no longer apply to them.
    worse: BTreeSet<LeaseId>,
}

impl Lease {
    /// Mutes the warnings of the lease by these rules.
    pub fn mute(&mut self, rules: &[MuteRule]) {
        self.muted = Mutes::new(rules.to_vec()).of(self);
    }
}

impl Mutes {
    /// The rules of the config file alone.
    pub(super) fn new(permanent: Vec<MuteRule>) -> Self {
        Mutes { permanent, ..Mutes::default() }
    }

    /// What mutes a warning of a lease. `None` if it is active. If the user muted it for the lease and for its service,
    /// this is the service: only the end of that mute can show it again.
    pub fn reason(&self, lease: &Lease, warning: &str) -> Option<MutedBy> {
        let of_service = || self.services.get(service(lease)?);
        if self.permanent.iter().any(|rule| rule.has(lease, warning)) {
            Some(MutedBy::Config)
        } else if !self.worse.contains(&lease.id) && of_service().is_some_and(|names| names.contains(warning)) {
            Some(MutedBy::Service)
        } else if self.leases.get(&lease.id).is_some_and(|names| names.contains(warning)) {
            Some(MutedBy::Lease)
        } else {
            None
        }
    }

    /// The muted ones among the warnings of a lease.
    pub(super) fn of(&self, lease: &Lease) -> MutedWarnings {
        let mut muted = MutedWarnings::default();
        for warning in &lease.warnings {
            if self.reason(lease, warning).is_some() {
                muted.add(warning);
            }
        }
        muted
    }

    /// Mutes a warning of a lease.
    pub(super) fn mute_lease(&mut self, id: LeaseId, warning: &'static str) {
        self.leases.entry(id).or_default().insert(warning);
    }

    /// Mutes a warning of all leases of a service. This includes `id`, for which the user asked, even if it got worse
    /// before.
    pub(super) fn mute_service(&mut self, service: &[u8], warning: &'static str, id: LeaseId) {
        self.services.entry(service.into()).or_default().insert(warning);
        self.worse.remove(&id);
    }

    /// Ends the mute of a warning that the user set for a lease.
    pub(super) fn unmute_lease(&mut self, id: LeaseId, warning: &str) {
        if let Some(names) = self.leases.get_mut(&id) {
            names.remove(warning);
        }
        self.leases.retain(|_, names| !names.is_empty());
    }

    /// Ends the mute of a warning that the user set for a service, and that of `id`, for which the user asked.
    pub(super) fn unmute_service(&mut self, service: &[u8], warning: &str, id: LeaseId) {
        if let Some(names) = self.services.get_mut(service) {
            names.remove(warning);
        }
        self.services.retain(|_, names| !names.is_empty());
        self.unmute_lease(id, warning);
    }

    /// Ends the mutes that the user set for a lease, because it got worse. Returns whether there were any.
    pub(super) fn lift(&mut self, lease: &Lease) -> bool {
        let had_own = self.leases.remove(&lease.id).is_some();
        let of_service = service(lease).is_some_and(|service| self.services.contains_key(service));
        had_own | (of_service && self.worse.insert(lease.id))
    }

    /// Whether the lease has a warning that is not in `before` and is more urgent than all its muted ones. False if none is
    /// muted.
    pub(super) fn is_worse(&self, lease: &Lease, before: &[&'static str]) -> bool {
        let muted = lease.warnings.iter().filter(|name| self.reason(lease, name).is_some());
        let Some(most_urgent) = muted.map(|name| urgency(name)).min() else { return false };
        let new = lease.warnings.iter().filter(|name| !before.contains(name));
        new.map(|name| urgency(name)).any(|new| new < most_urgent)
    }

    /// Removes the mutes of leases that no longer exist.
    pub(super) fn forget_gone(&mut self, is_there: impl Fn(LeaseId) -> bool) {
        self.leases.retain(|id, _| is_there(*id));
        self.worse.retain(|id| is_there(*id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::LeaseKeys;

    fn lease(id: i64, warnings: &[&'static str]) -> Lease {
        let mut lease = Lease::new(LeaseId(id));
        lease.keys = Some(LeaseKeys::of(vec![b"/svc/orders/1".to_vec()]));
        lease.warnings = warnings.to_vec().into();
        lease
    }

    #[test]
    fn a_rule_of_the_config_file_mutes_by_service_key_or_id() {
        let targets = [
            MuteTarget::Service("/svc/orders".to_owned()),
            MuteTarget::KeyPrefix("/svc/".to_owned()),
            MuteTarget::Id(LeaseId(7)),
        ];
        for target in targets {
            let mutes = Mutes::new(vec![MuteRule { warning: "leak", target: target.clone() }]);
            let one = lease(7, &["thin-margin", "leak"]);
            assert_eq!(mutes.reason(&one, "leak"), Some(MutedBy::Config), "{target:?}");
            assert_eq!(mutes.reason(&one, "thin-margin"), None);
            assert_eq!((mutes.of(&one).has("leak"), mutes.of(&one).count()), (true, 1));
        }
        let others = [
            MuteTarget::Service("/svc".to_owned()),
            MuteTarget::KeyPrefix("svc".to_owned()),
            MuteTarget::Id(LeaseId(8)),
        ];
        for target in others {
            let mutes = Mutes::new(vec![MuteRule { warning: "leak", target }]);
            assert_eq!(mutes.of(&lease(7, &["leak"])), MutedWarnings::default());
        }
    }

    #[test]
    fn a_lease_that_gets_worse_loses_its_mutes_and_the_others_of_its_service_keep_theirs() {
        let mut mutes = Mutes::default();
        let (one, other) = (lease(1, &["short-ttl"]), lease(2, &["short-ttl"]));
        mutes.mute_service(b"/svc/orders", "short-ttl", one.id);
        mutes.mute_lease(one.id, "short-ttl");
        assert!(mutes.lift(&one) && !mutes.lift(&one));
        assert_eq!(
            (mutes.reason(&one, "short-ttl"), mutes.reason(&other, "short-ttl")),
            (None, Some(MutedBy::Service))
        );
        mutes.mute_service(b"/svc/orders", "short-ttl", one.id);
        assert_eq!(mutes.reason(&one, "short-ttl"), Some(MutedBy::Service), "the user asked again");
        mutes.mute_lease(one.id, "short-ttl");
        assert_eq!(mutes.reason(&one, "short-ttl"), Some(MutedBy::Service));
        mutes.unmute_service(b"/svc/orders", "short-ttl", one.id);
        assert_eq!((mutes.reason(&one, "short-ttl"), mutes.reason(&other, "short-ttl")), (None, None));
    }

    #[test]
    fn only_a_new_and_more_urgent_warning_is_worse() {
        let mut mutes = Mutes::default();
        mutes.mute_lease(LeaseId(1), "leak");
        let worse = |names: &[&'static str], before: &[&'static str]| mutes.is_worse(&lease(1, names), before);
        assert!(worse(&["thin-margin", "leak"], &["leak"]));
        assert!(!worse(&["thin-margin", "leak"], &["thin-margin", "leak"]), "it was known when the user muted it");
        assert!(!worse(&["leak", "short-ttl"], &["leak"]), "less urgent");
        assert!(!worse(&["thin-margin"], &[]), "nothing is muted");
    }
}
