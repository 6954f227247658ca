//! For how long the keys of the lease and their service were gone.

use ratatui::text::Line;

use super::DetailPage;
use crate::app::{AvailabilityFigures, LeaseKeys, ServiceAvailability, service_of};
use crate::escape::printable;
use crate::ui::{Role, format};

/// The least available key of the lease, and its service if that has another availability.
pub(super) fn lines(page: &DetailPage<'_>) -> Vec<Line<'static>> {
    let now = page.ctx.now;
    let index = page.ctx.app.keys.index();
    let attached = page.lease.keys.iter().flat_map(LeaseKeys::names);
    let detached = page.lease.detached_keys.iter().map(|detached| detached.key.as_slice());
    let known = attached.chain(detached).filter_map(|key| Some((key, index.availability_of(page.lease.id, key, now)?)));
    let Some((key, figures)) = known.min_by(|(_, one), (_, other)| one.share().total_cmp(&other.share())) else {
        return Vec::new();
    };
    let role = |figures: &AvailabilityFigures| if figures.outages > 0 { Role::Warning } else { Role::Text };
    let text = format!("{} {}", printable(key), in_words(&figures));
    let mut lines = page.labelled("available", role(&figures), &text);
    let name = service_of(key, page.lease.id);
    let service = index.availability().services().get(name, now);
    if let Some(service) = service.filter(|service| service.service != figures && name != key) {
        let text = format!("service {} {}", printable(name), service_in_words(&service));
        lines.extend(page.labelled("", role(&service.service), &text));
    }
    lines
}

/// `100 % of 118 s`, or `98.7 % of 590 s; gone 2 times, for 7.7 s in all, 5.1 s at most`.
fn in_words(figures: &AvailabilityFigures) -> String {
    let [watched, gone, longest] =
        [figures.watched, figures.gone, figures.longest].map(|span| format::span(span.as_secs_f64()));
    let share = format!("{} of {watched}", figures.percent());
    let outages = match (figures.outages, figures.gone_now) {
        (0, _) => return share,
        (1, Some(_)) => format!("gone for {gone}"),
        (1, None) => format!("gone once, for {gone}"),
        (count, None) => format!("gone {count} times, for {gone} in all, {longest} at most"),
        (count, Some(now)) => {
            let now = format::span(now.as_secs_f64());
            format!("gone for {now}; gone {count} times, for {gone} in all, {longest} at most")
        }
    };
    format!("{share}; {outages}")
}

/// The availability of a service, and the outages of its keys: `100 % of 600 s; its keys were gone 3 times, 8.0 s at most`.
pub(super) fn service_in_words(known: &ServiceAvailability) -> String {
    let own = in_words(&known.service);
    match known.key_outages {
        0 => own,
        count => {
            let longest = format::span(known.longest_key_outage.as_secs_f64());
            format!("{own}; its keys were gone {}, {longest} at most", format::times(count.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn figures(outages: u32, gone: f64, longest: f64, gone_now: Option<f64>) -> AvailabilityFigures {
        let [gone, longest] = [gone, longest].map(Duration::from_secs_f64);
        let gone_now = gone_now.map(Duration::from_secs_f64);
        AvailabilityFigures { watched: Duration::from_secs(600), outages, gone, longest, gone_now }
    }

    #[test]
    fn outages_are_counted_and_the_share_is_never_rounded_up() {
        for (known, text) in [
            (figures(0, 0.0, 0.0, None), "100 % of 600 s"),
            (figures(1, 7.7, 7.7, None), "98.7 % of 600 s; gone once, for 7.7 s"),
            (figures(1, 5.0, 5.0, Some(5.0)), "99.1 % of 600 s; gone for 5.0 s"),
            (figures(2, 12.8, 7.7, None), "97.8 % of 600 s; gone 2 times, for 12.8 s in all, 7.7 s at most"),
            (
                figures(2, 12.8, 7.7, Some(5.1)),
                "97.8 % of 600 s; gone for 5.1 s; gone 2 times, for 12.8 s in all, 7.7 s at most",
            ),
            (figures(1, 0.1, 0.1, None), "99.9 % of 600 s; gone once, for 0.1 s"),
        ] {
            assert_eq!(in_words(&known), text);
        }
        let service = figures(0, 0.0, 0.0, None);
        let known = ServiceAvailability { service, key_outages: 3, longest_key_outage: Duration::from_secs(8) };
        assert_eq!(service_in_words(&known), "100 % of 600 s; its keys were gone 3 times, 8.0 s at most");
    }
}
