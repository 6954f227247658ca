//! The description of an event, on the screen and in `leasetop events`.

use std::time::Duration;

use super::{Awaited, Event, EventKind, LeaseEnded, Renewal, RenewalSource};
use crate::app::{EndCause, LastRenewal, LeaseKeys, Ownership};
use crate::error_table;
use crate::escape::printable;
use crate::inference::lease_inference::RemovalDelay;
use crate::plural::plural;
use etcd_lease::wire::ErrorCause;

/// The description of an event. Text that came from etcd is escaped.
pub(super) fn of(what: &EventKind) -> String {
    match what {
        EventKind::Granted { ttl: Some(ttl), is_undo: true, .. } => format!("by undo, {ttl} s"),
        EventKind::Granted { ownership, ttl, asked, .. } => granted(*ownership, *ttl, *asked),
        EventKind::Attached { key, .. } => printable(key),
        EventKind::Detached { key, is_deleted: true, .. } => format!("{} deleted", printable(key)),
        EventKind::Detached { key, .. } => format!("{} put without a lease", printable(key)),
        EventKind::Moved { key, to, .. } => format!("{} moved to lease {to}", printable(key)),
        EventKind::Down { key, end, .. } => format!("{} is gone: {}", printable(key), why_gone(*end)),
        EventKind::Back { key, is_leased, gone, gone_doubt, .. } => back(key, *is_leased, *gone, *gone_doubt),
        EventKind::Kept => "keep-alive started".to_owned(),
        EventKind::Paused => "keep-alive stopped".to_owned(),
        EventKind::Drill(Some(drill)) => format!("started: {drill}"),
        EventKind::Drill(None) => "stopped".to_owned(),
        EventKind::Renewed(renewed) => self::renewed(renewed),
        EventKind::Refilled { ttl, term, left } => refilled(*ttl, *term, *left),
        EventKind::Dropped { depth, capacity } => dropped(*depth, *capacity),
        EventKind::Late { awaited, interval, expected } => late(*awaited, *interval, *expected),
        EventKind::Risk { awaited, left, expected } => risk(*awaited, *left, *expected),
        EventKind::Unrenewed { left, ttl, is_never_renewed } => unrenewed(*left, *ttl, *is_never_renewed),
        EventKind::Missed { waited } => format!("renewal got no reply for {}", tenths(*waited)),
        EventKind::ProcessStalled { text, .. } => text.clone(),
        EventKind::Lost { loss, ttl } => printable(loss.in_words(*ttl).as_bytes()),
        EventKind::LeaseEnded(ended) => describe_end(ended),
        EventKind::ClusterChanged { message, .. } => printable(message.as_bytes()),
        EventKind::Connected { endpoint, version } => connected(endpoint, version),
        EventKind::RenewsAt { endpoint } => format!("renewing through {}", printable(endpoint.as_bytes())),
        EventKind::Disconnected { endpoint, message } => disconnected(endpoint.as_deref(), message),
        EventKind::Unreached { endpoint, message } => unreached(endpoint, message),
        EventKind::Refused { endpoint, cause, message } => refused(endpoint, *cause, message),
        EventKind::Leader { endpoint, term } => {
            format!("{} is the leader (term {term})", printable(endpoint.as_bytes()))
        }
        EventKind::NoLeader { endpoint } => format!(
            "{} sees no leader: grants, renewals and revocations through it fail until it sees one",
            printable(endpoint.as_bytes())
        ),
        EventKind::Term { old, new } => {
            format!("term {old} → {new}: the new leader resets the time left of every lease")
        }
        EventKind::Error { message } => printable(message.as_bytes()),
        EventKind::More { count, .. } => format!("{count} more in this second"),
    }
}

fn why_gone(end: Option<EndCause>) -> &'static str {
    match end {
        None => "it was deleted",
        Some(EndCause::Expired | EndCause::RanOut) => "its lease expired",
        Some(EndCause::Revoked) => "its lease was revoked",
        Some(EndCause::Replaced) => "its lease had been replaced by a newer one",
        Some(EndCause::Unknown | EndCause::NotRestored) => "its lease ended",
    }
}

/// The least error that is shown, in seconds. A smaller one would be shown as ±0.0.
const SHOWN_ERROR: f64 = 0.05;

fn back(key: &[u8], is_leased: bool, gone: Duration, doubt: Duration) -> String {
    let key = printable(key);
    let doubt = doubt.as_secs_f64();
    let error = if doubt < SHOWN_ERROR { String::new() } else { format!(" ±{doubt:.1}") };
    let gone = format!("was gone for {}{error}", tenths(gone));
    if is_leased {
        format!("{key} {gone}")
    } else {
        format!("{key} is back without a lease and never expires; it {gone}")
    }
}

