//! The engine's one task: it feeds the schedule with what happens and carries out what the schedule decides.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use super::board::{Board, Subscribers, gauge};
use super::inbox::{Delivered, Inbox, Response};
use super::stream::{LaneStream, StreamName};
use crate::keeper::{Act, Keeper, News, Renewal, Slot, StreamEnd};
use crate::wire::{self, Answer, Cluster};
use crate::{ClusterView, Drill, Ended, EngineEvent, EngineEventKind, LeaseId, LeaseStatus, Pace, TimeToLive};
use simkit::Clock;
use simkit::Moment;

/// Inputs that are taken in before the schedule has its turn.
const BATCH: usize = 256;

/// What the engine's users want.
#[derive(Debug)]
pub(super) enum Command {
    Keep { id: LeaseId, start: Start, pace: Option<Pace>, inbox: Arc<Inbox> },
    Leave(LeaseId),
    RenewNow(LeaseId),
    Drill { id: LeaseId, drill: Option<Drill> },
    Close,
}

/// What is known of a lease when keeping it begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Start {
    Adopt,
    Granted { ttl: i64, sent: Moment },
}

/// What the streams tell.
#[derive(Debug)]
pub(super) enum Report {
    StreamOpened { endpoint: String },
    Answers { name: StreamName, at: Moment, batch: Vec<Answer> },
    StreamEnded { name: StreamName, end: StreamEnd },
}

/// A question for time left, answered.
struct Asked {
    slot: Slot,
    id: LeaseId,
    sent: Moment,
    answer: Result<TimeToLive, wire::Error>,
}

pub(super) struct Actor {
    cluster: Cluster,
    clock: Clock,
    keeper: Keeper,
    board: Board,
    streams: Vec<Option<LaneStream>>,
    reports: mpsc::Sender<Report>,
    asks: FuturesUnordered<BoxFuture<'static, Asked>>,
    subscribers: Vec<Option<Subscribers>>,
    endpoint: String,
    closing: bool,
    /// For the board, written once a round.
    touched: Vec<Slot>,
    buried: Vec<(LeaseStatus, Subscribers)>,
    events: Vec<EngineEvent>,
}

impl Actor {
    /// Runs until it is told to close; then every lease ends as closed.
    pub(super) async fn run(
        cluster: Cluster,
        clock: Clock,
        keeper: Keeper,
        board: Board,
        mut commands: mpsc::UnboundedReceiver<Command>,
    ) {
        let (sender, mut reports) = mpsc::channel(BATCH);
        let streams = (0..keeper.lanes()).map(|_| None).collect();
        let mut members = cluster.watch();
        let mut actor = Actor {
            cluster,
            clock,
            keeper,
            board,
            streams,
            reports: sender,
            asks: FuturesUnordered::new(),
            subscribers: Vec::new(),
            endpoint: String::new(),
            closing: false,
            touched: Vec::new(),
            buried: Vec::new(),
            events: Vec::new(),
        };
        let (mut wanted, mut told) = (Vec::new(), Vec::new());
        loop {
            let wake = actor.keeper.wake_at();
            tokio::select! {
                _ = commands.recv_many(&mut wanted, BATCH) => (),
                _ = reports.recv_many(&mut told, BATCH) => (),
                Some(asked) = actor.asks.next() => actor.asked(&asked),
                () = actor.clock.sleep_until(wake.unwrap_or(Moment::FAR)), if wake.is_some() => (),
                Ok(()) = members.changed() => actor.follow(&members.borrow_and_update().clone()),
            }
            told.drain(..).for_each(|report| actor.told(report));
            wanted.drain(..).for_each(|command| actor.wanted(command));
            actor.turn();
            if actor.closing {
                break;
            }
        }
        commands.close();
        while let Ok(late) = commands.try_recv() {
            actor.wanted(late);
        }
    }

