//! A watch stream, with several watches that each start at a revision (`serverWatchStream` in etcd's
//! `v3rpc/watch.go`).

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use etcd_client::proto::{PbEvent, PbResponseHeader, PbWatchRequest, PbWatchRequestUnion, PbWatchResponse};
use futures_util::{Stream, stream};
use tokio::sync::watch;
use tonic::{Status, Streaming};

use super::cluster_state::ClusterState;
use super::keep_alive::leaderless;
use super::member::{GaugeGuard, MemberServer};
use super::store::{RequestError, Span, is_delete};
use simkit::Timestamp;

mod fragments;
use fragments::in_fragments;

/// The interval of progress notifications (`--watch-progress-notify-interval`).
const PROGRESS_INTERVAL: Duration = Duration::from_secs(600);
/// The watch id of replies that belong to no watch.
const NO_WATCHER: i64 = -1;
/// The filters of a watch, as numbers in the protocol.
const NO_PUT: i32 = 0;
const NO_DELETE: i32 = 1;

/// One open watch stream.
pub(super) struct Watches {
    member: MemberServer,
    /// `None` after the client has closed its side. Its watches continue.
    requests: Option<Streaming<PbWatchRequest>>,
    requires_leader: bool,
    watchers: BTreeMap<i64, Watcher>,
    next_id: i64,
    ready: VecDeque<PbWatchResponse>,
    revisions: watch::Receiver<i64>,
    report_due: Timestamp,
    /// How often the member's watches had been cut when this stream was opened.
    cuts: u64,
    _counted: GaugeGuard,
}

/// One watch of a stream.
#[derive(Debug, Default)]
struct Watcher {
    key: Vec<u8>,
    end: Vec<u8>,
    /// The first revision that has not been sent yet.
    next: i64,
    filters: Vec<i32>,
    with_before: bool,
    in_fragments: bool,
    reports: bool,
    /// Whether nothing was sent since the last progress report.
    quiet: bool,
}

/// What wakes a stream.
enum WatchInput {
    Request(Option<PbWatchRequest>),
    Changed,
    ReportDue,
}

type WatchAnswer = Result<PbWatchResponse, Status>;

impl Watches {
    pub(super) fn new(member: MemberServer, requests: Streaming<PbWatchRequest>, requires_leader: bool) -> Self {
        let cuts = member.with(|member| member.watch_cuts);
        let report_due = member.cluster.clock.now() + PROGRESS_INTERVAL;
        let (revisions, _counted) = (member.cluster.revisions(), member.count_watch());
        Watches {
            member,
            requests: Some(requests),
            requires_leader,
            watchers: BTreeMap::new(),
            next_id: 0,
            ready: VecDeque::new(),
            revisions,
            report_due,
            cuts,
            _counted,
        }
    }

    /// The responses of the stream. The first error is the last item.
    pub(super) fn into_responses(self) -> impl Stream<Item = WatchAnswer> {
        stream::unfold(Some(self), |open| async {
            let mut open = open?;
            match open.next().await {
                Ok(answer) => Some((Ok(answer), Some(open))),
                Err(status) => Some((Err(status), None)),
            }
        })
    }

    /// The next reply.
    pub(super) async fn next(&mut self) -> WatchAnswer {
        let (member, cuts) = (self.member.clone(), self.cuts);
        tokio::select! {
            biased;
            status = member.until(|member| (member.watch_cuts > cuts).then(|| member.watch_cut_with.clone())) => Err(status),
            () = leaderless(&member), if self.requires_leader => Err(RequestError::NoLeader.into()),
            answered = self.serve() => answered,
        }
    }

    async fn serve(&mut self) -> WatchAnswer {
        loop {
            if let Some(answer) = self.ready.pop_front() {
                self.member.delay_answer().await;
                return Ok(answer);
            }
            let input = self.next_input().await?;
            self.member.until_resumed().await;
            let cluster = self.member.cluster.clone();
            let index = self.member.index;
            cluster.with(|state, now| state.with_data_of(index, |state| self.on_input(input, state, now)));
        }
    }

