//! The task of an engine. It passes events to the scheduler and runs the scheduler's actions.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use super::command::{Command, Start};
use super::response_queues::{NO_SLOT, ResponseQueues};
use super::status_feed::Feed;
use super::stream::{KeepaliveStream, Report, StreamId};
use super::subscriptions::Subscriptions;
use crate::cluster::LeaderPath;
use crate::keepalive::{Action, Notice, Scheduler, SlotId, StreamEnd};
use crate::wire::{CallError, Cluster, KeepaliveReply, Retry};
use crate::{Ended, EngineEventKind, Fault, LeaseId, TimeToLive};
use simkit::{Clock, Timestamp};

/// After a reply that etcd cannot have sent was reported, further ones are not reported for this long.
const WRONG_REPLY_PAUSE: Duration = Duration::from_secs(600);
/// Maximum number of inputs processed before the next turn of the scheduler.
const BATCH: usize = 256;

/// The reply to a request for the time left.
struct TtlReply {
    slot: SlotId,
    id: LeaseId,
    sent: Timestamp,
    answer: Result<TimeToLive, CallError>,
}

pub(super) struct Actor {
    cluster: Cluster,
    clock: Clock,
    scheduler: Scheduler,
    feed: Arc<Feed>,
    commands: mpsc::UnboundedReceiver<Command>,
    /// The open streams of each lane, the newest last.
    streams: Vec<Vec<KeepaliveStream>>,
    reports: mpsc::Sender<Report>,
    ttl_requests: FuturesUnordered<BoxFuture<'static, TtlReply>>,
    subscriptions: Subscriptions,
    /// The member of the stream that opened last; empty once its connection is lost.
    endpoint: String,
    /// The path to the leader; `None` while there is none.
    path: Option<LeaderPath>,
    /// When the last reply that etcd cannot have sent was reported.
    wrong_reply: Option<Timestamp>,
    closing: bool,
}

impl Actor {
    /// Runs until [`Command::Close`]. Then every keepalive ends with [`Ended::Closed`].
    pub(super) async fn run(
        cluster: Cluster,
        clock: Clock,
        scheduler: Scheduler,
        feed: Arc<Feed>,
        commands: mpsc::UnboundedReceiver<Command>,
    ) {
        let (sender, mut reports) = mpsc::channel(BATCH);
        let streams = (0..scheduler.lanes()).map(|_| Vec::new()).collect();
        let mut members = cluster.watch();
        let mut actor = Actor {
            cluster,
            clock,
            scheduler,
            feed,
            commands,
            streams,
            reports: sender,
            ttl_requests: FuturesUnordered::new(),
            subscriptions: Subscriptions::default(),
            endpoint: String::new(),
            path: None,
            wrong_reply: None,
            closing: false,
        };
        let (mut new_commands, mut new_reports) = (Vec::new(), Vec::new());
        loop {
            let wake = actor.scheduler.wake_at();
            tokio::select! {
                _ = actor.commands.recv_many(&mut new_commands, BATCH) => (),
                _ = reports.recv_many(&mut new_reports, BATCH) => (),
                Some(reply) = actor.ttl_requests.next() => actor.on_ttl_reply(&reply),
                () = actor.clock.sleep_until(wake.unwrap_or(Timestamp::NEVER)), if wake.is_some() => (),
                Ok(()) = members.changed() => actor.on_cluster_change(members.borrow_and_update().path()),
            }
            new_reports.drain(..).for_each(|report| actor.on_report(report));
            new_commands.drain(..).for_each(|command| actor.on_command(command));
            actor.turn();
            if actor.closing {
                break;
            }
        }
    }

