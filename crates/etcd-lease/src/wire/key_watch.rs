//! The changes of keys, as they come.

use std::fmt;
use std::sync::Arc;

use etcd_client::EventType;
use etcd_client::proto::{PbEvent, PbKeyValue, PbWatchRequest, PbWatchRequestUnion, PbWatchResponse};
use http::HeaderValue;
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use super::key_pages::to_lease_id;
use super::member::Member;
use super::shared_state::SharedState;
use super::{Cluster, Error, rpc};
use crate::KeyChange;
use crate::KeyRange;
use crate::KeyState;

const TRIED: &str = "watch the keys";
/// A stream carries one watch, and now and then a question how far it is.
const QUESTIONS: usize = 4;

/// What a watch tells.
#[derive(Clone, Debug)]
pub enum WatchUpdate {
    /// What changed, in order and whole, up to this revision.
    Changes {
        /// The changes; all of one revision stand in one message.
        changes: Vec<KeyChange>,
        /// The revision up to which all is told.
        revision: i64,
    },
    /// Nothing else has changed up to this revision.
    Progress {
        /// That revision.
        revision: i64,
    },
    /// What came between is forgotten: read the keys anew. The watch has ended.
    Compacted {
        /// The oldest revision that is remembered.
        oldest: i64,
    },
    /// The stream broke: watch on from the revision behind the last one told. The watch has ended.
    Cut(Error),
}

/// A watch on a range of keys, until it is dropped.
pub struct KeyWatch {
    shared: Arc<SharedState>,
    member: Member,
    token: Option<HeaderValue>,
    questions: mpsc::Sender<PbWatchRequest>,
    messages: Streaming<PbWatchResponse>,
}

impl Cluster {
    /// Watches a range from a revision on (0: from now on), at the chosen member. It returns when that has confirmed.
    ///
    /// # Errors
    /// `Forbidden` where the user may not read the range; `Timeout` where nothing is answered in time; whatever the link, the login or the server says. A member's fault
    /// makes another one the choice.
    pub async fn watch_keys(&self, range: &KeyRange, from: i64) -> Result<KeyWatch, Error> {
        let shared = Arc::clone(self.shared());
        shared.wait_probed().await;
        let member = shared.current().clone();
        shared.log_in(&member).await?;
        let token = shared.login.token();
        let (questions, asked) = mpsc::channel(QUESTIONS);
        // The receiver is at hand and empty: it takes this one.
        let _ = questions.try_send(creation(range, from));
        let opened = tokio::time::timeout(shared.command_timeout(), open(&member, asked)).await;
        match opened.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time"))) {
            Ok(messages) => Ok(KeyWatch { shared, member, token, questions, messages }),
            Err(status) => Err(shared.failed(TRIED, &member, token, &status).await),
        }
    }
}

impl KeyWatch {
    /// The endpoint that tells.
    pub fn endpoint(&self) -> &str {
        &self.member.endpoint
    }

    /// Asks how far the watch is: the answer comes as [`WatchUpdate::Progress`]. A watch that is asked too often already
    /// is not asked again.
    pub fn ask_progress(&self) {
        let request_union = Some(PbWatchRequestUnion::ProgressRequest(Default::default()));
        let _ = self.questions.try_send(PbWatchRequest { request_union });
    }

    /// Waits for what it tells next. It can be dropped and called again.
    pub async fn next(&mut self) -> WatchUpdate {
        let message = tokio::select! {
            biased;
            message = self.messages.message() => message,
            () = self.shared.wait_demoted(&self.member) => Err(Status::deadline_exceeded("the member does not answer")),
        };
        let told = match message {
            Ok(Some(message)) => parse_message(message),
            Ok(None) => Err(Status::unavailable("the server ended the stream")),
            Err(status) => Err(status),
        };
        match told {
            Ok(watched) => watched,
            Err(status) => WatchUpdate::Cut(self.failed(&status).await),
        }
    }

    async fn failed(&self, status: &Status) -> Error {
        self.shared.failed(TRIED, &self.member, self.token.clone(), status).await
    }
}

impl fmt::Debug for KeyWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyWatch").field("endpoint", &self.member.endpoint).finish_non_exhaustive()
    }
}

/// Opens a stream and reads the confirmation of its watch.
async fn open(member: &Member, asked: mpsc::Receiver<PbWatchRequest>) -> Result<Streaming<PbWatchResponse>, Status> {
    let mut messages = rpc::watch(&member.channel, asked).await?;
    let confirmation = messages.message().await?.ok_or_else(|| Status::unavailable("the server ended the stream"))?;
    if confirmation.canceled { Err(cancelled(&confirmation.cancel_reason)) } else { Ok(messages) }
}

/// A watch with all that it needs: what was before, and a word now and then where nothing changes.
fn creation(range: &KeyRange, from: i64) -> PbWatchRequest {
    // The type of this message has no name outside of etcd-client.
    let mut union = PbWatchRequestUnion::CreateRequest(Default::default());
    if let PbWatchRequestUnion::CreateRequest(create) = &mut union {
        create.key.clone_from(&range.start);
        create.range_end = range.end.clone().unwrap_or_else(|| vec![0]);
        (create.start_revision, create.prev_kv, create.progress_notify) = (from, true, true);
    }
    PbWatchRequest { request_union: Some(union) }
}

/// What a message says. A watch that is cancelled is an error.
fn parse_message(message: PbWatchResponse) -> Result<WatchUpdate, Status> {
    let revision = message.header.map_or(0, |header| header.revision);
    if message.compact_revision > 0 {
        return Ok(WatchUpdate::Compacted { oldest: message.compact_revision });
    }
    if message.canceled {
        return Err(cancelled(&message.cancel_reason));
    }
    let changes: Vec<KeyChange> = message.events.into_iter().filter_map(change).collect();
    Ok(match changes.last().map(|last| last.revision) {
        // A watch that catches up names in its header a revision that it has not come to yet.
        Some(revision) => WatchUpdate::Changes { changes, revision },
        None => WatchUpdate::Progress { revision },
    })
}

/// etcd cancels with a reason in words where a call would have a code.
fn cancelled(reason: &str) -> Status {
    match reason {
        "" => Status::unavailable("the server cancelled the watch"),
        _ if reason.contains("permission denied") => Status::permission_denied(reason),
        _ if reason.contains("auth") => Status::unauthenticated(reason),
        _ => Status::unavailable(reason),
    }
}

fn change(event: PbEvent) -> Option<KeyChange> {
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