    fn wanted(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Keep { id, inbox, .. } if self.closing => inbox.end(id, Ended::Closed),
            Command::Keep { id, start, pace, inbox } => {
                let slot = match start {
                    Start::Adopt => self.keeper.adopt(now, id, pace),
                    Start::Granted { ttl, sent } => self.keeper.grant(now, id, ttl, sent, pace),
                };
                self.subscribe(slot, inbox);
                self.event(now, Some(id), || EngineEventKind::Kept);
            }
            Command::Leave(id) => {
                if let Some(slot) = self.keeper.slot(id) {
                    self.leave(slot, id);
                }
            }
            Command::RenewNow(id) => {
                if let Some(slot) = self.keeper.slot(id) {
                    self.keeper.renew_now(now, slot);
                }
            }
            Command::Drill { id, drill } => {
                if let Some(slot) = self.keeper.slot(id) {
                    self.drill(slot, id, drill, now);
                }
            }
            Command::Close => {
                let slots = (0..self.subscribers.len()).filter_map(|slot| Slot::try_from(slot).ok());
                slots.for_each(|slot| self.keeper.end(slot, Ended::Closed));
                self.closing = true;
            }
        }
    }

    fn drill(&mut self, slot: Slot, id: LeaseId, drill: Option<Drill>, now: Moment) {
        self.event(now, Some(id), || drill.map_or(EngineEventKind::DrillEnded, EngineEventKind::DrillBegun));
        if drill == Some(Drill::CutStream) {
            if let Some((lane, generation)) = self.keeper.stream_of(slot) {
                let end = StreamEnd::Broken("cut by a drill".to_owned());
                self.told(Report::StreamEnded { name: StreamName { lane, generation }, end });
            }
        } else {
            self.keeper.drill(now, slot, drill);
        }
    }

    fn subscribe(&mut self, slot: Slot, inbox: Arc<Inbox>) {
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
    fn leave(&mut self, slot: Slot, id: LeaseId) {
        let Some(present) = self.subscribers[slot as usize].as_ref() else { return };
        let rest: Subscribers = present.iter().filter(|inbox| inbox.is_open(id)).cloned().collect();
        let over = rest.is_empty();
        self.subscribers[slot as usize] = Some(rest);
        if over {
            self.keeper.end(slot, Ended::Cancelled);
        }
    }

    fn told(&mut self, report: Report) {
        let now = self.clock.now();
        match report {
            Report::StreamOpened { endpoint } => {
                if endpoint != self.endpoint {
                    tracing::info!(endpoint, "renewals go to this member");
                    self.endpoint.clone_from(&endpoint);
                    self.event(now, None, || EngineEventKind::Connected { endpoint });
                }
            }
            Report::Answers { name, at, batch } => {
                for answer in batch {
                    self.keeper.answered(at, name.lane, name.generation, answer.id, answer.ttl, answer.revision);
                }
            }
            Report::StreamEnded { name, end } => {
                if let StreamEnd::Broken(trouble) = &end
                    && !self.endpoint.is_empty()
                {
                    let (endpoint, trouble) = (std::mem::take(&mut self.endpoint), trouble.clone());
                    tracing::info!(endpoint, trouble, "the streams to this member broke");
                    self.event(now, None, || EngineEventKind::Lost { endpoint, trouble });
                }
                self.keeper.stream_ended(now, name.lane, name.generation, end);
            }
        }
    }

    fn asked(&mut self, asked: &Asked) {
        let answer = asked.answer.as_ref().map_err(ToString::to_string);
        self.keeper.asked(self.clock.now(), asked.slot, asked.id, asked.sent, answer);
    }

    /// The cluster has another member as its choice: renewals go there.
    fn follow(&mut self, view: &ClusterView) {
        if let Some(member) = view.current()
            && !self.endpoint.is_empty()
            && member.endpoint != self.endpoint
        {
            self.keeper.move_on();
        }
    }

    fn turn(&mut self) {
        let now = self.clock.now();
        let outcome = self.keeper.turn(now);
        for act in outcome.acts {
            self.act(act, now);
        }
        for (slot, id, news) in outcome.news {
            self.tell(slot, id, news, now);
        }
        self.write();
    }

    fn act(&mut self, act: Act, now: Moment) {
        match act {
            Act::Open { lane, generation } => {
                let name = StreamName { lane, generation };
                let stream = LaneStream::open(self.cluster.clone(), self.clock.clone(), name, self.reports.clone());
                self.streams[lane] = Some(stream);
            }
            Act::Send { lane, id } => {
                if let Some(stream) = &self.streams[lane] {
                    stream.send(id);
                }
            }
            Act::Close { lane } => {
                self.streams[lane] = None;
                self.cluster.probe_now();
            }
            Act::Ask { slot, id } => {
                let cluster = self.cluster.clone();
                // No time-out but the call's own: a late word is still worth having, and the schedule gives up by itself.
                let ask = async move { Asked { slot, id, sent: now, answer: cluster.time_to_live(id, false).await } };
                self.asks.push(ask.boxed());
            }
        }
    }

    fn tell(&mut self, slot: Slot, id: LeaseId, news: News, now: Moment) {
        match news {
            News::Moved => (),
            News::Renewed(renewal) => self.renewed(slot, id, renewal),
            News::Missed { waited } => self.event(now, Some(id), || EngineEventKind::Missed { waited }),
            News::Ended(last) => return self.ended(slot, *last, now),
        }
        if self.board.is_watched() {
            self.touched.push(slot);
        }
    }

    fn renewed(&mut self, slot: Slot, id: LeaseId, renewal: Renewal) {
        let Renewal { ttl, at, interval, round_trip, revision } = renewal;
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

    fn ended(&mut self, slot: Slot, mut last: LeaseStatus, now: Moment) {
        let Some(subscribers) = self.subscribers[slot as usize].take() else { return };
        let Some(ended) = last.ended.clone() else { return };
        tracing::info!(lease = %last.id, reason = %ended, "lease is not kept alive any more");
        last.queue = gauge(&subscribers, last.id);
        subscribers.iter().for_each(|inbox| inbox.end(last.id, ended.clone()));
        self.event(now, Some(last.id), || EngineEventKind::Ended(ended));
        if self.board.is_watched() {
            self.buried.push((last, subscribers));
        }
    }

    fn event(&mut self, at: Moment, lease: Option<LeaseId>, kind: impl FnOnce() -> EngineEventKind) {
        if self.board.is_watched() {
            self.events.push(EngineEvent { at, lease, kind: kind() });
        }
    }

    fn write(&mut self) {
        let touched = self.touched.drain(..);
        let living = touched.filter_map(|slot| {
            let subscribers = self.subscribers[slot as usize].clone()?;
            Some((self.keeper.status(slot)?, subscribers))
        });
        let statuses = self.buried.drain(..).chain(living).collect();
        self.board.write(statuses, std::mem::take(&mut self.events));
    }
}
