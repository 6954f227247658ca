//! The engine's one task: it feeds the schedule with what happens and carries out what the schedule decides.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use super::board::{Board, Subscribers, gauge};
use super::inbox::{Delivered, Inbox, Response};
use super::stream::{KeepaliveStream, StreamId};
use crate::ClusterView;
use crate::Ended;
use crate::EngineEvent;
use crate::EngineEventKind;
use crate::Fault;
use crate::LeaseId;
use crate::LeaseStatus;
use crate::RenewalSchedule;
use crate::TimeToLive;
use crate::keepalive::{Action, AnsweredRenewal, Notice, Scheduler, SlotId, StreamEnd};
use crate::wire::{self, Cluster, KeepaliveReply};
use simkit::Clock;
use simkit::Timestamp;

/// Inputs that are taken in before the schedule has its turn.
const BATCH: usize = 256;

/// What the engine's users want.
#[derive(Debug)]
pub(super) enum Command {
    StartKeepAlive { id: LeaseId, start: Start, pace: Option<RenewalSchedule>, inbox: Arc<Inbox> },
    StopKeepAlive(LeaseId),
    RenewNow(LeaseId),
    SetFault { id: LeaseId, drill: Option<Fault> },
    Close,
}

/// What is known of a lease when keeping it begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    Adopt,
    Granted { ttl: i64, sent: Timestamp },
}

/// What the streams tell.
#[derive(Debug)]
pub(super) enum Report {
    StreamOpened { endpoint: String },
    Replies { stream_id: StreamId, at: Timestamp, batch: Vec<KeepaliveReply> },
    StreamEnded { stream_id: StreamId, end: StreamEnd },
}

/// A question for time left, answered.
struct TtlReply {
    slot: SlotId,
    id: LeaseId,
    sent: Timestamp,
    answer: Result<TimeToLive, wire::Error>,
}

pub(super) struct Actor {
    cluster: Cluster,
    clock: Clock,
    scheduler: Scheduler,
    board: Board,
    streams: Vec<Option<KeepaliveStream>>,
    reports: mpsc::Sender<Report>,
    ttl_queries: FuturesUnordered<BoxFuture<'static, TtlReply>>,
    subscribers: Vec<Option<Subscribers>>,
    endpoint: String,
    closing: bool,
    /// For the board, written once a round.
    changed: Vec<SlotId>,
    ended: Vec<(LeaseStatus, Subscribers)>,
    events: Vec<EngineEvent>,
}

impl Actor {
    /// Runs until it is told to close; then every lease ends as closed.
    pub(super) async fn run(
        cluster: Cluster,
        clock: Clock,
        scheduler: Scheduler,
        board: Board,
        mut commands: mpsc::UnboundedReceiver<Command>,
    ) {
        let (sender, mut reports) = mpsc::channel(BATCH);
        let streams = (0..scheduler.lanes()).map(|_| None).collect();
        let mut members = cluster.watch();
        let mut actor = Actor {
            cluster,
            clock,
            scheduler,
            board,
            streams,
            reports: sender,
            ttl_queries: FuturesUnordered::new(),
            subscribers: Vec::new(),
            endpoint: String::new(),
            closing: false,
            changed: Vec::new(),
            ended: Vec::new(),
            events: Vec::new(),
        };
        let (mut new_commands, mut new_reports) = (Vec::new(), Vec::new());
        loop {
            let wake = actor.scheduler.wake_at();
            tokio::select! {
                _ = commands.recv_many(&mut new_commands, BATCH) => (),
                _ = reports.recv_many(&mut new_reports, BATCH) => (),
                Some(reply) = actor.ttl_queries.next() => actor.on_ttl_reply(&reply),
                () = actor.clock.sleep_until(wake.unwrap_or(Timestamp::NEVER)), if wake.is_some() => (),
                Ok(()) = members.changed() => actor.on_cluster_change(&members.borrow_and_update().clone()),
            }
            new_reports.drain(..).for_each(|report| actor.on_report(report));
            new_commands.drain(..).for_each(|command| actor.on_command(command));
            actor.turn();
            if actor.closing {
                break;
            }
        }
        commands.close();
        while let Ok(late) = commands.try_recv() {
            actor.on_command(late);
        }
    }

