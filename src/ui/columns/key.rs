//! The key column: the first key, or the lock that it belongs to.

use super::{Cell, RowContext};
use crate::app::Lease;
use crate::escape::printable;
use crate::ui::Role;
use crate::ui::format::WAITING;
use crate::width::{DisplayWidth, cut_key, cut_middle};

/// Shown for a lease that has no key.
const NO_KEY: &str = "(no key)";
/// A key has up to 1.5 MB. Only the ends of a key of more bytes than this are escaped and measured.
const LONG: usize = 4_096;
/// Width that a key keeps beside the number of further keys.
const LEAST_KEY: usize = 4;

/// The first key, cut in the middle, and the number of further keys: `/svc/orders/…:8000 +4`. A single lock key is shown as
/// its lock, and an ended lease with its last key.
pub(super) fn first_key(row: RowContext<'_>, width: usize) -> Cell {
    let Some(keys) = &row.lease.keys else { return last_known_key(row.lease, width) };
    let Some(first) = keys.first.first() else {
        if row.lease.end.is_some() {
            return last_known_key(row.lease, width);
        }
        // Without all keys, there may be some that are not read.
        let text = if keys.is_all { cut_middle(NO_KEY, width) } else { String::new() };
        return (text, Role::Dim).into();
    };
    if keys.count == 1
        && let Some(text) = lock(row, first, width)
    {
        return (text, Role::Text).into();
    }
    let more = if keys.count > 1 { format!(" +{}", keys.count - 1) } else { String::new() };
    let more = if more.len() + LEAST_KEY > width { String::new() } else { more };
    (cut_key(&shown(first), width - more.len()) + &more, Role::Text).into()
}

/// The last key of a lease that has ended, or `?` for a living lease whose keys are not read yet.
fn last_known_key(lease: &Lease, width: usize) -> Cell {
    match (lease.detached_keys.last(), lease.end.is_some()) {
        (Some(key), true) => (cut_key(&shown(&key.key), width), Role::Gone).into(),
        (None, true) => (String::new(), Role::Gone).into(),
        (_, false) => (WAITING.to_owned(), Role::Dim).into(),
    }
}

/// `/locks/nightly  holds the lock`, or `nightly  holds the lock` if that is all that fits. The rest of the key is the
/// lease id, which has a column of its own. `None` if the key is not a lock key, or if nothing fits.
fn lock(row: RowContext<'_>, key: &[u8], width: usize) -> Option<String> {
    let (queue, candidate) = row.locks.find(key)?;
    let is_holder = queue.holder() == Some(candidate);
    let (long, brief) = if is_holder { ("holds the lock", "holds") } else { ("waits for the lock", "waits") };
    let name = shown(queue.name());
    let last = name.rsplit('/').next().unwrap_or_default().to_owned();
    let forms = [(&name, long), (&last, long), (&last, brief)];
    forms.into_iter().map(|(name, does)| format!("{name}  {does}")).find(|text| text.width() <= width)
}

/// The key as printable text. The middle of a very long one is left out.
fn shown(key: &[u8]) -> String {
    if key.len() <= LONG {
        return printable(key);
    }
    let half = LONG / 2;
    printable(&key[..half]) + "…" + &printable(&key[key.len() - half..])
}
