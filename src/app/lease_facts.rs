//! The facts about a lease that a filter can test.

use super::service::service_of;
use super::{EventName, KeyName, Lease, LeaseState};
use crate::filter::{FilterFacts, Number};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// The facts about a lease that a filter can test.
pub(super) struct LeaseFacts<'a> {
    lease: &'a Lease,
    keys: &'a [KeyName],
    /// Whether the time left of an ended lease is its value at the end.
    is_last: bool,
    /// The state, if it is known already.
    state: Option<LeaseState>,
    /// Whether a lease that was not polled yet has an unknown state.
    needs_reply: bool,
    /// The name of the event that the filter is asked about.
    event: Option<&'static str>,
    now: Timestamp,
}

impl<'a> LeaseFacts<'a> {
    /// The current facts. `state` is the current state if it is known; it takes a while to work out.
    pub(super) fn now(lease: &'a Lease, state: Option<LeaseState>, now: Timestamp) -> Self {
        let keys = lease.keys.as_ref().map_or(&[][..], |keys| &*keys.first);
        LeaseFacts { lease, keys, is_last: false, state, needs_reply: false, event: None, now }
    }

    /// The facts as of an event of the lease, with these keys.
    pub(super) fn at_event(lease: &'a Lease, keys: &'a [KeyName], event: EventName, now: Timestamp) -> Self {
        LeaseFacts { lease, keys, is_last: true, state: None, needs_reply: false, event: Some(event.as_str()), now }
    }

    /// The current facts of a living lease with these keys. Its state is unknown until etcd has replied about it.
    pub(super) fn replied(lease: &'a Lease, keys: &'a [KeyName], now: Timestamp) -> Self {
        LeaseFacts { lease, keys, is_last: false, state: None, needs_reply: true, event: None, now }
    }

    fn left(&self) -> Option<f64> {
        if self.is_last || self.ends_later() { self.lease.left_at_last(self.now) } else { self.lease.left(self.now) }
    }

    /// Whether the lease ended after `now`, the time at which the display was frozen.
    fn ends_later(&self) -> bool {
        self.lease.end().is_some_and(|end| end.at > self.now)
    }

    fn key_count(&self) -> Option<usize> {
        let all = self.lease.keys.as_ref().filter(|known| known.is_all)?;
        Some(all.count.max(self.keys.len()))
    }
}

impl FilterFacts for LeaseFacts<'_> {
    fn id(&self) -> LeaseId {
        self.lease.id
    }

    fn who(&self) -> &str {
        self.lease.ownership.word()
    }

    fn state(&self) -> &str {
        if self.ends_later() {
            return self.lease.state_if_alive(self.now).word();
        }
        self.state.unwrap_or_else(|| self.lease.state(self.now)).word()
    }

    fn is_state_known(&self) -> bool {
        !self.needs_reply || self.lease.last_ttl_reply.is_some() || self.lease.engine.is_some()
    }

    fn number(&self, number: Number) -> Option<f64> {
        match number {
            Number::Left => self.left(),
            Number::Keys => self.key_count().map(|count| count as f64),
            number => self.lease.number(number, self.now),
        }
    }

    fn keys(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.keys.iter().map(|key| &**key)
    }

    fn service(&self) -> Option<&[u8]> {
        Some(service_of(self.keys.first()?, self.lease.id))
    }

    fn has_warning(&self, name: &str) -> Option<bool> {
        Some(self.lease.has_warning(name, self.state()))
    }

    fn renewer(&self) -> Option<&str> {
        self.lease.renewer()
    }

    fn event(&self) -> Option<&str> {
        self.event
    }
}

impl Lease {
    /// A number that a filter compares, other than the time left and the number of keys.
    pub fn number(&self, number: Number, now: Timestamp) -> Option<f64> {
        let engine = self.engine.as_ref();
        match number {
            Number::Ttl => self.granted_ttl.map(|ttl| ttl as f64),
            Number::Left | Number::Keys => None,
            Number::Drops => Some(engine?.queue.dropped as f64),
            Number::Every => Some(self.observed_interval()?.every.as_secs_f64()),
            Number::Share => Some(self.interval_share()? * 100.0),
            Number::Margin => Some(self.shown_margin()?.as_secs_f64()),
            Number::Last => Some((now - self.last_renewed()?).as_secs_f64()),
            Number::Next => Some((self.next_renewal()? - now).as_secs_f64()),
            Number::RoundTrip => Some(engine?.round_trip?.as_secs_f64()),
            Number::Queue => Some(engine?.queue.depth as f64),
            Number::Renewals => self.renewals_seen().map(|count| count as f64),
        }
    }

    /// Whether the lease has a warning called `name`. This can be a diagnosis, muted or not, or the state `late` or `risk`.
    /// `any` matches each of them that is not muted, `muted` each diagnosis that is.
    pub fn has_warning(&self, name: &str, state: &str) -> bool {
        let is_alarming = matches!(state, "late" | "risk");
        match name {
            "any" => is_alarming || self.active_warnings().next().is_some(),
            "muted" => self.muted_warnings().next().is_some(),
            name => is_alarming && state == name || self.warnings.contains(&name),
        }
    }

    /// Who renews the lease, as far as its renewals show: `leasetop`; `clientv3` at the interval of Go's client, which
    /// etcdctl uses; `several` clients; `other`, one client at another interval; or `nobody`. `None` if too little is
    /// known.
    pub fn renewer(&self) -> Option<&'static str> {
        /// Go's client renews at its first tick after a third of the TTL. Seconds from one tick to the next.
        const TICK: f64 = 0.5;
        /// How far an interval that polls have shown can be off, in seconds.
        const POLL_ERROR: f64 = 0.3;
        if self.is_kept_alive {
            return Some("leasetop");
        }
        if self.warnings.contains(&"two-renewers") {
            return Some("several");
        }
        let ttl = self.granted_ttl? as f64;
        let Some(interval) = self.others_usual_interval() else {
            let is_idle = self.observed.renewals().last().is_none() && self.was_watched(ttl);
            return if is_idle { Some("nobody") } else { None };
        };
        let every = interval.every.as_secs_f64();
        let is_clientv3 = every > ttl / 3.0 - POLL_ERROR && every < ttl / 3.0 + (TICK + POLL_ERROR);
        Some(if is_clientv3 { "clientv3" } else { "other" })
    }

    /// Number of renewals seen so far. `None` until two polls have shown whether there was any.
    fn renewals_seen(&self) -> Option<u64> {
        if let Some(status) = &self.engine {
            return Some(status.cadence.answers);
        }
        let renewals = self.observed.renewals();
        if renewals.watched().is_zero() { None } else { Some(renewals.cadence().answers) }
    }

    /// Whether polls would have shown a renewal: a client that renews at all does so within two thirds of the TTL.
    fn was_watched(&self, ttl: f64) -> bool {
        self.observed.renewals().watched().as_secs_f64() >= ttl * 2.0 / 3.0
    }
}
