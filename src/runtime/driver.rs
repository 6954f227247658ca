//! The only place where an [`Effect`] becomes an act, and its answer a [`Msg`].

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, BoxStream, SelectAll, Stream, StreamExt};

use super::consumer::Reader;
use crate::app::{Effect, GrantOrder, Listing, Msg, Trouble, Value};
use crate::clock::Clock;
use crate::domain::{Drill, Granted, LeaseId, Moment};
use crate::engine::{self, Engine};
use crate::wire::{self, Cluster, ErrorKind, LeaseList};

/// Calls of one order that are in flight at a time.
const AT_A_TIME: usize = 64;

/// Carries effects out; each is a stream of messages, and all of them are read as one.
pub(super) struct Driver {
    hands: Hands,
    running: SelectAll<BoxStream<'static, Msg>>,
}

/// What acts. Cheap to clone.
#[derive(Clone)]
struct Hands {
    cluster: Cluster,
    engine: Engine,
    clock: Clock,
    reader: Reader,
    /// The leases of the last list, so that only what changed is told.
    known: Arc<Mutex<HashSet<LeaseId>>>,
}

impl Driver {
    pub(super) fn new(cluster: Cluster, engine: Engine, clock: Clock, reader: Reader) -> Self {
        let hands = Hands { cluster, engine, clock, reader, known: Arc::default() };
        Driver { hands, running: SelectAll::new() }
    }

    /// Begins to carry out an effect.
    pub(super) fn act(&mut self, effect: Effect) {
        let hands = self.hands.clone();
        match effect {
            Effect::Keep { id, pace } => hands.reader.keep(id, pace),
            Effect::Leave(id) => hands.reader.leave(id),
            Effect::Drill { id, drill } => hands.drill(id, drill),
            Effect::RenewNow(id) => hands.engine.renew_now(id),
            Effect::RenewOnce(id) => self.run(stream::once(async move { hands.renew_once(id).await })),
            Effect::Revoke(id) => self.run(stream::once(async move { hands.revoke(id).await })),
            Effect::List => self.run(stream::once(async move { hands.list().await })),
            Effect::ReadValues { id, keys } => self.run(stream::once(async move { hands.read_values(id, keys).await })),
            Effect::Probe(ids) => self.run(hands.probe(ids)),
            Effect::Grant(order) => self.run(hands.grant(order)),
            // The loop ends, and stands still, by itself.
            Effect::Quit { .. } | Effect::Suspend => (),
        }
    }

    fn run(&mut self, messages: impl Stream<Item = Msg> + Send + 'static) {
        self.running.push(messages.boxed());
    }

    /// The next answer; none while nothing is under way.
    pub(super) async fn next(&mut self) -> Option<Msg> {
        self.running.next().await
    }
}

impl Hands {
    /// The reader plays a part of them, the engine the rest; both are told, so that one ends when the other begins.
    fn drill(&self, id: LeaseId, drill: Option<Drill>) {
        self.reader.drill(id, drill.filter(|drill| drill.is_consumers()));
        self.engine.drill(id, drill);
    }

    async fn renew_once(self, id: LeaseId) -> Msg {
        let sent = self.clock.now();
        match self.engine.keep_alive_once(id).await {
            Ok(answer) => Msg::Renewed { sent, received: answer.at, id, ttl: answer.ttl },
            Err(engine::Error::NotFound(_)) => {
                let text = engine::Error::NotFound(id).to_string();
                Msg::RenewFailed { id, trouble: Trouble { is_not_found: true, is_forbidden: false, text } }
            }
            Err(engine::Error::Wire(error)) => Msg::RenewFailed { id, trouble: trouble(&error) },
        }
    }

    /// Counts the keys first: the answer to a revoke does not say how many it deleted.
    async fn revoke(self, id: LeaseId) -> Msg {
        let keys_deleted = self.cluster.time_to_live(id, true).await.ok().map(|answer| answer.keys.len());
        match self.cluster.revoke(id).await {
            Ok(header) => {
                self.reader.leave(id);
                Msg::Revoked { id, revision: header.revision, keys_deleted }
            }
            Err(error) => Msg::RevokeFailed { id, trouble: trouble(&error) },
        }
    }

