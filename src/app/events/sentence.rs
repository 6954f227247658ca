//! What an event means, in a sentence made from its facts.

use std::time::Duration;

use super::{EventKind, LeaseEnded, RenewalSource, Renewed};
use crate::app::{EndCause, LeaseKeys, Ownership};
use crate::escape::printable;

/// The sentence, with what came from etcd escaped.
pub(super) fn of(what: &EventKind) -> String {
    match what {
        EventKind::Granted { ownership, ttl, asked } => granted(*ownership, *ttl, *asked),
        EventKind::Attached { key, .. } => printable(key),
        EventKind::Detached { key, is_deleted: true, .. } => format!("{} was deleted", printable(key)),
        EventKind::Detached { key, .. } => format!("{} was put without a lease, and stays", printable(key)),
        EventKind::Moved { key, to, .. } => format!("{} was put with {to}", printable(key)),
        EventKind::Kept => "kept alive from now on".to_owned(),
        EventKind::Paused => "not kept alive any more, as asked".to_owned(),
        EventKind::Drill(Some(drill)) => format!("{drill}, as asked"),
        EventKind::Drill(None) => "over".to_owned(),
        EventKind::Renewed(renewed) => self::renewed(renewed),
        EventKind::Refilled { term, .. } => refilled(*term),
        EventKind::Dropped { depth, capacity } => dropped(*depth, *capacity),
        EventKind::Late { interval, expected } => late(*interval, *expected),
        EventKind::Risk { left, expected } => risk(*left, *expected),
        EventKind::Missed { waited } => format!("a renewal had no answer for {:.1} s", waited.as_secs_f64()),
        EventKind::ProcessStalled { text, .. } => text.clone(),
        EventKind::Lost { loss, ttl } => printable(loss.in_words(*ttl).as_bytes()),
        EventKind::LeaseEnded(ended) => describe_end(ended),
        EventKind::Connected { endpoint, version } => connected(endpoint, version),
        EventKind::RenewsAt { endpoint } => format!("renewals go to {}", printable(endpoint.as_bytes())),
        EventKind::Disconnected { endpoint, message } => disconnected(endpoint.as_deref(), message),
        EventKind::Unreached { message } => unreached(message),
        EventKind::Leader { endpoint, term } => format!("{} leads, term {term}", printable(endpoint.as_bytes())),
        EventKind::NoLeader { endpoint } => format!(
            "{} knows of none: nothing is granted, renewed or revoked until enough members answer to elect one",
            printable(endpoint.as_bytes())
        ),
        EventKind::Term { old, new } => format!("term {old} → {new}: a new leader starts every lease's TTL anew"),
        EventKind::Error { message } => printable(message.as_bytes()),
        EventKind::More { count, .. } => format!("and {count} more in this second"),
    }
}

fn granted(ownership: Ownership, ttl: Option<i64>, asked: Option<i64>) -> String {
    match (ownership, ttl, asked) {
        (Ownership::Other, Some(ttl), _) => format!("{ttl} s, by another client"),
        (Ownership::Other, None, _) => "by another client".to_owned(),
        (_, Some(ttl), Some(asked)) if asked != ttl => {
            format!("{asked} s asked → {ttl} s granted, the server's least")
        }
        (_, Some(ttl), _) => format!("{ttl} s"),
        (_, None, _) => "here".to_owned(),
    }
}

fn renewed(renewed: &Renewed) -> String {
    let ttl = renewed.ttl.map_or(String::new(), |ttl| format!("{ttl} s, "));
    match (renewed.how, renewed.interval) {
        (RenewalSource::Once, _) => format!("{ttl}once"),
        (RenewalSource::Kept, Some(interval)) => format!("{ttl}{:.2} s after the last", interval.as_secs_f64()),
        (RenewalSource::Kept, None) => format!("{ttl}for the first time"),
        (RenewalSource::Inferred, Some(interval)) => {
            let sign = if renewed.is_bound { "<=" } else { "~" };
            format!("{ttl}{sign}{:.1} s after the last", interval.as_secs_f64())
        }
        (RenewalSource::Inferred, None) if renewed.is_first => format!("{ttl}the first that was seen"),
        (RenewalSource::Inferred, None) => format!("{ttl}when the one before was cannot be told"),
    }
}

