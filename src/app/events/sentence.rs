//! What an event means, in a sentence made from its facts.

use std::time::Duration;

use super::{How, Obituary, Renewed, What};
use crate::app::{Gone, Keys, Who};
use crate::escape::printable;

/// The sentence, with what came from etcd escaped.
pub(super) fn of(what: &What) -> String {
    match what {
        What::Granted { who, ttl, asked } => granted(*who, *ttl, *asked),
        What::Attached { key, .. } => printable(key),
        What::Detached { key, is_deleted: true, .. } => format!("{} was deleted", printable(key)),
        What::Detached { key, .. } => format!("{} was put without a lease, and stays", printable(key)),
        What::Moved { key, to, .. } => format!("{} was put with {to}", printable(key)),
        What::Kept => "kept alive from now on".to_owned(),
        What::Paused => "not kept alive any more, as asked".to_owned(),
        What::Drill(Some(drill)) => format!("{drill}, as asked"),
        What::Drill(None) => "over".to_owned(),
        What::Renewed(renewed) => self::renewed(renewed),
        What::Refilled { term, .. } => refilled(*term),
        What::Dropped { depth, capacity } => dropped(*depth, *capacity),
        What::Late { interval, expected } => late(*interval, *expected),
        What::Risk { left, expected } => risk(*left, *expected),
        What::Missed { waited } => format!("a renewal had no answer for {:.1} s", waited.as_secs_f64()),
        What::StoodStill { told, .. } => told.clone(),
        What::Lost { loss, ttl } => printable(loss.in_words(*ttl).as_bytes()),
        What::Died(obituary) => epitaph(obituary),
        What::Connected { endpoint, version } => connected(endpoint, version),
        What::RenewsAt { endpoint } => format!("renewals go to {}", printable(endpoint.as_bytes())),
        What::Disconnected { endpoint, message } => disconnected(endpoint.as_deref(), message),
        What::Unreached { message } => unreached(message),
        What::Leader { endpoint, term } => format!("{} leads, term {term}", printable(endpoint.as_bytes())),
        What::NoLeader { endpoint } => format!(
            "{} knows of none: nothing is granted, renewed or revoked until enough members answer to elect one",
            printable(endpoint.as_bytes())
        ),
        What::Term { old, new } => format!("term {old} → {new}: a new leader starts every lease's TTL anew"),
        What::Error { message } => printable(message.as_bytes()),
        What::More { count, .. } => format!("and {count} more in this second"),
    }
}