fn granted(ownership: Ownership, ttl: Option<i64>, asked: Option<i64>) -> String {
    match (ownership, ttl, asked) {
        (Ownership::Other, Some(ttl), _) => format!("{ttl} s, by another client"),
        (Ownership::Other, None, _) => "by another client".to_owned(),
        (_, Some(ttl), Some(asked)) if asked != ttl => {
            format!("{asked} s requested → {ttl} s granted (etcd's minimum)")
        }
        (_, Some(ttl), _) => format!("{ttl} s"),
        (_, None, _) => "here".to_owned(),
    }
}

fn renewed(renewed: &Renewal) -> String {
    let ttl = renewed.ttl.map_or(String::new(), |ttl| format!(" (TTL {ttl} s)"));
    let interval = match (renewed.source, renewed.interval) {
        (RenewalSource::Once, _) => "once".to_owned(),
        (RenewalSource::Kept, Some(interval)) => format!("after {:.2} s", interval.as_secs_f64()),
        (RenewalSource::Kept, None) => "first renewal".to_owned(),
        (RenewalSource::Inferred, Some(interval)) => {
            let sign = if renewed.is_bound { "<=" } else { "~" };
            format!("after {sign}{:.1} s", interval.as_secs_f64())
        }
        (RenewalSource::Inferred, None) if renewed.is_first => "first renewal seen".to_owned(),
        (RenewalSource::Inferred, None) => "after an unknown interval".to_owned(),
    };
    format!("{interval}{ttl}")
}

fn refilled(ttl: Option<i64>, term: Option<u64>, left: Option<(Duration, Duration)>) -> String {
    let cause = term.map_or("the server".to_owned(), |term| format!("the new leader (term {term})"));
    let Some((left, _)) = left else { return format!("TTL reset by {cause}; not a renewal") };
    let of = ttl.map_or_else(String::new, |ttl| format!(" of {ttl} s"));
    format!("time left reset by {cause}, ~{:.0} s{of} left; not a renewal", left.as_secs_f64())
}

fn dropped(depth: usize, capacity: usize) -> String {
    // The line that Go's client writes to a program's log, so that it can be found there.
    let go = Event::GO_DROP_LINE;
    format!("{go} (queue {depth}/{capacity}; the lease was renewed)")
}

fn late(awaited: Awaited, interval: Option<Duration>, expected: Option<Duration>) -> String {
    let what = awaited.in_words();
    let since = interval.map_or_else(|| format!("{what} overdue"), |span| format!("no {what} for {}", tenths(span)));
    since + &usually(expected)
}

fn risk(awaited: Awaited, left: Duration, expected: Option<Duration>) -> String {
    format!("{} overdue: {} left{}", awaited.in_words(), tenths(left), usually(expected))
}

fn usually(expected: Option<Duration>) -> String {
    expected.map_or(String::new(), |every| format!(" (usually every {})", tenths(every)))
}

fn unrenewed(left: Duration, ttl: Option<i64>, is_never_renewed: bool) -> String {
    let what = if is_never_renewed { "never renewed" } else { "not renewed while watched" };
    let of = ttl.map_or_else(String::new, |ttl| format!(" of {ttl} s"));
    format!("{what}, {}{of} left", tenths(left))
}

/// What is known about the last renewal of a lease that expired.
pub fn last_renewal_in_words(last: LastRenewal) -> String {
    match last {
        LastRenewal::Never => "never renewed".to_owned(),
        LastRenewal::NotSeen => "not renewed while watched".to_owned(),
        LastRenewal::Seen { before_end, every } => {
            let every = every.map_or_else(String::new, |every| format!(", every {} until then", tenths(every)));
            format!("last renewed {} before its end{every}", tenths(before_end))
        }
        LastRenewal::NewLease { before_end, every } => {
            let (before_end, every) = (tenths(before_end), tenths(every));
            format!("not replaced by a new lease for {before_end} (usually every {every})")
        }
    }
}

fn tenths(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}

fn connected(endpoint: &str, version: &str) -> String {
    let version = if version.is_empty() { String::new() } else { format!(" (etcd {})", printable(version.as_bytes())) };
    format!("connected to {}{version}", printable(endpoint.as_bytes()))
}

fn disconnected(endpoint: Option<&str>, message: &str) -> String {
    let endpoint = endpoint.map_or(String::new(), |endpoint| format!(" to {}", printable(endpoint.as_bytes())));
    format!("connection{endpoint} lost: {}", printable(message.as_bytes()))
}

fn unreached(endpoint: &str, message: &str) -> String {
    format!("could not reach {}: {}. Retrying.", printable(endpoint.as_bytes()), printable(message.as_bytes()))
}

