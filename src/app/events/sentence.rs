//! What an event means, in a sentence made from its facts.

use std::time::Duration;

use super::{EventKind, LeaseEnded, RenewalSource, Renewed};
use crate::app::{EndCause, LeaseKeys, Ownership};
use crate::escape::printable;
use crate::inference::lease_inference::RemovalDelay;
use crate::plural::plural;

/// The sentence, with what came from etcd escaped.
pub(super) fn of(what: &EventKind) -> String {
    match what {
        EventKind::Granted { ownership, ttl, asked } => granted(*ownership, *ttl, *asked),
        EventKind::Attached { key, .. } => printable(key),
        EventKind::Detached { key, is_deleted: true, .. } => format!("{} deleted", printable(key)),
        EventKind::Detached { key, .. } => format!("{} detached; it stays, without a lease", printable(key)),
        EventKind::Moved { key, to, .. } => format!("{} moved to lease {to}", printable(key)),
        EventKind::Kept => "keep-alive started".to_owned(),
        EventKind::Paused => "keep-alive stopped".to_owned(),
        EventKind::Drill(Some(drill)) => drill.to_string(),
        EventKind::Drill(None) => "stopped".to_owned(),
        EventKind::Renewed(renewed) => self::renewed(renewed),
        EventKind::Refilled { term, .. } => refilled(*term),
        EventKind::Dropped { depth, capacity } => dropped(*depth, *capacity),
        EventKind::Late { interval, expected } => late(*interval, *expected),
        EventKind::Risk { left, expected } => risk(*left, *expected),
        EventKind::Missed { waited } => format!("renewal got no reply for {:.1} s", waited.as_secs_f64()),
        EventKind::ProcessStalled { told, .. } => told.clone(),
        EventKind::Lost { loss, ttl } => printable(loss.in_words(*ttl).as_bytes()),
        EventKind::LeaseEnded(ended) => describe_end(ended),
        EventKind::Connected { endpoint, version } => connected(endpoint, version),
        EventKind::RenewsAt { endpoint } => format!("renewing through {}", printable(endpoint.as_bytes())),
        EventKind::Disconnected { endpoint, message } => disconnected(endpoint.as_deref(), message),
        EventKind::Unreached { message } => unreached(message),
        EventKind::Leader { endpoint, term } => format!("{} leads (term {term})", printable(endpoint.as_bytes())),
        EventKind::NoLeader { endpoint } => format!(
            "{} has no leader: grants, renewals and revokes fail until one is elected",
            printable(endpoint.as_bytes())
        ),
        EventKind::Term { old, new } => format!("term {old} → {new}: the new leader resets every TTL"),
        EventKind::Error { message } => printable(message.as_bytes()),
        EventKind::More { count, .. } => format!("{count} more in this second"),
    }
}

fn granted(ownership: Ownership, ttl: Option<i64>, asked: Option<i64>) -> String {
    match (ownership, ttl, asked) {
        (Ownership::Other, Some(ttl), _) => format!("{ttl} s, by another client"),
        (Ownership::Other, None, _) => "by another client".to_owned(),
        (_, Some(ttl), Some(asked)) if asked != ttl => {
            format!("{ttl} s, etcd's minimum (asked for {asked} s)")
        }
        (_, Some(ttl), _) => format!("{ttl} s"),
        (_, None, _) => "here".to_owned(),
    }
}

fn renewed(renewed: &Renewed) -> String {
    let ttl = renewed.ttl.map_or(String::new(), |ttl| format!(" (TTL {ttl} s)"));
    match (renewed.how, renewed.interval) {
        (RenewalSource::Once, _) => format!("once{ttl}"),
        (RenewalSource::Kept, Some(interval)) => format!("after {:.2} s{ttl}", interval.as_secs_f64()),
        (RenewalSource::Kept, None) => format!("first renewal{ttl}"),
        (RenewalSource::Inferred, Some(interval)) => {
            let sign = if renewed.is_bound { "<=" } else { "~" };
            format!("after {sign}{:.1} s{ttl}", interval.as_secs_f64())
        }
        (RenewalSource::Inferred, None) if renewed.is_first => format!("first renewal seen{ttl}"),
        (RenewalSource::Inferred, None) => format!("previous renewal unknown{ttl}"),
    }
}

