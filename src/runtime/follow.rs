//! The monitor's mind without a screen: every event handed out as it happens, or what is known after a while.

use std::time::SystemTime;

use futures_util::stream::{Stream, StreamExt};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::Outside;
use super::mind::Mind;
use crate::app::{Event, Model, Msg, Setup, What, diagnose, means};
use etcd_lease::engine;
use etcd_lease::wire::Cluster;
use simkit::Clock;
use simkit::Timestamp;

/// What is followed.
#[derive(Clone, Debug)]
pub struct FollowOptions {
    /// The cluster, or the sandbox that stands for it.
    pub cluster: Cluster,
    /// The clock of polls and events: the sandbox's, where there is one.
    pub clock: Clock,
    /// What the model starts from. It keeps nothing alive and shows nothing.
    pub setup: Setup,
}

/// An event, and what the wall said at the start of the clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The event.
    pub event: Event,
    /// The wall's time at the clock's start; later for what came after a sleep of the machine, which the clock did not count.
    pub start: SystemTime,
}

/// What was known when following ended.
#[derive(Clone, Debug)]
pub struct Known {
    /// All that was known.
    pub model: Model,
    /// When that was.
    pub now: Timestamp,
    /// The wall's time at the clock's start, sleeps of the machine included.
    pub start: SystemTime,
}

/// Follows a cluster until `outside` ends it, or ends, or nobody takes the events any more. Every renewal that polls show
/// is one of them; leases that are there at the start are none. Of leases those are told that the filter of the setup means.
///
/// Nothing waits for whoever takes them: where there is no room, events are lost, and that is an event once there is.
pub async fn follow<O>(options: FollowOptions, outside: O, tell: Sender<Told>) -> Known
where
    O: Stream<Item = Outside> + Unpin,
{
    let mut follower = Follower::start(options);
    follower.mind.model.events.tell_all();
    let mut teller = Teller { tell, lost: 0 };
    follower.go_on(outside, |mind, start| teller.tell_all(mind, start)).await
}

/// Watches a cluster in the same way until `outside` ends it, or ends, and tells nothing before that. How many leases died
/// meanwhile stands beside what is known of the others.
pub async fn watch(options: FollowOptions, outside: impl Stream<Item = Outside> + Unpin) -> (Known, u64) {
    let mut deaths = 0;
    let mut follower = Follower::start(options);
    follower.mind.model.events.tell_all();
    let count = |mind: &mut Mind, _| {
        let told = mind.model.events.take_told();
        deaths += told.iter().filter(|event| matches!(event.what, What::Died(_))).count() as u64;
        true
    };
    let mut known = follower.go_on(outside, count).await;
    diagnose(&mut known.model, known.now);
    (known, deaths)
}

struct Follower {
    mind: Mind,
    start: SystemTime,
}

impl Follower {
    fn start(FollowOptions { cluster, clock, setup }: FollowOptions) -> Self {
        let start = clock.wall(Timestamp::START);
        Follower { mind: Mind::start(cluster, clock, engine::Options::default(), setup, false), start }
    }

    /// Goes on until it is ended from outside, or `more` has had enough.
    async fn go_on<O>(mut self, mut outside: O, mut more: impl FnMut(&mut Mind, SystemTime) -> bool) -> Known
    where
        O: Stream<Item = Outside> + Unpin,
    {
        while more(&mut self.mind, self.start) {
            let mind = &mut self.mind;
            let (asleep, wake) = (mind.clock.now(), mind.next_wake());
            tokio::select! {
                news = mind.news(wake) => {
                    mind.awake(asleep, wake);
                    mind.take_in(news);
                }
                outside = outside.next() => match outside {
                    Some(Outside::Slept(span)) => {
                        self.start += span;
                        mind.tell(Msg::Slept(span));
                    }
                    Some(Outside::Suspend | Outside::Continued) => (),
                    Some(Outside::End) | None => break,
                },
            }
        }
        Known { now: self.mind.clock.now(), model: self.mind.model, start: self.start }
    }
}

struct Teller {
    tell: Sender<Told>,
    /// Events that there was no room for, and that was not told yet.
    lost: u64,
}

impl Teller {
    /// Tells what is new; no where nobody listens any more.
    fn tell_all(&mut self, mind: &mut Mind, start: SystemTime) -> bool {
        if self.lost > 0 && self.tell.capacity() > 0 {
            mind.tell(Msg::EventsLost(std::mem::take(&mut self.lost)));
        }
        let (told, now) = (mind.model.events.take_told(), mind.clock.now());
        let filter = mind.model.setup.filter.filter();
        for event in told.into_iter().filter(|event| means(&mind.model, filter, event, now)) {
            match self.tell.try_send(Told { event, start }) {
                Ok(()) => (),
                Err(TrySendError::Full(_)) => self.lost += 1,
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        !self.tell.is_closed()
    }
}