    async fn list(self) -> Msg {
        let sent = self.clock.now();
        match self.cluster.leases().await {
            Ok(list) => Msg::Listed(self.compare(list, sent)),
            Err(error) => Msg::ListFailed(trouble(&error)),
        }
    }

    fn compare(&self, list: LeaseList, sent: Moment) -> Listing {
        let now: HashSet<LeaseId> = list.ids.into_iter().collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let listing = Listing {
            sent,
            received: self.clock.now(),
            born: sorted(now.difference(&known)),
            gone: sorted(known.difference(&now)),
            total: now.len(),
            header: list.header,
        };
        *known = now;
        listing
    }

    fn probe(self, ids: Vec<LeaseId>) -> impl Stream<Item = Msg> + Send {
        let ask = move |id| {
            let hands = self.clone();
            async move {
                let sent = hands.clock.now();
                match hands.cluster.time_to_live(id, true).await {
                    Ok(answer) => Msg::Probed { sent, received: hands.clock.now(), answer },
                    Err(error) => Msg::ProbeFailed { id, trouble: trouble(&error) },
                }
            }
        };
        stream::iter(ids).map(ask).buffer_unordered(AT_A_TIME)
    }

    /// The keys that an effect names are few: all at a time.
    async fn read_values(self, id: LeaseId, keys: Vec<Vec<u8>>) -> Msg {
        let read = |key: Vec<u8>| {
            let cluster = self.cluster.clone();
            async move {
                let value = match cluster.get(&key).await {
                    Ok(Some(pair)) => Value::of(pair.value),
                    Ok(None) => Value::Absent,
                    Err(error) if error.kind() == ErrorKind::Forbidden => Value::Forbidden,
                    Err(error) => Value::Failed(error.to_string()),
                };
                (key, value)
            }
        };
        let pairs = stream::iter(keys).map(read).buffered(AT_A_TIME).collect().await;
        Msg::Values { id, pairs }
    }

    /// Grants in turn, some at a time; after the first failure the rest is given up.
    fn grant(self, order: GrantOrder) -> impl Stream<Item = Msg> + Send {
        let order = Arc::new(order);
        let grant = {
            let order = Arc::clone(&order);
            move |number| self.clone().grant_one(Arc::clone(&order), number)
        };
        let has_failed = |messages: &Vec<Msg>| matches!(messages[..], [Msg::GrantFailed { .. }]);
        stream::iter(order.numbers())
            .map(grant)
            .buffer_unordered(AT_A_TIME)
            .scan(false, move |is_over, messages| {
                let was_over = std::mem::replace(is_over, *is_over || has_failed(&messages));
                std::future::ready((!was_over).then_some(messages))
            })
            .flat_map(stream::iter)
    }

    async fn grant_one(self, order: Arc<GrantOrder>, number: u32) -> Vec<Msg> {
        let sent = self.clock.now();
        let answer = match self.cluster.grant(order.id, order.ttl).await {
            Ok(answer) => answer,
            Err(error) => return vec![Msg::GrantFailed { ttl: order.ttl, trouble: trouble(&error) }],
        };
        let received = self.clock.now();
        if order.keep_alive {
            self.reader.keep_granted(answer, sent, order.pace);
        }
        let mut messages = vec![Msg::Granted { sent, received, answer, keep_alive: order.keep_alive }];
        for put in &order.puts {
            let (key, value) = put.expand(number, order.ttl, answer.id);
            messages.push(self.attach(&answer, key, &value).await);
        }
        messages
    }

    async fn attach(&self, lease: &Granted, key: Vec<u8>, value: &[u8]) -> Msg {
        match self.cluster.put(&key, value, Some(lease.id)).await {
            Ok(_) => Msg::Attached { id: lease.id, key },
            Err(error) => Msg::AttachFailed { id: lease.id, key, trouble: trouble(&error) },
        }
    }
}

fn sorted<'a>(ids: impl Iterator<Item = &'a LeaseId>) -> Vec<LeaseId> {
    let mut ids: Vec<LeaseId> = ids.copied().collect();
    ids.sort_unstable();
    ids
}

fn trouble(error: &wire::Error) -> Trouble {
    Trouble {
        is_not_found: error.kind() == ErrorKind::NotFound,
        is_forbidden: error.kind() == ErrorKind::Forbidden,
        text: error.to_string(),
    }
}
