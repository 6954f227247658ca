//! The changes of keys, as they come.

use std::fmt;
use std::sync::Arc;

use etcd_client::EventType;
use etcd_client::proto::{PbEvent, PbKeyValue, PbWatchRequest, PbWatchRequestUnion, PbWatchResponse};
use http::HeaderValue;
use tokio::sync::mpsc;
use tonic::{Status, Streaming};

use super::cluster::Shared;
use super::keys::named;
use super::member::Member;
use super::{Cluster, Error, stub};
use crate::domain::{KeyChange, KeyNow, KeyRange};

const TRIED: &str = "watch the keys";
/// A stream carries one watch, and now and then a question how far it is.
const QUESTIONS: usize = 4;

/// What a watch tells.
#[derive(Clone, Debug)]
pub enum Watched {
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
    shared: Arc<Shared>,
    member: Member,
    token: Option<HeaderValue>,
    questions: mpsc::Sender<PbWatchRequest>,
    messages: Streaming<PbWatchResponse>,
}

impl Cluster {
    /// Watches a range from a revision on (0: from now on), at the chosen member.
    ///
    /// # Errors
    /// `Timeout` where nothing is answered in time; whatever the link, the login or the server says. A member's fault
    /// makes another one the choice.
    pub async fn watch_keys(&self, range: &KeyRange, from: i64) -> Result<KeyWatch, Error> {
        let shared = Arc::clone(self.shared());
        shared.settle().await;
        let member = shared.current().clone();
        shared.log_in(&member).await?;
        let token = shared.login.token();
        let (questions, asked) = mpsc::channel(QUESTIONS);
        // The receiver is at hand and empty: it takes this one.
        let _ = questions.try_send(creation(range, from));
        let opened = tokio::select! {
            opened = stub::watch(&member.channel, asked) => opened,
            () = tokio::time::sleep(shared.command_timeout()) => Err(Status::deadline_exceeded("no answer in time")),
        };
        match opened {
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

    /// Asks how far the watch is: the answer comes as [`Watched::Progress`]. A watch that is asked too often already
    /// is not asked again.
    pub fn ask_progress(&self) {
        let request_union = Some(PbWatchRequestUnion::ProgressRequest(Default::default()));
        let _ = self.questions.try_send(PbWatchRequest { request_union });
    }

    /// Waits for what it tells next. It can be dropped and called again.
    pub async fn next(&mut self) -> Watched {
        loop {
            let message = tokio::select! {
                biased;
                message = self.messages.message() => message,
                () = self.shared.left(&self.member) => Err(Status::deadline_exceeded("the member does not answer")),
            };
            let told = match message {
                Ok(Some(message)) => tell(message),
                Ok(None) => Err(Status::unavailable("the server ended the stream")),
                Err(status) => Err(status),
            };
            match told {
                Ok(Some(watched)) => return watched,
                // The confirmation of the watch.
                Ok(None) => {}
                Err(status) => return Watched::Cut(self.failed(&status).await),
            }
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

/// What a message says; nothing where it confirms the watch. A watch that is refused or cancelled is an error.
fn tell(message: PbWatchResponse) -> Result<Option<Watched>, Status> {
    let revision = message.header.map_or(0, |header| header.revision);
    match message {
        _ if message.compact_revision > 0 => Ok(Some(Watched::Compacted { oldest: message.compact_revision })),
        _ if message.canceled => Err(cancelled(&message.cancel_reason)),
        _ if message.created => Ok(None),
        _ if message.events.is_empty() => Ok(Some(Watched::Progress { revision })),
        _ => {
            let changes: Vec<KeyChange> = message.events.into_iter().filter_map(change).collect();
            // A watch that catches up names in its header a revision that it has not come to yet.
            let told = changes.last().map_or(revision, |last| last.revision);
            Ok(Some(Watched::Changes { changes, revision: told }))
        }
    }
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
    let now = if is_put { KeyNow::Put { lease: named(lease), create_revision } } else { KeyNow::Deleted };
    Some(KeyChange { key, before: event.prev_kv.and_then(|before| named(before.lease)), now, revision: mod_revision })
}