fn granted(who: Who, ttl: Option<i64>, asked: Option<i64>) -> String {
    match (who, ttl, asked) {
        (Who::Other, Some(ttl), _) => format!("{ttl} s, by another client"),
        (Who::Other, None, _) => "by another client".to_owned(),
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
        (How::Once, _) => format!("{ttl}once"),
        (How::Kept, Some(interval)) => format!("{ttl}{:.2} s after the last", interval.as_secs_f64()),
        (How::Kept, None) => format!("{ttl}for the first time"),
        (How::Inferred, Some(interval)) => {
            let sign = if renewed.is_bound { "<=" } else { "~" };
            format!("{ttl}{sign}{:.1} s after the last", interval.as_secs_f64())
        }
        (How::Inferred, None) if renewed.is_first => format!("{ttl}the first that was seen"),
        (How::Inferred, None) => format!("{ttl}when the one before was cannot be told"),
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

fn epitaph(obituary: &Obituary) -> String {
    let Obituary { who, ttl, keys, .. } = obituary;
    let whose = match who {
        Who::Own => "own lease",
        Who::Adopted => "adopted lease",
        Who::Other => "another's lease",
    };
    let of = ttl.map_or(String::new(), |ttl| format!(" of {ttl} s"));
    let keys = keys.as_ref().map_or(String::new(), went_with_it);
    let loss = obituary.loss.as_ref().map_or(String::new(), |loss| format!("; {}", loss.known(*ttl)));
    format!("{whose}{of}: {}{keys}{}", how(obituary), printable(loss.as_bytes()))
}

/// Where only a part of the keys is followed, more may have gone.
fn went_with_it(keys: &Keys) -> String {
    match (keys.count, keys.is_all) {
        (0, false) => String::new(),
        (count, false) => format!(", >={} with it", keys_in_words(count)),
        (count, true) => format!(", {} with it", keys_in_words(count)),
    }
}

fn how(obituary: &Obituary) -> String {
    match (obituary.cause, obituary.lag) {
        (Gone::Expired, Some(lag)) => {
            let (least, most) = (lag.least.as_secs_f64(), lag.most.as_secs_f64());
            format!("its time was over, removed {:.1} s later ±{:.1}", (least + most) / 2.0, (most - least) / 2.0)
        }
        (Gone::Expired, None) => "its time was over".to_owned(),
        (Gone::Revoked, _) if obituary.is_ours => "by this program".to_owned(),
        (Gone::Revoked, _) => "by another client".to_owned(),
        (Gone::Unknown, _) => "expired or revoked".to_owned(),
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
        let first = Renewed::new(How::Inferred, Some(10));
        assert_eq!(of(&What::Renewed(first)), "10 s, the first that was seen");
        let blurred = Renewed { is_first: false, ..first };
        assert_eq!(of(&What::Renewed(blurred)), "10 s, when the one before was cannot be told");
        let next = Renewed { interval: Some(seconds(3.52)), ..first };
        assert_eq!(of(&What::Renewed(next)), "10 s, ~3.5 s after the last");
        let bound = Renewed { is_bound: true, ..next };
        assert_eq!(of(&What::Renewed(bound)), "10 s, <=3.5 s after the last");
        assert_eq!(of(&What::Renewed(Renewed { ttl: None, ..next })), "~3.5 s after the last");
        assert_eq!(
            of(&What::Refilled { ttl: Some(10), term: None }),
            "the server gave it its whole TTL again: that is no renewal"
        );
    }

    #[test]
    fn late_and_risk_say_by_which_habit() {
        let expected = Some(seconds(10.0));
        assert_eq!(
            of(&What::Late { interval: Some(seconds(12.0)), expected }),
            "renewed every 10.0 s, none for 12.0 s"
        );
        assert_eq!(of(&What::Risk { left: Some(seconds(8.9)), expected }), "renewed every 10.0 s, 8.9 s are left");
        assert_eq!(of(&What::Risk { left: None, expected: None }), "it was renewed, less is left");
    }

    #[test]
    fn a_death_tells_what_is_known() {
        let lag = Some(RemovalDelay { least: seconds(0.2), most: seconds(0.6) });
        let keys = Some(Keys { count: 2, is_all: true, first: vec![b"/a".to_vec(), b"/b".to_vec()] });
        let expired = Obituary {
            cause: Gone::Expired,
            is_ours: false,
            who: Who::Other,
            ttl: Some(30),
            keys,
            lag,
            revision: Some(9),
            loss: None,
        };
        let told = of(&What::Died(Box::new(expired.clone())));
        assert_eq!(told, "another's lease of 30 s: its time was over, removed 0.4 s later ±0.2, 2 keys with it");
        let a_part = Keys { count: 1, is_all: false, first: vec![b"/a".to_vec()] };
        let revoked = Obituary { cause: Gone::Revoked, keys: Some(a_part), ..expired };
        assert_eq!(of(&What::Died(Box::new(revoked))), "another's lease of 30 s: by another client, >=1 key with it");
    }

    #[test]
    fn what_comes_from_etcd_is_escaped_once() {
        let key = b"/a\x1b[2J\\\xff".to_vec();
        let moved = What::Moved { key: key.clone(), to: LeaseId(-5), revision: None };
        assert_eq!(of(&moved), r"/a\x1b[2J\\\xff was put with -000000000000005");
        let detached = |is_deleted| What::Detached { key: key.clone(), is_deleted, revision: None };
        assert_eq!(of(&detached(true)), r"/a\x1b[2J\\\xff was deleted");
        assert_eq!(of(&detached(false)), r"/a\x1b[2J\\\xff was put without a lease, and stays");
        assert_eq!(of(&What::error("\u{202e}")), r"\u{202e}");
        assert_eq!(of(&What::Disconnected { endpoint: None, message: "\x07".into() }), r"lost: \x07");
        let told = of(&What::Unreached { message: "\x07".into() });
        assert_eq!(told, r"not reached: \x07; it is tried again");
    }
}
