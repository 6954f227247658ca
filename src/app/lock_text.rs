//! What the locks view and `leasetop locks` say about locks.

use std::time::Duration;

use super::ReadValue;
use crate::escape::printable;
use crate::id_format::IdFormat;
use crate::inference::locks::{Candidate, CandidateProblem, LockEvidence, LockKind, LockQueue, Locks};
use crate::plural::plural;
use simkit::Timestamp;

/// How the locks of the known clients are named.
pub const LOCK_RECIPES: [&str; 6] = [
    "NAME/ID, the lease in hex: etcdctl lock and elect, Go's concurrency package, etcd's Lock and Election services",
    "election/NAME/ID, the lease in decimal: Node's etcd3",
    "PATH/locks/ID, the lease in decimal: Vitess",
    "one key: /locks/NAME (Python's etcd3), /tooz/locks/NAME (tooz), /service/SCOPE/leader (Patroni)",
    "any key that a waiting lease creates again after its end, such as a lock of Node's etcd3",
    "keys that match a [[lock]] in the config file",
];

/// Maximum number of characters shown of a value.
const MAX_VALUE: usize = 60;

/// The display name of a lock. A lock with an empty name is shown as its slash.
pub fn lock_display_name(queue: &LockQueue) -> String {
    match queue.name() {
        [] => "/".to_owned(),
        name => printable(name),
    }
}

/// The place of a candidate with `ahead` others before it: `holds`, `next`, or that number. `None` means that it released
/// or lost the lock.
pub fn lock_place(queue: &LockQueue, ahead: Option<usize>) -> String {
    match ahead {
        None if queue.is_released_by_revoking() => "lost".to_owned(),
        None => "released".to_owned(),
        Some(0) => "holds".to_owned(),
        Some(1) => "next".to_owned(),
        Some(place) => place.to_string(),
    }
}

/// The value of a lock of one key, escaped and on one line. `None` if it is empty or unknown.
pub fn lock_value_text(value: &ReadValue) -> Option<String> {
    let ReadValue::Known { start, length } = value else { return None };
    let text = printable(start);
    let is_cut = text.chars().count() > MAX_VALUE || start.len() < *length;
    let shown: String = text.chars().take(MAX_VALUE).collect();
    if shown.is_empty() { None } else { Some(if is_cut { shown + "..." } else { shown }) }
}

/// What makes it uncertain that this is a lock. `None` if it is certain.
pub fn lock_doubt(queue: &LockQueue) -> Option<&'static str> {
    match queue.evidence() {
        Some(LockEvidence::CreatedAgain) => Some(
            "May be a lock, or a service that registered again: another lease created the key at once after its end. A \
             [[lock]] in the config file decides it.",
        ),
        _ => None,
    }
}

/// Names that may be locks or services, and how to decide. `None` if there are none.
pub fn undecided_locks(locks: &Locks) -> Option<String> {
    let mut undecided = locks.undecided();
    let (name, keys) = undecided.next()?;
    let others = undecided.count() as u64;
    let name = printable(name);
    let more = if others == 0 { String::new() } else { format!(" So are {}.", plural(others, "other name")) };
    let leases = if keys == 1 { "its lease" } else { "their leases" };
    let keys = plural(keys as u64, "key");
    Some(format!(
        "{name} has {keys} named after {leases} in decimal: a service as go-zero registers it, or a lock.{more} If it \
         is a lock, add [[lock]] with key = \"{name}/*\" to the config file."
    ))
}

/// What is known of a former holder that seems to have released the lock. It may also have lost its key.
pub fn released_text(queue: &LockQueue, candidate: &Candidate, now: Timestamp) -> Option<String> {
    let ago = whole_seconds(now - queue.released_at(candidate)?);
    Some(format!("Its key was deleted {ago} ago: it released the lock, or another client deleted the key."))
}

/// A candidate's problem and its consequence. `left` is the time left of its lease at `now`, if known.
pub fn candidate_problem_text(
    ids: IdFormat,
    queue: &LockQueue,
    candidate: &Candidate,
    problem: CandidateProblem,
    (left, now): (Option<&str>, Timestamp),
) -> String {
    match problem {
        CandidateProblem::Stranded => {
            let key = printable(&candidate.key);
            let how = if key.as_bytes() == &*candidate.key { format!(": etcdctl del {key}") } else { ".".to_owned() };
            format!("Its key is attached to no lease and stays until it is deleted{how}")
        }
        CandidateProblem::Misplaced(other) => {
            format!("Its key is attached to lease {} and stays until that lease ends.", ids.name(other))
        }
        CandidateProblem::Gone => "Its lease is gone; its key is deleted with it.".to_owned(),
        CandidateProblem::Dying => "Its lease has expired; etcd is about to remove it and its key.".to_owned(),
        CandidateProblem::KeyDeleted(at) => {
            let ago = whole_seconds(now - at);
            format!(
                "Its key was deleted {ago} ago, but its lease lives: another client deleted it, and this one may still act \
                 as the holder."
            )
        }
        CandidateProblem::Silent(span) => {
            let span = whole_seconds(span);
            let end = left.map_or("when its lease ends".to_owned(), |left| format!("in {left}"));
            let loses = if queue.kind() == LockKind::OneKey { "loses the lock" } else { "leaves the queue" };
            format!("Not renewed for {span}: looks dead; {loses} {end} unless renewed.")
        }
    }
}

/// A time span in whole seconds, with four digits at most. A longer one is in hours below 100 h, then in days.
pub fn whole_seconds(span: Duration) -> String {
    match span.as_secs_f64() {
        s if s < 9_999.5 => format!("{:.0} s", s.floor()),
        s if s < 360_000.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.0} d", s / 86_400.0),
    }
}