    fn on_command(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::StartKeepAlive { id, inbox, .. } if self.closing => inbox.end(id, Ended::Closed),
            Command::StartKeepAlive { id, start, pace, inbox } => {
                let slot = match start {
                    Start::Adopt => self.scheduler.adopt(now, id, pace),
                    Start::Granted { ttl, sent } => self.scheduler.grant(now, id, ttl, sent, pace),
                };
                self.subscribe(slot, inbox);
                self.event(now, Some(id), || EngineEventKind::Kept);
            }
            Command::StopKeepAlive(id) => {
                if let Some(slot) = self.scheduler.slot(id) {
                    self.remove_subscriber(slot, id);
                }
            }
            Command::RenewNow(id) => {
                if let Some(slot) = self.scheduler.slot(id) {
                    self.scheduler.renew_now(now, slot);
                }
            }
            Command::SetFault { id, drill } => {
                if let Some(slot) = self.scheduler.slot(id) {
                    self.set_fault(slot, id, drill, now);
                }
            }
            Command::Close => {
                let slots = (0..self.subscribers.len()).filter_map(|slot| SlotId::try_from(slot).ok());
                slots.for_each(|slot| self.scheduler.end(slot, Ended::Closed));
                self.closing = true;
            }
        }
    }

    fn set_fault(&mut self, slot: SlotId, id: LeaseId, drill: Option<Fault>, now: Timestamp) {
        self.event(now, Some(id), || drill.map_or(EngineEventKind::FaultEnded, EngineEventKind::FaultStarted));
        if drill == Some(Fault::CutStream) {
            if let Some((lane, generation)) = self.scheduler.stream_of(slot) {
                let end = StreamEnd::Broken("cut by a drill".to_owned());
                self.on_report(Report::StreamEnded { stream_id: StreamId { lane, generation }, end });
            }
        } else {
            self.scheduler.set_fault(now, slot, drill);
        }
    }

    fn subscribe(&mut self, slot: SlotId, inbox: Arc<Inbox>) {
        let index = slot as usize;
        if self.subscribers.len() <= index {
            self.subscribers.resize(index + 1, None);
        }
        let present = self.subscribers[index].iter().flat_map(|inboxes| inboxes.iter().cloned());
        // One that left and came back before we heard of it is there already.
        let others = present.filter(|other| !Arc::ptr_eq(other, &inbox)).collect::<Vec<_>>();
        self.subscribers[index] = Some(others.into_iter().chain([inbox]).collect());
    }

    /// Whoever has closed its queue of the lease is no subscriber any more; without any it is not kept.
    fn remove_subscriber(&mut self, slot: SlotId, id: LeaseId) {
        let Some(present) = self.subscribers[slot as usize].as_ref() else { return };
        let rest: Subscribers = present.iter().filter(|inbox| inbox.is_open(id)).cloned().collect();
        let over = rest.is_empty();
        self.subscribers[slot as usize] = Some(rest);
        if over {
            self.scheduler.end(slot, Ended::Cancelled);
        }
    }

    fn on_report(&mut self, report: Report) {
        let now = self.clock.now();
        match report {
            Report::StreamOpened { endpoint } => {
                if endpoint != self.endpoint {
                    tracing::info!(endpoint, "renewals go to this member");
                    self.endpoint.clone_from(&endpoint);
                    self.event(now, None, || EngineEventKind::Connected { endpoint });
                }
            }
            Report::Replies { stream_id, at, batch } => {
                for answer in batch {
                    self.scheduler.on_renewal_reply(
                        at,
                        stream_id.lane,
                        stream_id.generation,
                        answer.id,
                        answer.ttl,
                        answer.revision,
                    );
                }
            }
            Report::StreamEnded { stream_id, end } => {
                if let StreamEnd::Broken(trouble) = &end
                    && !self.endpoint.is_empty()
                {
                    let (endpoint, trouble) = (std::mem::take(&mut self.endpoint), trouble.clone());
                    tracing::info!(endpoint, trouble, "the streams to this member broke");
                    self.event(now, None, || EngineEventKind::Lost { endpoint, trouble });
                }
                self.scheduler.stream_ended(now, stream_id.lane, stream_id.generation, end);
            }
        }
    }

    fn on_ttl_reply(&mut self, reply: &TtlReply) {
        let answer = reply.answer.as_ref().map_err(ToString::to_string);
        self.scheduler.on_ttl_reply(self.clock.now(), reply.slot, reply.id, reply.sent, answer);
    }

    /// The cluster has another member as its choice: renewals go there.
    fn on_cluster_change(&mut self, view: &ClusterView) {
        if let Some(member) = view.current()
            && !self.endpoint.is_empty()
            && member.endpoint != self.endpoint
        {
            self.scheduler.migrate_streams();
        }
    }

    fn turn(&mut self) {
        let now = self.clock.now();
        let output = self.scheduler.turn(now);
        for action in output.actions {
            self.execute(action, now);
        }
        for (slot, id, notice) in output.notices {
            self.on_notice(slot, id, notice, now);
        }
        self.publish();
    }

    fn execute(&mut self, action: Action, now: Timestamp) {
        match action {
            Action::Open { lane, generation } => {
                let stream_id = StreamId { lane, generation };
                let stream =
                    KeepaliveStream::open(self.cluster.clone(), self.clock.clone(), stream_id, self.reports.clone());
                self.streams[lane] = Some(stream);
            }
            Action::Send { lane, id } => {
                if let Some(stream) = &self.streams[lane] {
                    stream.send(id);
                }
            }
            Action::Close { lane } => {
                self.streams[lane] = None;
                self.cluster.probe_now();
            }
            Action::QueryTtl { slot, id } => {
                let cluster = self.cluster.clone();
                // No time-out but the call's own: a late word is still worth having, and the schedule gives up by itself.
                let ask =
                    async move { TtlReply { slot, id, sent: now, answer: cluster.time_to_live(id, false).await } };
                self.ttl_queries.push(ask.boxed());
            }
        }
    }

    fn on_notice(&mut self, slot: SlotId, id: LeaseId, notice: Notice, now: Timestamp) {
        match notice {
            Notice::Changed => (),
            Notice::Renewed(renewal) => self.on_renewed(slot, id, renewal),
            Notice::Missed { waited } => self.event(now, Some(id), || EngineEventKind::Missed { waited }),
            Notice::Ended(last) => return self.on_lease_ended(slot, *last, now),
        }
        if self.board.is_watched() {
            self.changed.push(slot);
        }
    }

    fn on_renewed(&mut self, slot: SlotId, id: LeaseId, renewal: AnsweredRenewal) {
        let AnsweredRenewal { ttl, at, interval, round_trip, revision } = renewal;
        self.event(at, Some(id), || EngineEventKind::Renewed { ttl, interval, round_trip });
        let Some(subscribers) = self.subscribers[slot as usize].clone() else { return };
        for inbox in subscribers.iter() {
            let delivered = inbox.deliver(Response { id, ttl, at, round_trip, revision });
            if let Delivered::Dropped(queue) = delivered {
                tracing::warn!(
                    lease = %id,
                    "queue-size" = queue.depth,
                    "queue-capacity" = queue.capacity,
                    "lease keepalive response queue is full; dropping response send"
                );
                let (queue_size, queue_capacity) = (queue.depth, queue.capacity);
                self.event(at, Some(id), || EngineEventKind::Dropped { queue_size, queue_capacity });
            }
        }
    }

    fn on_lease_ended(&mut self, slot: SlotId, mut last: LeaseStatus, now: Timestamp) {
        let Some(subscribers) = self.subscribers[slot as usize].take() else { return };
        let Some(ended) = last.ended.clone() else { return };
        tracing::info!(lease = %last.id, reason = %ended, "lease is not kept alive any more");
        last.queue = gauge(&subscribers, last.id);
        subscribers.iter().for_each(|inbox| inbox.end(last.id, ended.clone()));
        self.event(now, Some(last.id), || EngineEventKind::Ended(ended));
        if self.board.is_watched() {
            self.ended.push((last, subscribers));
        }
    }

    fn event(&mut self, at: Timestamp, lease: Option<LeaseId>, kind: impl FnOnce() -> EngineEventKind) {
        if self.board.is_watched() {
            self.events.push(EngineEvent { at, lease, kind: kind() });
        }
    }

    fn publish(&mut self) {
        let changed = self.changed.drain(..);
        let living = changed.filter_map(|slot| {
            let subscribers = self.subscribers[slot as usize].clone()?;
            Some((self.scheduler.status(slot)?, subscribers))
        });
        let statuses = self.ended.drain(..).chain(living).collect();
        self.board.write(statuses, std::mem::take(&mut self.events));
    }
}