fn refilled(term: Option<u64>) -> String {
    let cause = term.map_or("the server gave it".to_owned(), |term| format!("the leader of term {term} gave it"));
    format!("{cause} its whole TTL again: that is no renewal")
}

fn dropped(depth: usize, capacity: usize) -> String {
    // The line of Go's client as it stands in a program's log; the event names the lease.
    let go = "lease keepalive response queue is full; dropping response send";
    format!("{go} (queue {depth}/{capacity}; the lease is renewed)")
}

fn late(interval: Option<Duration>, expected: Option<Duration>) -> String {
    let none = interval.map_or("now".to_owned(), |span| format!("for {:.1} s", span.as_secs_f64()));
    format!("{}, none {none}", every(expected))
}

fn risk(left: Option<Duration>, expected: Option<Duration>) -> String {
    let left = left.map_or("less is".to_owned(), |left| format!("{:.1} s are", left.as_secs_f64()));
    format!("{}, {left} left", every(expected))
}

fn every(expected: Option<Duration>) -> String {
    expected.map_or("it was renewed".to_owned(), |every| format!("renewed every {:.1} s", every.as_secs_f64()))
}

fn connected(endpoint: &str, version: &str) -> String {
    let version = if version.is_empty() { String::new() } else { format!(" {}", printable(version.as_bytes())) };
    format!("connected to {}, etcd{version}", printable(endpoint.as_bytes()))
}

fn disconnected(endpoint: Option<&str>, message: &str) -> String {
    let endpoint = endpoint.map_or(String::new(), |endpoint| format!("{} ", printable(endpoint.as_bytes())));
    format!("{endpoint}lost: {}", printable(message.as_bytes()))
}

/// Why; the link's own words say what to do about it.
fn unreached(message: &str) -> String {
    let why = printable(message.as_bytes());
    format!("not reached: {why}; it is tried again")
}

fn describe_end(ended: &LeaseEnded) -> String {
    let LeaseEnded { ownership, ttl, keys, .. } = ended;
    let whose = match ownership {
        Ownership::Own => "own lease",
        Ownership::Adopted => "adopted lease",
        Ownership::Other => "another's lease",
    };
    let of = ttl.map_or(String::new(), |ttl| format!(" of {ttl} s"));
    let keys = keys.as_ref().map_or(String::new(), went_with_it);
    let loss = ended.loss.as_ref().map_or(String::new(), |loss| format!("; {}", loss.known(*ttl)));
    format!("{whose}{of}: {}{keys}{}", how(ended), printable(loss.as_bytes()))
}

/// Where only a part of the keys is followed, more may have gone.
fn went_with_it(keys: &LeaseKeys) -> String {
    match (keys.count, keys.is_all) {
        (0, false) => String::new(),
        (count, false) => format!(", >={} with it", keys_in_words(count)),
        (count, true) => format!(", {} with it", keys_in_words(count)),
    }
}

fn how(ended: &LeaseEnded) -> String {
    match (ended.cause, ended.lag) {
        (EndCause::Expired, Some(lag)) => {
            let (least, most) = (lag.least.as_secs_f64(), lag.most.as_secs_f64());
            format!("its time was over, removed {:.1} s later ±{:.1}", (least + most) / 2.0, (most - least) / 2.0)
        }
        (EndCause::Expired, None) => "its time was over".to_owned(),
        (EndCause::Revoked, _) if ended.is_ours => "by this program".to_owned(),
        (EndCause::Revoked, _) => "by another client".to_owned(),
        (EndCause::Unknown, _) => "expired or revoked".to_owned(),
    }
}