fn refilled(term: Option<u64>) -> String {
    let cause = term.map_or("etcd".to_owned(), |term| format!("the new leader (term {term})"));
    format!("TTL reset by {cause}; not a renewal")
}

fn dropped(depth: usize, capacity: usize) -> String {
    // The line of Go's client as it stands in a program's log; the event names the lease.
    let go = "lease keepalive response queue is full; dropping response send";
    format!("{go} (queue {depth}/{capacity}; the lease was renewed)")
}

fn late(interval: Option<Duration>, expected: Option<Duration>) -> String {
    let silent = interval.map_or(String::new(), |span| format!(" for {:.1} s", span.as_secs_f64()));
    let usual = expected.map_or(String::new(), |every| format!(" (usually every {:.1} s)", every.as_secs_f64()));
    format!("no renewal{silent}{usual}")
}

fn risk(left: Option<Duration>, expected: Option<Duration>) -> String {
    let left = left.map_or("little".to_owned(), |left| format!("{:.1} s", left.as_secs_f64()));
    let usual = expected.map_or(String::new(), |every| format!(", but renews only every {:.1} s", every.as_secs_f64()));
    format!("{left} left{usual}")
}

fn connected(endpoint: &str, version: &str) -> String {
    let version = if version.is_empty() { String::new() } else { format!(" {}", printable(version.as_bytes())) };
    format!("connected to {}, etcd{version}", printable(endpoint.as_bytes()))
}

fn disconnected(endpoint: Option<&str>, message: &str) -> String {
    let endpoint = endpoint.map_or(String::new(), |endpoint| format!(" to {}", printable(endpoint.as_bytes())));
    format!("connection{endpoint} lost: {}", printable(message.as_bytes()))
}

/// Why; the link's own words say what to do about it.
fn unreached(message: &str) -> String {
    let why = printable(message.as_bytes());
    format!("could not reach etcd: {why}. Retrying.")
}

fn describe_end(ended: &LeaseEnded) -> String {
    let LeaseEnded { ownership, ttl, keys, .. } = ended;
    let whose = match ownership {
        Ownership::Own => "own",
        Ownership::Adopted => "adopted",
        Ownership::Other => "other client's",
    };
    let ttl_text = ttl.map_or(String::new(), |ttl| format!(" {ttl} s"));
    let loss = ended.loss.as_ref().map_or(String::new(), |loss| format!("; {}", loss.known(*ttl)));
    format!("{whose}{ttl_text} lease{}{}", how(ended, keys.as_ref()), printable(loss.as_bytes()))
}

/// `; etcd removed it and 1 key 0.5 s later`, or `, revoked by another client; 1 key deleted`.
fn how(ended: &LeaseEnded, keys: Option<&LeaseKeys>) -> String {
    let keys = keys.and_then(deleted_keys);
    if ended.cause == EndCause::Expired {
        let keys = keys.map_or(String::new(), |keys| format!(" and {keys}"));
        return format!("; etcd removed it{keys}{}", ended.lag.map_or(String::new(), removal_delay));
    }
    let cause = match ended.cause {
        EndCause::Revoked if ended.is_ours => "revoked by leasetop",
        EndCause::Revoked => "revoked by another client",
        EndCause::Expired | EndCause::Unknown => "expired or revoked",
    };
    let keys = keys.map_or(String::new(), |keys| format!("; {keys} deleted"));
    format!(", {cause}{keys}")
}

/// Where only a part of the keys is watched, more may have been deleted.
fn deleted_keys(keys: &LeaseKeys) -> Option<String> {
    match (keys.count, keys.is_all) {
        (0, false) => None,
        (count, false) => Some(format!("at least {}", keys_in_words(count))),
        (count, true) => Some(keys_in_words(count)),
    }
}

