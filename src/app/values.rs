//! The values of the keys of the lease whose detail is shown.
//!
//! They are read when the lease is selected, when its keys change, and every 5 s while it is shown. Whoever runs the
//! cursor through a table asks for a few of its rows only.

use std::time::Duration;

use super::{AppState, Effect, Lease};
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

    /// When the values of this lease are to be asked for.
    fn due(&self, lease: &Lease) -> Timestamp {
        let keys = lease.keys.as_ref().map_or(&[][..], |keys| &keys.first);
        match &self.asked {
            None => Timestamp::START,
            Some(question) if question.id != lease.id || question.keys != keys => question.at + PAUSE,
            Some(question) if question.is_open => Timestamp::NEVER,
            Some(question) => question.at + STALE,
        }
    }
}

/// The lease whose values are wanted: alive, with keys, and its detail can be seen. A frozen display shows what was read.
fn wanted(app: &AppState) -> Option<&Lease> {
    let is_seen = app.cluster.is_reached() && app.view.shows_detail() && app.frozen.is_none();
    let lease = app.cursor_lease_alive().filter(|_| is_seen)?;
    Some(lease).filter(|lease| lease.keys.as_ref().is_some_and(|keys| !keys.first.is_empty()))
}

/// The question that is due now; it counts as asked.
pub(super) fn start_read_if_due(app: &mut AppState, now: Timestamp) -> Option<Effect> {
    let lease = wanted(app).filter(|lease| app.keys.value_cache.due(lease) <= now)?;
    let (id, keys) = (lease.id, lease.keys.as_ref()?.first.clone());
    app.keys.value_cache.asked = Some(InFlightRead { at: now, id, keys: keys.clone(), is_open: true });
    Some(Effect::ReadValues { id, keys })
}

/// When something is to be asked next.
pub(super) fn next_wake(app: &AppState) -> Timestamp {
    wanted(app).map_or(Timestamp::NEVER, |lease| app.keys.value_cache.due(lease))
}
