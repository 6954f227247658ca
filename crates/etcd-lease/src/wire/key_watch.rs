//! A watch on a range of keys.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::EventType;
use etcd_client::proto::{PbEvent, PbKeyValue, PbWatchRequest, PbWatchRequestUnion, PbWatchResponse};
use http::HeaderValue;
use prost::Message;
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use super::cluster::Cluster;
use super::error::CallError;
use super::key_pages::to_lease_id;
use super::member::Member;
use super::rpc;
use super::shared_state::SharedState;
use crate::{KeyChange, KeyRange, KeyState};

const TRIED: &str = "watch the keys";
/// Maximum number of requests that wait to be sent on a stream: the creation of its watch, and a few for its progress.
const MAX_REQUESTS: usize = 4;
/// The filter of puts (`WatchCreateRequest.FilterType.NOPUT`).
const NO_PUT: i32 = 0;

/// Which changes a watch reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watched {
    /// Puts and deletes, with the lease of the key before the change. A message has the values before and after.
    Changes,
    /// Deletes. A message has only the names of the keys.
    Deletes,
}

/// An update of a watch.
#[derive(Clone, Debug)]
pub enum WatchUpdate {
    /// All changes up to this revision, in order.
    Changes {
        /// The changes. Those of one revision come in one update.
        changes: Vec<KeyChange>,
        /// The revision up to which the watch is complete.
        revision: i64,
    },
    /// No further changes exist up to this revision.
    Progress {
        /// The revision.
        revision: i64,
    },
    /// The changes in between have been compacted, so the keys have to be read again. The watch has ended.
    Compacted {
        /// The oldest revision that etcd still has.
        oldest: i64,
    },
    /// The stream broke. The watch has ended; a new one can start after the last revision of this one.
    Cut(CallError),
}

/// A watch on a range of keys. Dropping it ends the watch.
pub struct KeyWatch {
    shared: Arc<SharedState>,
    member: Member,
    token: Option<HeaderValue>,
    requests: mpsc::Sender<PbWatchRequest>,
    messages: Streaming<PbWatchResponse>,
    /// When it was opened, as an age of the [`SharedState`].
    opened: Duration,
    created_at: i64,
    received: u64,
}

impl Cluster {
    /// Watches a range from a revision (0: from now on) through the chosen member. It returns when etcd has confirmed the
    /// watch.
    ///
    /// # Errors
    /// `Forbidden` if the user may not read the range; `Timeout` if there is no reply in time; any other error of the
    /// connection, the login or the server. If the member is at fault another one is chosen.
    pub async fn watch_keys(&self, range: &KeyRange, from: i64) -> Result<KeyWatch, CallError> {
        self.open_watch(creation(range, from, Watched::Changes)).await
    }

    /// As [`Cluster::watch_keys`], for deletes only and without the lease of a deleted key. etcd sends only the names of
    /// the keys.
    ///
    /// # Errors
    /// Those of [`Cluster::watch_keys`].
    pub async fn watch_deletes(&self, range: &KeyRange, from: i64) -> Result<KeyWatch, CallError> {
        self.open_watch(creation(range, from, Watched::Deletes)).await
    }

    async fn open_watch(&self, creation: PbWatchRequest) -> Result<KeyWatch, CallError> {
        let shared = Arc::clone(self.shared());
        shared.wait_probed().await;
        let member = shared.current().clone();
        shared.log_in(&member).await?;
        let token = shared.login.token();
        let (requests, receiver) = mpsc::channel(MAX_REQUESTS);
        // The channel is empty and open, so this cannot fail.
        let _ = requests.try_send(creation);
        let sent = shared.age.elapsed();
        let opened = tokio::time::timeout(shared.command_timeout, open(&shared, &member, receiver)).await;
        match opened.unwrap_or_else(|_| Err(Status::deadline_exceeded("no reply in time"))) {
            Ok((messages, created_at)) => {
                Ok(KeyWatch { shared, member, token, requests, messages, opened: sent, created_at, received: 0 })
            }
            Err(status) => Err(shared.failed(TRIED, &member, token, &status).await),
        }
    }
}

impl KeyWatch {
    /// The endpoint of the member that sends the updates.
    pub fn endpoint(&self) -> &str {
        &self.member.endpoint
    }

    /// The revision at which etcd created the watch. A watch from now on reports the changes after it.
    pub fn created_at(&self) -> i64 {
        self.created_at
    }

    /// Bytes of the updates since the last call.
    pub fn take_received(&mut self) -> u64 {
        std::mem::take(&mut self.received)
    }