    fn on_command(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::StartKeepAlive { id, queues, .. } if self.closing => queues.end(NO_SLOT, id, Ended::Closed),
            // The consumer stopped it at the same moment.
            Command::StartKeepAlive { id, queues, .. } if !queues.is_open(id) => (),
            Command::StartKeepAlive { id, start, pace, queues } => {
                let slot = match start {
                    Start::Adopt => self.scheduler.adopt(now, id, pace),
                    Start::Read { answer, sent } => self.scheduler.adopt_read(now, &answer, sent, pace),
                    Start::Granted { ttl, sent } => {
                        self.end_former(id, &queues, now);
                        self.scheduler.grant(now, id, ttl, sent, pace)
                    }
                };
                self.subscriptions.add(slot, id, queues);
                self.scheduler.mark_changed(slot);
                self.event(now, Some(id), || EngineEventKind::Kept);
            }
            Command::StopKeepAlive(ids) => self.in_batches(ids.into_iter(), |actor, id| {
                if let Some(slot) = actor.scheduler.slot(id) {
                    actor.remove_closed(slot, id);
                }
            }),
            Command::RenewNow(id) => {
                if let Some(slot) = self.scheduler.slot(id) {
                    self.scheduler.renew_now(now, slot);
                }
            }
            Command::Slept(slept) => {
                self.scheduler.on_sleep(now, slept);
                self.in_batches(self.subscriptions.slots(), |actor, slot| actor.scheduler.renew_now(now, slot));
            }
            Command::SetFault { id, drill } => {
                if let Some(slot) = self.scheduler.slot(id) {
                    self.set_fault(slot, id, drill, now);
                }
            }
            Command::WriteStatuses => {
                self.scheduler.track_changes(true);
                self.scheduler.mark_all_changed();
            }
            Command::Close => {
                self.in_batches(self.subscriptions.slots(), |actor, slot| actor.scheduler.end(slot, Ended::Closed));
                self.closing = true;
            }
        }
    }

    /// Ends the keepalive of a former lease with the id of a new one for all its subscribers but `new`. etcd grants no id that
    /// is in use, so the former lease is gone.
    fn end_former(&mut self, id: LeaseId, new: &Arc<ResponseQueues>, now: Timestamp) {
        if let Some(slot) = self.scheduler.slot(id)
            && let Some(reason) = self.scheduler.end_reason(slot, now)
        {
            self.subscriptions.end_others(slot, id, new, &reason);
        }
    }

    /// Calls `handle` for each item, with a turn after every [`BATCH`] items: each end needs memory until the next
    /// turn.
    fn in_batches<T>(&mut self, items: impl Iterator<Item = T>, mut handle: impl FnMut(&mut Self, T)) {
        for (index, item) in items.enumerate() {
            if index > 0 && index % BATCH == 0 {
                self.turn();
            }
            handle(self, item);
        }
    }

    fn set_fault(&mut self, slot: SlotId, id: LeaseId, drill: Option<Fault>, now: Timestamp) {
        if drill == Some(Fault::CutStream) {
            return self.cut_stream(slot, id, now);
        }
        self.event(now, Some(id), || drill.map_or(EngineEventKind::FaultEnded, EngineEventKind::FaultStarted));
        self.scheduler.set_fault(now, slot, drill);
    }

    /// Ends the current fault, and closes the stream of the lease if one is open.
    fn cut_stream(&mut self, slot: SlotId, id: LeaseId, now: Timestamp) {
        self.scheduler.set_fault(now, slot, None);
        let Some((lane, generation)) = self.scheduler.stream_of(slot) else { return };
        self.event(now, Some(id), || EngineEventKind::FaultStarted(Fault::CutStream));
        let end = StreamEnd::Broken("closed by a fault drill".to_owned());
        self.on_report(Report::StreamEnded { stream: StreamId { lane, generation }, end });
    }

    /// Removes the subscribers that closed their queue of a lease. Ends its keepalive if none remains.
    fn remove_closed(&mut self, slot: SlotId, id: LeaseId) {
        if self.subscriptions.remove_closed(slot, id) {
            self.scheduler.end(slot, Ended::Cancelled);
        } else {
            self.scheduler.mark_changed(slot);
        }
    }

    fn on_report(&mut self, report: Report) {
        let now = self.clock.now();
        match report {
            Report::StreamOpened { stream, endpoint } => {
                let mut streams = self.streams[stream.lane].iter_mut();
                if let Some(open) = streams.find(|open| open.generation == stream.generation) {
                    open.endpoint.clone_from(&endpoint);
                }
                if self.is_newest(stream) && endpoint != self.endpoint {
                    tracing::info!(endpoint, "renewals go to this member");
                    self.endpoint.clone_from(&endpoint);
                    self.event(now, None, || EngineEventKind::Connected { endpoint });
                }
            }
            Report::Replies { stream, at, batch } => {
                let StreamId { lane, generation } = stream;
                for KeepaliveReply { id, ttl, revision } in batch {
                    let wrong = self.scheduler.on_renewal_reply(at, lane, generation, id, ttl, revision);
                    if let Some(trouble) = wrong {
                        self.report_wrong_reply(stream, trouble, now);
                    }
                }
            }
            Report::StreamEnded { stream, end } => {
                // Renewals may go to another member than that of this stream.
                let is_in_use = ["", &*self.endpoint].contains(&self.endpoint_of(stream));
                if let StreamEnd::Broken(error) = &end
                    && self.is_newest(stream)
                    && !self.endpoint.is_empty()
                    && is_in_use
                {
                    let endpoint = std::mem::take(&mut self.endpoint);
                    let trouble = error.clone();
                    tracing::info!(endpoint, trouble, "the streams to this member broke");
                    self.event(now, None, || EngineEventKind::Lost { endpoint, trouble });
                }
                self.scheduler.stream_ended(now, stream.lane, stream.generation, end);
            }
        }
    }

    /// Reports a reply that etcd cannot have sent, at most once in [`WRONG_REPLY_PAUSE`]: a server that sends one may
    /// send one on each stream.
    fn report_wrong_reply(&mut self, stream: StreamId, trouble: String, now: Timestamp) {
        if self.wrong_reply.is_none_or(|before| before + WRONG_REPLY_PAUSE <= now) {
            self.wrong_reply = Some(now);
            let endpoint = self.endpoint_of(stream).to_owned();
            if endpoint == self.endpoint {
                // The next stream is reported, also if it leads to the same member.
                self.endpoint.clear();
            }
            tracing::warn!(endpoint, trouble, "closed a stream");
            self.event(now, None, || EngineEventKind::Lost { endpoint, trouble });
        }
    }

    fn on_ttl_reply(&mut self, reply: &TtlReply) {
        let answer = reply.answer.as_ref().map_err(CallError::clone);
        self.scheduler.on_ttl_reply(self.clock.now(), reply.slot, reply.id, reply.sent, answer);
    }

    /// Handles a new path to the leader: a lane without a stream may open one now, and a lane whose newest stream took
    /// another path sends its renewals again.
    fn on_cluster_change(&mut self, path: Option<LeaderPath>) {
        let Some(path) = path else {
            self.path = None;
            return;
        };
        if self.path == Some(path) {
            return;
        }
        self.path = Some(path);
        let now = self.clock.now();
        self.scheduler.start_over(now);
        for lane in 0..self.streams.len() {
            let stream = self.streams[lane].last();
            if stream.and_then(KeepaliveStream::path).is_some_and(|taken| taken != path) {
                self.scheduler.resend_on_new_path(now, lane);
            }
        }
    }

    /// The endpoint of an open stream; empty before its first reply.
    fn endpoint_of(&self, stream: StreamId) -> &str {
        let open = self.streams[stream.lane].iter().find(|open| open.generation == stream.generation);
        open.map_or("", |open| &open.endpoint)
    }

    fn is_newest(&self, stream: StreamId) -> bool {
        self.streams[stream.lane].last().is_some_and(|newest| newest.generation == stream.generation)
    }

    fn turn(&mut self) {
        let now = self.clock.now();
        if !self.feed.is_read() {
            // A new reader asks for all statuses.
            self.scheduler.track_changes(false);
        }
        let mut output = self.scheduler.turn(now);
        for action in output.actions.drain(..) {
            self.execute(action, now);
        }
        self.cluster.set_urgent(self.scheduler.is_failing());
        self.publish(output.notices.drain(..), &output.changed, now);
        self.scheduler.reuse(output);
    }

    /// Delivers renewals and ends to the subscribers, reports missed renewals as events, and writes the changed statuses if
    /// they are read.
    fn publish(
        &mut self,
        notices: impl Iterator<Item = (SlotId, LeaseId, Notice)>,
        changed: &[SlotId],
        now: Timestamp,
    ) {
        let mut feed = self.feed.writer();
        for (slot, id, notice) in notices {
            match notice {
                Notice::Renewed(renewal) => self.subscriptions.deliver(slot, id, &renewal, &mut feed),
                Notice::Missed { waited } => feed.event(now, Some(id), || EngineEventKind::Missed { waited }),
                Notice::Ended(reason, last) => self.subscriptions.end(slot, reason, last, now, &mut feed),
            }
        }
        if !feed.is_read() {
            return;
        }
        for slot in changed {
            if let Some(subscribers) = self.subscriptions.get(*slot) {
                feed.update(&self.scheduler, *slot, subscribers);
            }
        }
    }

    fn execute(&mut self, action: Action, now: Timestamp) {
        match action {
            Action::Open { lane, generation, unanswered } => {
                let silent = self
                    .streams
                    .get(lane)
                    .and_then(|streams| streams.first())
                    .and_then(KeepaliveStream::path)
                    .map(|path| path.member);
                let retry = Retry { unanswered, silent };
                let (id, reports) = (StreamId { lane, generation }, self.reports.clone());
                let stream = KeepaliveStream::open(self.cluster.clone(), self.clock.clone(), id, retry, reports);
                self.streams.resize_with(self.streams.len().max(lane + 1), Vec::new);
                self.streams[lane].push(stream);
            }
            Action::Send { lane, id } => {
                if let Some(stream) = self.streams[lane].last() {
                    stream.send(id);
                }
            }
            Action::Close { lane, generation } => {
                self.streams[lane].retain(|stream| stream.generation != generation);
                self.cluster.probe_now();
            }
            Action::QueryTtl { slot, id } => {
                let cluster = self.cluster.clone();
                // Only the call timeout applies: a late reply is still useful, and the scheduler has its own timeout.
                let request =
                    async move { TtlReply { slot, id, sent: now, answer: cluster.time_to_live(id, false).await } };
                self.ttl_requests.push(request.boxed());
            }
        }
    }

    fn event(&self, at: Timestamp, lease: Option<LeaseId>, kind: impl FnOnce() -> EngineEventKind) {
        self.feed.writer().event(at, lease, kind);
    }
}

impl Drop for Actor {
    /// Ends what came too late. If the runtime was shut down or the task panicked, ends every keepalive too: no consumer must
    /// wait for ever.
    fn drop(&mut self) {
        self.commands.close();
        while let Ok(late) = self.commands.try_recv() {
            if let Command::StartKeepAlive { id, queues, .. } = late {
                queues.end(NO_SLOT, id, Ended::Closed);
            }
        }
        for (slot, id) in self.scheduler.kept() {
            self.subscriptions.close(slot, id);
        }
    }
}