/// ` 0.5 s later`, or ` 0.5 ± 0.2 s later` where the delay is known less sharply than that.
fn removal_delay(delay: RemovalDelay) -> String {
    let (least, most) = (delay.least.as_secs_f64(), delay.most.as_secs_f64());
    let (middle, doubt) = ((least + most) / 2.0, (most - least) / 2.0);
    if doubt < 0.05 { format!(" {middle:.1} s later") } else { format!(" {middle:.1} ± {doubt:.1} s later") }
}

/// One key, several keys.
pub(in crate::app) fn keys_in_words(count: usize) -> String {
    plural(count as u64, "key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::LeaseId;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn an_inferred_renewal_says_so_and_an_unknown_figure_is_left_out() {
        let first = Renewed::new(RenewalSource::Inferred, Some(10));
        assert_eq!(of(&EventKind::Renewed(first)), "first renewal seen (TTL 10 s)");
        let blurred = Renewed { is_first: false, ..first };
        assert_eq!(of(&EventKind::Renewed(blurred)), "previous renewal unknown (TTL 10 s)");
        let next = Renewed { interval: Some(seconds(3.52)), ..first };
        assert_eq!(of(&EventKind::Renewed(next)), "after ~3.5 s (TTL 10 s)");
        let bound = Renewed { is_bound: true, ..next };
        assert_eq!(of(&EventKind::Renewed(bound)), "after <=3.5 s (TTL 10 s)");
        assert_eq!(of(&EventKind::Renewed(Renewed { ttl: None, ..next })), "after ~3.5 s");
        assert_eq!(of(&EventKind::Refilled { ttl: Some(10), term: None }), "TTL reset by etcd; not a renewal");
    }

    #[test]
    fn late_and_risk_say_by_which_habit() {
        let expected = Some(seconds(10.0));
        assert_eq!(
            of(&EventKind::Late { interval: Some(seconds(12.0)), expected }),
            "no renewal for 12.0 s (usually every 10.0 s)"
        );
        assert_eq!(
            of(&EventKind::Risk { left: Some(seconds(8.9)), expected }),
            "8.9 s left, but renews only every 10.0 s"
        );
        assert_eq!(of(&EventKind::Risk { left: None, expected: None }), "little left");
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
        assert_eq!(told, "other client's 30 s lease; etcd removed it and 2 keys 0.4 ± 0.2 s later");
        let a_part = LeaseKeys { count: 1, is_all: false, first: vec![b"/a".to_vec()] };
        let revoked = LeaseEnded { cause: EndCause::Revoked, keys: Some(a_part), ..expired };
        assert_eq!(
            of(&EventKind::LeaseEnded(Box::new(revoked))),
            "other client's 30 s lease, revoked by another client; at least 1 key deleted"
        );
    }

    #[test]
    fn what_comes_from_etcd_is_escaped_once() {
        let key = b"/a\x1b[2J\\\xff".to_vec();
        let moved = EventKind::Moved { key: key.clone(), to: LeaseId(-5), revision: None };
        assert_eq!(of(&moved), r"/a\x1b[2J\\\xff moved to lease -000000000000005");
        let detached = |is_deleted| EventKind::Detached { key: key.clone(), is_deleted, revision: None };
        assert_eq!(of(&detached(true)), r"/a\x1b[2J\\\xff deleted");
        assert_eq!(of(&detached(false)), r"/a\x1b[2J\\\xff detached; it stays, without a lease");
        assert_eq!(of(&EventKind::error("\u{202e}")), r"\u{202e}");
        assert_eq!(of(&EventKind::Disconnected { endpoint: None, message: "\x07".into() }), r"connection lost: \x07");
        let told = of(&EventKind::Unreached { message: "\x07".into() });
        assert_eq!(told, r"could not reach etcd: \x07. Retrying.");
    }
}