    /// Asks for the progress of the watch. The answer is a [`WatchUpdate::Progress`]. Has no effect if too many such
    /// requests wait already.
    pub fn ask_progress(&self) {
        let request_union = Some(PbWatchRequestUnion::ProgressRequest(Default::default()));
        let _ = self.requests.try_send(PbWatchRequest { request_union });
    }

    /// Waits for the next update. It is cancel safe.
    pub async fn next(&mut self) -> WatchUpdate {
        let message = tokio::select! {
            biased;
            message = self.messages.message() => message,
            () = self.shared.wait_demoted(&self.member) => {
                return WatchUpdate::Cut(self.shared.why_left(TRIED, &self.member));
            }
        };
        let update = match message {
            Ok(Some(message)) => {
                self.received += message.encoded_len() as u64;
                let checked = self.shared.check_stream(&self.member.endpoint, message.header, self.opened);
                checked.and_then(|()| parse_message(message))
            }
            Ok(None) => Err(Status::unavailable("the server ended the stream")),
            Err(status) => Err(status),
        };
        match update {
            Ok(update) => update,
            Err(status) => WatchUpdate::Cut(self.failed(&status).await),
        }
    }

    async fn failed(&self, status: &Status) -> CallError {
        self.shared.failed(TRIED, &self.member, self.token.clone(), status).await
    }
}

impl fmt::Debug for KeyWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyWatch").field("endpoint", &self.member.endpoint).finish_non_exhaustive()
    }
}

/// Opens a stream and reads the confirmation of its watch, with its revision.
async fn open(
    shared: &SharedState,
    member: &Member,
    requests: mpsc::Receiver<PbWatchRequest>,
) -> Result<(Streaming<PbWatchResponse>, i64), Status> {
    let sent = shared.age.elapsed();
    let mut messages = rpc::watch(&member.channel, requests).await?;
    let confirmation = messages.message().await?.ok_or_else(|| Status::unavailable("the server ended the stream"))?;
    shared.check_stream(&member.endpoint, confirmation.header, sent)?;
    if confirmation.canceled {
        return Err(cancelled(&confirmation.cancel_reason));
    }
    Ok((messages, confirmation.header.map_or(0, |header| header.revision)))
}

/// The request that creates a watch with progress notifications.
fn creation(range: &KeyRange, from: i64, watched: Watched) -> PbWatchRequest {
    // etcd-client does not export the type of this message.
    let mut union = PbWatchRequestUnion::CreateRequest(Default::default());
    if let PbWatchRequestUnion::CreateRequest(create) = &mut union {
        create.key.clone_from(&range.start);
        create.range_end = range.end.clone().unwrap_or_else(|| vec![0]);
        create.start_revision = from;
        match watched {
            Watched::Changes => create.prev_kv = true,
            Watched::Deletes => create.filters = vec![NO_PUT],
        }
        create.progress_notify = true;
    }
    PbWatchRequest { request_union: Some(union) }
}

/// The update in a message. A cancelled watch is an error.
fn parse_message(message: PbWatchResponse) -> Result<WatchUpdate, Status> {
    let revision = message.header.map_or(0, |header| header.revision);
    if message.compact_revision > 0 {
        return Ok(WatchUpdate::Compacted { oldest: message.compact_revision });
    }
    if message.canceled {
        return Err(cancelled(&message.cancel_reason));
    }
    let changes: Vec<KeyChange> = message.events.into_iter().filter_map(to_key_change).collect();
    Ok(match changes.last().map(|last| last.revision) {
        // While a watch catches up, its header has a later revision than its changes.
        Some(revision) => WatchUpdate::Changes { changes, revision },
        None => WatchUpdate::Progress { revision },
    })
}

/// The status for the text with which etcd cancelled a watch; a call would have a code.
fn cancelled(reason: &str) -> Status {
    match reason {
        "" => Status::unavailable("the server cancelled the watch"),
        _ if reason.contains("permission denied") => Status::permission_denied(reason),
        _ if reason.contains("auth") => Status::unauthenticated(reason),
        _ => Status::unavailable(reason),
    }
}

/// Converts an event. `None` if it has no key, which etcd never sends.
fn to_key_change(event: PbEvent) -> Option<KeyChange> {
    let is_put = event.r#type == i32::from(EventType::Put);
    let PbKeyValue { key, lease, create_revision, mod_revision, .. } = event.kv?;
    let now = if is_put { KeyState::Put { lease: to_lease_id(lease), create_revision } } else { KeyState::Deleted };
    Some(KeyChange {
        key,
        before: event.prev_kv.and_then(|before| to_lease_id(before.lease)),
        now,
        revision: mod_revision,
    })
}
