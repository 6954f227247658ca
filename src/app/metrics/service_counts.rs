//! Leases by service, for a limited number of services.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::app::{Lease, LeaseState, service};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// How long a service without leases keeps its place if another service needs one.
const KEEPS_PLACE: Duration = Duration::from_secs(3_600);

/// The figures of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceFigures {
    /// Number of living leases.
    pub leases: usize,
    /// Living leases that are late or at risk.
    pub endangered: usize,
}

/// The figures of all services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllServices {
    /// The services with figures of their own, sorted by name. Names are not escaped.
    pub named: Vec<(Arc<[u8]>, ServiceFigures)>,
    /// All others together.
    pub others: ServiceFigures,
}

/// What a lease adds to its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Share {
    /// The place of the service. `None` if it has none and counts as one of the others.
    place: Option<usize>,
    is_endangered: bool,
}

#[derive(Clone, Debug)]
struct Place {
    name: Arc<[u8]>,
    figures: ServiceFigures,
    /// Since when it has no lease.
    empty_since: Option<Timestamp>,
}

/// The figures of the services seen first, up to a limit, and of all others together. A service keeps its figures when it
/// has lost all leases, so that zero leases are visible. After an hour without leases its place may go to another one.
#[derive(Clone, Debug)]
pub(in crate::app) struct ServiceCounts {
    limit: usize,
    places: Vec<Place>,
    by_name: HashMap<Arc<[u8]>, usize>,
    shares: HashMap<LeaseId, Share>,
    others: ServiceFigures,
}

impl ServiceCounts {
    pub(in crate::app) fn new(limit: usize) -> Self {
        ServiceCounts {
            limit,
            places: Vec::new(),
            by_name: HashMap::new(),
            shares: HashMap::new(),
            others: ServiceFigures::default(),
        }
    }

    /// Updates what is counted of a lease. A lease that ended, or has no known key, belongs to no service.
    pub(in crate::app) fn recheck(&mut self, id: LeaseId, lease: Option<&Lease>, now: Timestamp) {
        let living = lease.filter(|lease| lease.end().is_none());
        let share = living.and_then(|lease| {
            let is_endangered = matches!(lease.state(now), LeaseState::Risk | LeaseState::Late);
            Some(Share { place: self.place(service(lease)?, now), is_endangered })
        });
        let before = match share {
            Some(share) => self.shares.insert(id, share),
            None => self.shares.remove(&id),
        };
        if before == share {
            return;
        }
        if let Some(share) = share {
            let figures = self.figures_mut(share.place);
            figures.leases += 1;
            figures.endangered += usize::from(share.is_endangered);
        }
        if let Some(share) = before {
            let figures = self.figures_mut(share.place);
            figures.leases -= 1;
            figures.endangered -= usize::from(share.is_endangered);
        }
        for place in [share, before].into_iter().filter_map(|share| share?.place) {
            let place = &mut self.places[place];
            let is_empty = place.figures.leases == 0;
            place.empty_since = if is_empty { place.empty_since.or(Some(now)) } else { None };
        }
    }

    /// The services with a place, and the others together.
    pub(in crate::app) fn figures(&self) -> AllServices {
        let named = self.places.iter().map(|place| (Arc::clone(&place.name), place.figures.clone()));
        let mut named: Vec<_> = named.collect();
        named.sort_by(|one, other| one.0.cmp(&other.0));
        AllServices { named, others: self.others.clone() }
    }

    fn figures_mut(&mut self, place: Option<usize>) -> &mut ServiceFigures {
        match place {
            Some(place) => &mut self.places[place].figures,
            None => &mut self.others,
        }
    }

    /// The place of a service. A new service takes a free place, or that of a service that has had no lease for an hour.
    /// `None` if there is none.
    fn place(&mut self, name: &[u8], now: Timestamp) -> Option<usize> {
        if let Some(place) = self.by_name.get(name) {
            return Some(*place);
        }
        let new = || Place { name: Arc::from(name), figures: ServiceFigures::default(), empty_since: Some(now) };
        let place = if self.places.len() < self.limit {
            self.places.push(new());
            self.places.len() - 1
        } else {
            let place = self.longest_empty(now)?;
            let left = std::mem::replace(&mut self.places[place], new());
            self.by_name.remove(&left.name);
            place
        };
        self.by_name.insert(Arc::clone(&self.places[place].name), place);
        Some(place)
    }

    /// The place of the service that has been without leases for the longest time, if that is long enough.
    fn longest_empty(&self, now: Timestamp) -> Option<usize> {
        let empty = self.places.iter().enumerate().filter_map(|(place, of)| Some((of.empty_since?, place)));
        let (since, place) = empty.min()?;
        if since + KEEPS_PLACE <= now { Some(place) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::LeaseKeys;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    fn lease(id: i64, key: &str) -> Lease {
        let mut lease = Lease::new(LeaseId(id));
        lease.keys = Some(LeaseKeys::of(vec![key.as_bytes().to_vec()]));
        lease
    }

    fn counts(counts: &ServiceCounts) -> Vec<(String, usize)> {
        let AllServices { named, others } = counts.figures();
        let named = named.into_iter().map(|(name, of)| (String::from_utf8_lossy(&name).into_owned(), of.leases));
        named.chain([("others".to_owned(), others.leases)]).collect()
    }

    fn named(of: &[(&str, usize)]) -> Vec<(String, usize)> {
        of.iter().map(|(name, leases)| ((*name).to_owned(), *leases)).collect()
    }

    #[test]
    fn a_service_without_leases_stays_and_those_above_the_limit_count_together() {
        let mut services = ServiceCounts::new(2);
        for (id, key) in [(1, "/svc/b/1"), (2, "/svc/a/1"), (3, "/svc/a/2"), (4, "/svc/c/1"), (5, "/svc/d/1")] {
            services.recheck(LeaseId(id), Some(&lease(id, key)), at(0));
        }
        services.recheck(LeaseId(6), Some(&Lease::new(LeaseId(6))), at(0));
        assert_eq!(counts(&services), named(&[("/svc/a", 2), ("/svc/b", 1), ("others", 2)]));
        services.recheck(LeaseId(1), None, at(10));
        assert_eq!(counts(&services), named(&[("/svc/a", 2), ("/svc/b", 0), ("others", 2)]));
        services.recheck(LeaseId(7), Some(&lease(7, "/svc/e/1")), at(3_000));
        assert_eq!(counts(&services), named(&[("/svc/a", 2), ("/svc/b", 0), ("others", 3)]));
    }

    #[test]
    fn after_an_hour_without_leases_a_place_goes_to_a_new_service() {
        let mut services = ServiceCounts::new(1);
        services.recheck(LeaseId(1), Some(&lease(1, "/svc/a/1")), at(0));
        services.recheck(LeaseId(1), None, at(10));
        services.recheck(LeaseId(2), Some(&lease(2, "/svc/b/1")), at(3_611));
        assert_eq!(counts(&services), named(&[("/svc/b", 1), ("others", 0)]));
        services.recheck(LeaseId(3), Some(&lease(3, "/svc/a/1")), at(3_612));
        services.recheck(LeaseId(2), Some(&lease(2, "/svc/a/2")), at(3_613));
        assert_eq!(counts(&services), named(&[("/svc/b", 0), ("others", 2)]), "the key of lease 2 changed");
    }
}