    async fn next_input(&mut self) -> Result<WatchInput, Status> {
        let requests = &mut self.requests;
        let asked = async {
            match requests {
                Some(requests) => requests.message().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            asked = asked => Ok(WatchInput::Request(asked?)),
            // The sender lives as long as the cluster.
            _ = self.revisions.changed() => Ok(WatchInput::Changed),
            () = self.member.cluster.clock.sleep_until(self.report_due) => Ok(WatchInput::ReportDue),
        }
    }

    fn on_input(&mut self, input: WatchInput, state: &ClusterState, now: Timestamp) {
        match input {
            WatchInput::Request(Some(request)) => self.on_request(request, state),
            WatchInput::Request(None) => self.requests = None,
            WatchInput::Changed => {}
            WatchInput::ReportDue => self.report(state, now),
        }
        self.catch_up(state);
    }

    fn on_request(&mut self, request: PbWatchRequest, state: &ClusterState) {
        match request.request_union {
            Some(PbWatchRequestUnion::CreateRequest(asked)) => {
                let watcher = Watcher {
                    key: asked.key,
                    end: asked.range_end,
                    next: asked.start_revision,
                    filters: asked.filters,
                    with_before: asked.prev_kv,
                    in_fragments: asked.fragment,
                    reports: asked.progress_notify,
                    quiet: true,
                };
                self.create(asked.watch_id, watcher, state);
            }
            Some(PbWatchRequestUnion::CancelRequest(asked)) => self.cancel(asked.watch_id, state),
            Some(PbWatchRequestUnion::ProgressRequest(_)) => {
                // The answer says that all changes up to its revision were sent.
                self.catch_up(state);
                self.push_response(NO_WATCHER, state, |_| {});
            }
            None => {}
        }
    }

    fn create(&mut self, id: i64, mut watcher: Watcher, state: &ClusterState) {
        if watcher.key.is_empty() {
            watcher.key = vec![0];
        }
        if watcher.next == 0 {
            watcher.next = state.store.keys().revision() + 1;
        }
        match self.rejection(id, &watcher) {
            Some(reason) => self.push_response(NO_WATCHER, state, |answer| {
                answer.created = true;
                answer.canceled = true;
                answer.cancel_reason = reason.to_owned();
            }),
            None => {
                let id = if id == 0 { self.unused_id() } else { id };
                self.push_response(id, state, |answer| answer.created = true);
                self.watchers.insert(id, watcher);
            }
        }
    }

    /// Why a watch is rejected, with etcd's texts (`mvcc/watcher.go`).
    fn rejection(&self, id: i64, watcher: &Watcher) -> Option<&'static str> {
        let is_taken = id != 0 && self.watchers.contains_key(&id);
        match watcher {
            _ if watcher.span().is_empty() => Some("mvcc: watcher range is empty"),
            _ if is_taken => Some("mvcc: duplicate watch ID provided on the WatchStream"),
            _ => None,
        }
    }

    fn unused_id(&mut self) -> i64 {
        while self.watchers.contains_key(&self.next_id) {
            self.next_id += 1;
        }
        self.next_id += 1;
        self.next_id - 1
    }

    /// Cancels a watch. Sends no reply if the watch does not exist.
    fn cancel(&mut self, id: i64, state: &ClusterState) {
        if self.watchers.remove(&id).is_some() {
            self.push_response(id, state, |answer| answer.canceled = true);
        }
    }

    fn push_response(&mut self, id: i64, state: &ClusterState, fill: impl FnOnce(&mut PbWatchResponse)) {
        let header = Some(state.header(self.member.index));
        let mut answer = PbWatchResponse { header, watch_id: id, ..Default::default() };
        fill(&mut answer);
        self.ready.push_back(answer);
    }

    /// Sends new changes to the watches, and ends those that need compacted revisions.
    fn catch_up(&mut self, state: &ClusterState) {
        let (header, keys) = (state.header(self.member.index), state.store.keys());
        let ready = &mut self.ready;
        self.watchers.retain(|&id, watcher| {
            if watcher.next < keys.compacted() {
                ready.push_back(compacted(id, &header, keys.compacted()));
                return false;
            }
            if watcher.next <= header.revision {
                let events = watcher.new_events(state);
                watcher.quiet &= events.is_empty();
                watcher.next = header.revision + 1;
                ready.extend(in_fragments(id, &header, events, watcher.in_fragments));
            }
            true
        });
    }

    /// Sends a progress report to each watch that requested it and has received nothing since the last one.
    fn report(&mut self, state: &ClusterState, now: Timestamp) {
        self.report_due = now + PROGRESS_INTERVAL;
        self.catch_up(state);
        let header = state.header(self.member.index);
        for (&watch_id, watcher) in &mut self.watchers {
            if watcher.reports && watcher.quiet {
                let header = Some(header);
                self.ready.push_back(PbWatchResponse { header, watch_id, ..Default::default() });
            }
            watcher.quiet = true;
        }
    }
}

impl Watcher {
    fn span(&self) -> Span<'_> {
        Span { key: &self.key, end: &self.end }
    }

    /// The changes that have not been sent yet.
    fn new_events(&self, state: &ClusterState) -> Vec<PbEvent> {
        let changes = state.store.keys().changes(self.span(), self.next);
        let wanted = changes.filter(|change| {
            let filter = if is_delete(change) { NO_DELETE } else { NO_PUT };
            !self.filters.contains(&filter)
        });
        let events = wanted.map(|change| PbEvent {
            r#type: change.r#type,
            kv: change.kv.clone(),
            prev_kv: change.prev_kv.as_ref().filter(|_| self.with_before).cloned(),
        });
        events.collect()
    }
}

/// Creates the reply that ends a watch on a compacted revision. Like etcd, it omits the revision in the header.
fn compacted(watch_id: i64, header: &PbResponseHeader, revision: i64) -> PbWatchResponse {
    let header = Some(PbResponseHeader { revision: 0, ..*header });
    PbWatchResponse { header, watch_id, canceled: true, compact_revision: revision, ..Default::default() }
}