/// One key, several keys.
pub(in crate::app) fn keys_in_words(count: usize) -> String {
    match count {
        0 => "no key".to_owned(),
        1 => "1 key".to_owned(),
        _ => format!("{count} keys"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::lease_inference::RemovalDelay;
    use etcd_lease::LeaseId;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn an_inferred_renewal_says_so_and_an_unknown_figure_is_left_out() {
        let first = Renewed::new(RenewalSource::Inferred, Some(10));
        assert_eq!(of(&EventKind::Renewed(first)), "10 s, the first that was seen");
        let blurred = Renewed { is_first: false, ..first };
        assert_eq!(of(&EventKind::Renewed(blurred)), "10 s, when the one before was cannot be told");
        let next = Renewed { interval: Some(seconds(3.52)), ..first };
        assert_eq!(of(&EventKind::Renewed(next)), "10 s, ~3.5 s after the last");
        let bound = Renewed { is_bound: true, ..next };
        assert_eq!(of(&EventKind::Renewed(bound)), "10 s, <=3.5 s after the last");
        assert_eq!(of(&EventKind::Renewed(Renewed { ttl: None, ..next })), "~3.5 s after the last");
        assert_eq!(
            of(&EventKind::Refilled { ttl: Some(10), term: None }),
            "the server gave it its whole TTL again: that is no renewal"
        );
    }

    #[test]
    fn late_and_risk_say_by_which_habit() {
        let expected = Some(seconds(10.0));
        assert_eq!(
            of(&EventKind::Late { interval: Some(seconds(12.0)), expected }),
            "renewed every 10.0 s, none for 12.0 s"
        );
        assert_eq!(of(&EventKind::Risk { left: Some(seconds(8.9)), expected }), "renewed every 10.0 s, 8.9 s are left");
        assert_eq!(of(&EventKind::Risk { left: None, expected: None }), "it was renewed, less is left");
    }

    #[test]
    fn a_death_tells_what_is_known() {
        let lag = Some(RemovalDelay { least: seconds(0.2), most: seconds(0.6) });
        let keys = Some(LeaseKeys { count: 2, is_all: true, first: vec![b"/a".to_vec(), b"/b".to_vec()] });
        let expired = LeaseEnded {
            cause: EndCause::Expired,
            is_ours: false,
            ownership: Ownership::Other,
            ttl: Some(30),
            keys,
            lag,
            revision: Some(9),
            loss: None,
        };
        let told = of(&EventKind::LeaseEnded(Box::new(expired.clone())));
        assert_eq!(told, "another's lease of 30 s: its time was over, removed 0.4 s later ±0.2, 2 keys with it");
        let a_part = LeaseKeys { count: 1, is_all: false, first: vec![b"/a".to_vec()] };
        let revoked = LeaseEnded { cause: EndCause::Revoked, keys: Some(a_part), ..expired };
        assert_eq!(
            of(&EventKind::LeaseEnded(Box::new(revoked))),
            "another's lease of 30 s: by another client, >=1 key with it"
        );
    }

    #[test]
    fn what_comes_from_etcd_is_escaped_once() {
        let key = b"/a\x1b[2J\\\xff".to_vec();
        let moved = EventKind::Moved { key: key.clone(), to: LeaseId(-5), revision: None };
        assert_eq!(of(&moved), r"/a\x1b[2J\\\xff was put with -000000000000005");
        let detached = |is_deleted| EventKind::Detached { key: key.clone(), is_deleted, revision: None };
        assert_eq!(of(&detached(true)), r"/a\x1b[2J\\\xff was deleted");
        assert_eq!(of(&detached(false)), r"/a\x1b[2J\\\xff was put without a lease, and stays");
        assert_eq!(of(&EventKind::error("\u{202e}")), r"\u{202e}");
        assert_eq!(of(&EventKind::Disconnected { endpoint: None, message: "\x07".into() }), r"lost: \x07");
        let told = of(&EventKind::Unreached { message: "\x07".into() });
        assert_eq!(told, r"not reached: \x07; it is tried again");
    }
}