fn refused(endpoint: &str, cause: ErrorCause, message: &str) -> String {
    let refusal = error_table::refusal(cause, &printable(endpoint.as_bytes()));
    // A wrong password is tried again only now and then.
    let retry = if cause == ErrorCause::WrongPassword { "" } else { " Retrying." };
    format!("{refusal}: {}.{retry}", printable(message.as_bytes()))
}

fn describe_end(ended: &LeaseEnded) -> String {
    let owner = match ended.ownership {
        Ownership::Own => "own",
        Ownership::Adopted => "adopted",
        Ownership::Other => "other client's",
    };
    let ttl = ended.ttl.map_or(String::new(), |ttl| format!(" {ttl} s"));
    let loss = ended.loss.as_ref().map_or(String::new(), |loss| format!("; {}", loss.known(ended.ttl)));
    // A lease that was kept alive says more about its last reply at the end.
    let last = if ended.loss.is_some() { None } else { ended.last_renewal };
    let renewal = last.map_or_else(String::new, |last| format!(", {}", last_renewal_in_words(last)));
    format!("{owner}{ttl} lease{renewal}{}{}", how_it_ended(ended), printable(loss.as_bytes()))
}

/// The cause, and the number of keys deleted with the lease.
fn how_it_ended(ended: &LeaseEnded) -> String {
    if let (EndCause::Replaced, Some(by)) = (ended.cause, ended.replaced_by) {
        return format!(", replaced by lease {by}");
    }
    let keys = ended.keys.as_ref().and_then(deleted_keys);
    if let (EndCause::Expired | EndCause::RanOut, Some(lag)) = (ended.cause, ended.lag) {
        let any_deleted = ended.keys.as_ref().is_some_and(|keys| keys.count > 0);
        let keys = if any_deleted { keys } else { None };
        let keys = keys.map_or(String::new(), |keys| format!(" and {keys}"));
        return format!("; etcd removed it{keys} {} after its deadline", removal_delay(lag));
    }
    let cause = match ended.cause {
        EndCause::Expired | EndCause::RanOut => "",
        EndCause::Revoked if ended.is_ours => ", revoked here",
        EndCause::Revoked => ", revoked by another client",
        EndCause::Replaced => ", replaced by a newer one",
        EndCause::Unknown => ", expired or revoked",
        EndCause::NotRestored => ", not in the restored cluster",
    };
    let keys = match (ended.cause, keys) {
        (_, None) => String::new(),
        // Nothing was deleted.
        (EndCause::NotRestored, Some(keys)) => format!("; it had {keys}"),
        (_, Some(keys)) => format!("; {keys} deleted"),
    };
    format!("{cause}{keys}")
}

/// The number of deleted keys, such as `2 keys`. With `>=` if only some keys are followed, so that more may have been
/// deleted. `None` if no key is known and there may be others.
fn deleted_keys(keys: &LeaseKeys) -> Option<String> {
    if keys.count == 0 && !keys.is_all {
        return None;
    }
    let bound = if keys.is_all { "" } else { ">=" };
    Some(format!("{bound}{}", keys_in_words(keys.count)))
}

/// The middle of the known range, and its maximum error if it is 0.1 s or more.
fn removal_delay(lag: RemovalDelay) -> String {
    let least = lag.least.as_secs_f64();
    let most = lag.most.as_secs_f64();
    let middle = (least + most) / 2.0;
    let error = (most - least) / 2.0;
    if error < SHOWN_ERROR { format!("{middle:.1} s") } else { format!("{middle:.1} s ±{error:.1}") }
}

