//! The values of the keys of the lease whose detail is shown.
//!
//! They are read when the lease is selected, when its keys change, and every 5 s while it is shown. Whoever runs the
//! cursor through a table asks for a few of its rows only.

use std::time::Duration;

use super::Lease;
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// How old values may become.
const STALE: Duration = Duration::from_secs(5);
/// The least time between two questions.
const PAUSE: Duration = Duration::from_millis(300);

/// A key's value, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadValue {
    /// It was read.
    Known {
        /// Its first [`ReadValue::MOST`] bytes, raw.
        start: Vec<u8>,
        /// How many bytes it has.
        length: usize,
    },
    /// The key is not there any more.
    Absent,
    /// The user may not read it.
    Forbidden,
    /// It could not be read; the reason is raw.
    Failed(String),
}

impl ReadValue {
    /// The bytes of a value that are kept.
    pub const MOST: usize = 1024;

    /// Of the bytes of a value.
    pub fn of(mut bytes: Vec<u8>) -> Self {
        let length = bytes.len();
        bytes.truncate(ReadValue::MOST);
        ReadValue::Known { start: bytes, length }
    }

    /// The whole value as text, if it is text and was kept whole.
    pub fn text(&self) -> Option<&str> {
        match self {
            ReadValue::Known { start, length } if start.len() == *length => std::str::from_utf8(start).ok(),
            _ => None,
        }
    }
}

/// Keys with their values.
pub type KeyValues = Vec<(Vec<u8>, ReadValue)>;

/// What was read of one lease, and what was asked last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct KeyValueCache {
    read: Option<(LeaseId, KeyValues)>,
    asked: Option<InFlightRead>,
}

#[derive(Clone, Debug, PartialEq)]
struct InFlightRead {
    at: Timestamp,
    id: LeaseId,
    keys: Vec<Vec<u8>>,
    is_open: bool,
}

impl KeyValueCache {
    /// The pairs that were read of a lease.
    pub(super) fn of(&self, id: LeaseId) -> Option<&KeyValues> {
        self.read.as_ref().filter(|(of, _)| *of == id).map(|(_, pairs)| pairs)
    }

    /// Takes in an answer; no if it is of another lease than was asked for last, or says nothing new.
    pub(super) fn answered(&mut self, id: LeaseId, pairs: KeyValues) -> bool {
        let Some(question) = self.asked.as_mut().filter(|question| question.id == id) else { return false };
        question.is_open = false;
        let read = Some((id, pairs));
        let has_news = self.read != read;
        self.read = read;
        has_news
    }

    /// The keys of this lease whose values are to be read now; they count as asked for.
    pub(super) fn start_read_if_due(&mut self, lease: &Lease, now: Timestamp) -> Option<Vec<Vec<u8>>> {
        if self.due(lease) > now {
            return None;
        }
        let keys = lease.keys.as_ref()?.first.clone();
        self.asked = Some(InFlightRead { at: now, id: lease.id, keys: keys.clone(), is_open: true });
        Some(keys)
    }

    /// When the values of this lease are to be asked for.
    pub(super) fn due(&self, lease: &Lease) -> Timestamp {
        let keys = lease.keys.as_ref().map_or(&[][..], |keys| &keys.first);
        match &self.asked {
            None => Timestamp::START,
            Some(question) if question.id != lease.id || question.keys != keys => question.at + PAUSE,
            Some(question) if question.is_open => Timestamp::NEVER,
            Some(question) => question.at + STALE,
        }
    }
}
