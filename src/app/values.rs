//! Cache of the key values of the lease whose detail is shown.
//!
//! The values are read when the lease is selected, when its keys change, and every 5 s while it is shown. The reads are
//! rate-limited, so moving the cursor quickly through the table reads only some of the rows.

use std::time::Duration;

use super::{Lease, LeaseKeys};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Maximum age of displayed values.
const STALE: Duration = Duration::from_secs(5);
/// Minimum time between two reads.
const PAUSE: Duration = Duration::from_millis(300);

/// The result of reading a key's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadValue {
    /// The value was read.
    Known {
        /// The first [`ReadValue::MOST`] bytes. Not escaped.
        start: Vec<u8>,
        /// Length of the whole value in bytes.
        length: usize,
    },
    /// The key no longer exists.
    Absent,
    /// The user has no permission to read the key.
    Forbidden,
    /// Reading failed. The reason is not escaped.
    Failed(String),
}

impl ReadValue {
    /// Maximum number of bytes kept of a value.
    pub const MOST: usize = 1024;

    /// Keeps the start of a value.
    pub fn of(mut bytes: Vec<u8>) -> Self {
        let length = bytes.len();
        bytes.truncate(ReadValue::MOST);
        ReadValue::Known { start: bytes, length }
    }

    /// Length of the whole value in bytes; 0 if it is not known.
    pub fn length(&self) -> usize {
        if let ReadValue::Known { length, .. } = self { *length } else { 0 }
    }

    /// The value as text, if it is valid UTF-8 and was kept whole.
    pub fn text(&self) -> Option<&str> {
        match self {
            ReadValue::Known { start, length } if start.len() == *length => std::str::from_utf8(start).ok(),
            _ => None,
        }
    }
}

/// Keys with their values.
pub type KeyValues = Vec<(Vec<u8>, ReadValue)>;

/// The values of one lease, and the last read request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct KeyValueCache {
    read: Option<(LeaseId, KeyValues)>,
    last_request: Option<ReadRequest>,
}

#[derive(Clone, Debug, PartialEq)]
struct ReadRequest {
    at: Timestamp,
    id: LeaseId,
    keys: Vec<Vec<u8>>,
    /// Whether it is not answered yet.
    is_open: bool,
}

impl KeyValueCache {
    /// The values of a lease. `None` if those of another lease are cached.
    pub(super) fn of(&self, id: LeaseId) -> Option<&KeyValues> {
        self.read.as_ref().filter(|(of, _)| *of == id).map(|(_, pairs)| pairs)
    }

    /// Stores a reply. Returns false if it is for another lease than the last request, or changes nothing.
    pub(super) fn answered(&mut self, id: LeaseId, pairs: KeyValues) -> bool {
        let Some(request) = self.last_request.as_mut().filter(|request| request.id == id) else { return false };
        request.is_open = false;
        let read = Some((id, pairs));
        let has_news = self.read != read;
        self.read = read;
        has_news
    }

    /// Returns the keys of this lease to read now, and counts them as requested.
    pub(super) fn start_read_if_due(&mut self, lease: &Lease, now: Timestamp) -> Option<Vec<Vec<u8>>> {
        if self.due(lease) > now {
            return None;
        }
        let keys: Vec<Vec<u8>> = lease.keys.as_ref()?.names().map(<[u8]>::to_vec).collect();
        self.last_request = Some(ReadRequest { at: now, id: lease.id, keys: keys.clone(), is_open: true });
        Some(keys)
    }

    /// When to read the values of this lease next.
    pub(super) fn due(&self, lease: &Lease) -> Timestamp {
        let has_same_keys = |request: &ReadRequest| {
            let keys = lease.keys.iter().flat_map(LeaseKeys::names);
            request.id == lease.id && keys.eq(request.keys.iter().map(Vec::as_slice))
        };
        match &self.last_request {
            None => Timestamp::START,
            Some(request) if !has_same_keys(request) => request.at + PAUSE,
            Some(request) if request.is_open => Timestamp::NEVER,
            Some(request) => request.at + STALE,
        }
    }
}