/// `no keys`, `1 key`, `2 keys`.
pub(in crate::app) fn keys_in_words(count: usize) -> String {
    plural(count, "key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::LeaseId;
    use simkit::Timestamp;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn an_inferred_renewal_says_so_and_an_unknown_figure_is_left_out() {
        let first = Renewal::new(RenewalSource::Inferred, Timestamp::START, Some(10));
        assert_eq!(of(&EventKind::Renewed(first)), "first renewal seen (TTL 10 s)");
        let blurred = Renewal { is_first: false, ..first };
        assert_eq!(of(&EventKind::Renewed(blurred)), "after an unknown interval (TTL 10 s)");
        let next = Renewal { interval: Some(seconds(3.52)), ..first };
        assert_eq!(of(&EventKind::Renewed(next)), "after ~3.5 s (TTL 10 s)");
        let bound = Renewal { is_bound: true, ..next };
        assert_eq!(of(&EventKind::Renewed(bound)), "after <=3.5 s (TTL 10 s)");
        assert_eq!(of(&EventKind::Renewed(Renewal { ttl: None, ..next })), "after ~3.5 s");
        let refilled = |term, left| of(&EventKind::Refilled { ttl: Some(900), term, left });
        assert_eq!(refilled(None, None), "TTL reset by the server; not a renewal");
        let partial = refilled(Some(3), Some((seconds(594.5), seconds(0.5))));
        assert_eq!(partial, "time left reset by the new leader (term 3), ~594 s of 900 s left; not a renewal");
    }

    #[test]
    fn late_and_risk_name_the_usual_interval() {
        let expected = seconds(10.0);
        assert_eq!(
            of(&EventKind::Late { awaited: Awaited::Renewal, interval: Some(seconds(12.0)), expected: Some(expected) }),
            "no renewal for 12.0 s (usually every 10.0 s)"
        );
        let risk = EventKind::Risk { awaited: Awaited::Renewal, left: seconds(3.12), expected: Some(expected) };
        assert_eq!(of(&risk), "renewal overdue: 3.1 s left (usually every 10.0 s)");
    }

    #[test]
    fn an_unrenewed_lease_is_said_to_be_never_renewed_only_if_its_grant_was_seen() {
        let unrenewed =
            |is_never_renewed| of(&EventKind::Unrenewed { left: seconds(3.33), ttl: Some(10), is_never_renewed });
        assert_eq!(unrenewed(true), "never renewed, 3.3 s of 10 s left");
        assert_eq!(unrenewed(false), "not renewed while watched, 3.3 s of 10 s left");
    }

    #[test]
    fn an_end_says_what_is_known() {
        let lag = Some(RemovalDelay { least: seconds(0.2), most: seconds(0.6) });
        let keys = Some(LeaseKeys { count: 2, is_all: true, first: vec![b"/a".to_vec(), b"/b".to_vec()].into() });
        let expired = LeaseEnded {
            cause: EndCause::Expired,
            is_ours: false,
            ownership: Ownership::Other,
            ttl: Some(30),
            last_renewal: Some(LastRenewal::Seen { before_end: seconds(30.2), every: Some(seconds(10.0)) }),
            keys,
            lag,
            revision: Some(9),
            replaced_by: None,
            loss: None,
            is_unused: false,
        };
        let told = of(&EventKind::LeaseEnded(Box::new(expired.clone())));
        assert_eq!(
            told,
            "other client's 30 s lease, last renewed 30.2 s before its end, every 10.0 s until then; etcd removed it and 2 keys 0.4 s ±0.2 after its deadline"
        );
        let told = |last_renewal| {
            let ended = LeaseEnded { last_renewal, keys: None, lag: None, ..expired.clone() };
            of(&EventKind::LeaseEnded(Box::new(ended)))
        };
        assert_eq!(told(Some(LastRenewal::Never)), "other client's 30 s lease, never renewed");
        assert_eq!(told(Some(LastRenewal::NotSeen)), "other client's 30 s lease, not renewed while watched");
        let once = LastRenewal::Seen { before_end: seconds(30.2), every: None };
        assert_eq!(told(Some(once)), "other client's 30 s lease, last renewed 30.2 s before its end");
        let replaced = LeaseEnded {
            cause: EndCause::Replaced,
            replaced_by: Some(LeaseId(5)),
            last_renewal: None,
            ..expired.clone()
        };
        let told = of(&EventKind::LeaseEnded(Box::new(replaced)));
        assert_eq!(told, "other client's 30 s lease, replaced by lease 0000000000000005");
        let a_part = LeaseKeys { count: 1, is_all: false, first: vec![b"/a".to_vec()].into() };
        let revoked = LeaseEnded { cause: EndCause::Revoked, last_renewal: None, keys: Some(a_part), ..expired };
        assert_eq!(
            of(&EventKind::LeaseEnded(Box::new(revoked))),
            "other client's 30 s lease, revoked by another client; >=1 key deleted"
        );
    }

    #[test]
    fn what_comes_from_etcd_is_escaped_once() {
        let key = b"/a\x1b[2J\\\xff".to_vec();
        let moved = EventKind::Moved { key: key.clone(), to: LeaseId(-5), revision: None };
        assert_eq!(of(&moved), r"/a\x1b[2J\\\xff moved to lease -000000000000005");
        let detached = |is_deleted| EventKind::Detached { key: key.clone(), is_deleted, revision: None };
        assert_eq!(of(&detached(true)), r"/a\x1b[2J\\\xff deleted");
        assert_eq!(of(&detached(false)), r"/a\x1b[2J\\\xff put without a lease");
        assert_eq!(of(&EventKind::error("\u{202e}")), r"\u{202e}");
        assert_eq!(of(&EventKind::Disconnected { endpoint: None, message: "\x07".into() }), r"connection lost: \x07");
        let told = of(&EventKind::Unreached { endpoint: "a\x07:1".into(), message: "\x07".into() });
        assert_eq!(told, r"could not reach a\x07:1: \x07. Retrying.");
    }
}
