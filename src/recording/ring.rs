//! The messages of the last minutes in memory, with states from which they are played.

use std::collections::VecDeque;
use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::Kept;
use super::playing::{Chunk, Picture, Playing};
use crate::app::{EventsView, Past, checkpoint};
use simkit::Timestamp;

/// How far back the past can be shown.
pub const REACH: Duration = Duration::from_secs(600);
/// The compression level: fast, and messages take an eighth of the memory. A higher level costs more than it saves.
const LEVEL: u32 = 1;
/// Messages that are this much older than the reach are dropped one by one. Usually a later state replaces them before.
const SLACK: Duration = Duration::from_secs(70);
/// States are kept this long before the displayed time, so that further steps back are short.
const KEPT_BEFORE: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(10)];

/// A state and the messages that follow it.
#[derive(Debug)]
struct Segment {
    picture: Picture,
    chunks: VecDeque<Chunk>,
}

/// Which time to show.
#[derive(Debug)]
pub enum Target {
    /// This time.
    At(Timestamp),
    /// The first event after this time that the events view lists.
    NextEvent(Timestamp, EventsView),
}

/// The messages of the last minutes. The oldest are dropped at the limit of memory.
#[derive(Debug)]
pub(super) struct Ring {
    /// Maximum size in bytes.
    limit: usize,
    segments: VecDeque<Segment>,
    /// The time of the newest message.
    newest: Timestamp,
    /// Whether the limit dropped messages that are not older than the reach.
    is_cut: bool,
    /// States shortly before the time that is displayed. Empty while the present is displayed.
    near: Vec<Picture>,
}

impl Ring {
    pub(super) fn new(limit: usize) -> Self {
        let (segments, newest) = (VecDeque::new(), Timestamp::START);
        Ring { limit, segments, newest, is_cut: false, near: Vec::new() }
    }

    /// Drops everything, and starts again with this state.
    pub(super) fn restart(&mut self, picture: Picture) {
        // After a clear, the limit is still the reason. Otherwise the caller drops the past.
        self.is_cut &= self.segments.is_empty();
        self.segments.clear();
        self.near.clear();
        self.push_picture(picture);
    }

    /// Drops everything, because it takes too much memory.
    pub(super) fn clear(&mut self) {
        self.is_cut = true;
        self.segments.clear();
        self.near.clear();
    }

    /// Adds a state, to which all messages so far were applied. Steps begin at the present, so the newest states matter
    /// most: older ones make room, and a quarter of the limit is left for messages.
    pub(super) fn push_picture(&mut self, picture: Picture) {
        self.newest = self.newest.max(picture.at);
        self.segments.push_back(Segment { picture, chunks: VecDeque::new() });
        while self.segments.len() > 2 && self.bytes() > self.limit / 4 * 3 {
            self.merge_second();
        }
        self.trim();
    }

    /// Adds encoded messages, unless there is no state to start from. `until` is the time of the last one.
    pub(super) fn push_lines(&mut self, until: Timestamp, lines: &[u8]) {
        let Some(segment) = self.segments.back_mut() else { return };
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(LEVEL));
        let Ok(mut compressed) = encoder.write_all(lines).and_then(|()| encoder.finish()) else { return };
        compressed.shrink_to_fit();
        segment.chunks.push_back(Chunk { until, compressed, length: lines.len() });
        self.newest = until;
        self.trim();
    }

    /// Whether there is no state to start from.
    pub(super) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// The size in bytes.
    pub(super) fn bytes(&self) -> usize {
        let size = |segment: &Segment| {
            let chunks = segment.chunks.iter().map(|chunk| chunk.compressed.capacity() + size_of::<Chunk>());
            segment.picture.bytes + chunks.sum::<usize>()
        };
        self.segments.iter().map(size).sum()
    }

    /// Drops the messages that are older than [`REACH`], and the oldest ones while the ring takes more memory than it may. All
    /// states but the first are dropped before them: those only make steps into the past faster.
    fn trim(&mut self) {
        let oldest = self.newest.before(REACH);
        while self.segments.get(1).is_some_and(|second| second.picture.at <= oldest) {
            self.segments.pop_front();
        }
        while self.bytes() > self.limit {
            if self.merge_second() {
                continue;
            }
            self.is_cut = true;
            if !self.drop_chunk() {
                return self.clear();
            }
        }
        while self.oldest_chunk().is_some_and(|until| until + SLACK <= oldest) {
            self.drop_chunk();
        }
    }

    fn oldest_chunk(&self) -> Option<Timestamp> {
        Some(self.segments.front()?.chunks.front()?.until)
    }

    /// Drops the second state, and keeps its messages. Returns false if there is none.
    fn merge_second(&mut self) -> bool {
        let Some(second) = self.segments.remove(1) else { return false };
        self.segments[0].chunks.extend(second.chunks);
        true
    }

    /// Drops the oldest messages: the state before them becomes the one after them. Returns false if there are none.
    fn drop_chunk(&mut self) -> bool {
        let Some(mut first) = self.segments.pop_front() else { return false };
        let chunk = first.chunks.pop_front();
        let until = chunk.as_ref().map_or(first.picture.at, |chunk| chunk.until);
        let mut playing = Playing::new(first.picture, chunk.iter(), None);
        playing.play(until);
        first.picture = playing.into_picture();
        self.segments.push_front(first);
        chunk.is_some()
    }

    /// The oldest time that can be shown. `None` if there is no past.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        Some(self.segments.front()?.picture.at)
    }

    /// The state at a time, now at the latest. `None` if there is no past, or no further event.
    pub(super) fn show(&mut self, target: Target, now: Timestamp) -> Option<Past> {
        let start = self.oldest()?;
        let is_short = self.is_cut && now < start + REACH;
        let (Target::At(to) | Target::NextEvent(to, _)) = target;
        let mut playing = self.play_near(to.clamp(start, now.max(start)))?;
        if let Target::NextEvent(_, view) = target {
            playing.app.view.events_view = view;
            if !playing.find_event(now) {
                return None;
            }
        }
        Some(Past { at: playing.at, app: playing.app, start, is_short })
    }

    /// Plays up to a time, and keeps states shortly before it.
    fn play_near(&mut self, to: Timestamp) -> Option<Playing<'_>> {
        let index = self.segments.iter().rposition(|segment| segment.picture.at <= to)?;
        let base = &self.segments[index].picture;
        self.near.retain(|near| near.at >= base.at);
        let near = self.near.iter().filter(|near| near.at <= to).max_by_key(|near| near.at);
        let (start, after) = near.map_or((base, None), |near| (near, Some(near.at)));
        let chunks = self.segments.range(index..).flat_map(|segment| &segment.chunks);
        let mut playing = Playing::new(start.clone(), chunks, after);
        for at in KEPT_BEFORE.map(|span| to.before(span)) {
            if at > playing.at {
                playing.play(at);
                if self.near.len() == KEPT_BEFORE.len() {
                    self.near.remove(0);
                }
                self.near.push(playing.picture());
            }
        }
        playing.play(to);
        Some(playing)
    }

    /// The start of a recording: the newest messages, and the state before them. The messages have at most `most` bytes,
    /// unless those since the newest state have more. `None` if nothing is kept.
    pub(super) fn kept(&self, most: u64, is_compressed: bool) -> Option<Kept> {
        let size = |chunk: &Chunk| if is_compressed { chunk.compressed.len() } else { chunk.length } as u64;
        let mut total = 0;
        let fits = |segment: &&Segment| {
            total += segment.chunks.iter().map(size).sum::<u64>();
            total <= most
        };
        let fitting = self.segments.iter().rev().take_while(fits).count().max(1);
        let first = self.segments.len().checked_sub(fitting)?;
        let Picture { at, app, .. } = &self.segments[first].picture;
        let chunks = self.segments.range(first..).flat_map(|segment| segment.chunks.iter().cloned());
        Some(Kept { at: *at, state: checkpoint(app), chunks: chunks.collect() })
    }

    /// Drops what was kept for further steps.
    pub(super) fn forget_near(&mut self) {
        self.near.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{AppConfig, AppState, Listing, Msg, update};
    use crate::recording::encode;
    use etcd_lease::{Header, LeaseId, TimeToLive};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::at(Duration::from_secs(seconds))
    }

    fn picture(app: &AppState, at: Timestamp) -> Picture {
        Picture::of(app, at, usize::MAX).expect("no limit")
    }

    /// A live state, and the ring of its messages.
    struct Live {
        app: AppState,
        ring: Ring,
        now: Timestamp,
    }

    impl Live {
        fn start(limit: usize) -> Self {
            let app = AppState::new(AppConfig { is_replay: true, ..AppConfig::default() }, Timestamp::START);
            let mut ring = Ring::new(limit);
            ring.restart(picture(&app, Timestamp::START));
            Live { app, ring, now: Timestamp::START }
        }

        /// Applies what happens in a second to `leases` leases, and keeps it.
        fn second(&mut self, leases: i64) {
            let mut lines = Vec::new();
            let start = self.now;
            for number in 0..leases {
                self.now = start + Duration::from_secs(1) * number as u32 / leases as u32;
                let msg = if start == Timestamp::START && number == 0 {
                    Msg::Listed(Listing { born: (1..=leases).map(LeaseId).collect(), ..Listing::default() })
                } else {
                    self.reply(number + 1)
                };
                encode(self.now, &msg, &mut lines);
                update(&mut self.app, msg, self.now);
            }
            self.ring.push_lines(self.now, &lines);
            self.now = start + Duration::from_secs(1);
        }

        fn reply(&self, id: i64) -> Msg {
            let ttl = 10 - self.now.nanos() as i64 / 1_000_000_000 % 7;
            let (id, keys, header) = (LeaseId(id), Vec::new(), Header::default());
            let answer = TimeToLive { id, ttl, granted_ttl: 10, keys, header };
            Msg::Polled { sent: self.now, received: self.now, answer, has_keys: false }
        }
    }

    #[test]
    fn a_flood_stays_within_the_limit_and_keeps_the_newest() {
        const LIMIT: usize = 350_000;
        let mut live = Live::start(LIMIT);
        for second in 0..200 {
            live.second(100);
            if second % 60 == 59 {
                live.ring.push_picture(picture(&live.app, live.now));
            }
            assert!(live.ring.bytes() <= LIMIT, "{} bytes after {second} s", live.ring.bytes());
        }
        let past = live.ring.show(Target::At(Timestamp::START), live.now).expect("the newest are kept");
        assert!(past.is_short && past.start > at(5) && past.start < at(195), "{:?}", past.start);
        assert_eq!(past.at, past.start);
        assert_eq!(past.app.leases.len(), 100);
        live.ring.restart(picture(&live.app, live.now));
        let past = live.ring.show(Target::At(Timestamp::START), live.now).unwrap();
        assert!(!past.is_short, "the limit is not why the past is gone");
    }

    #[test]
    fn a_state_that_takes_more_than_the_limit_keeps_nothing_until_the_next_one() {
        let mut live = Live::start(150_000);
        for _ in 0..100 {
            live.second(100);
        }
        assert!(live.ring.is_empty() && live.ring.show(Target::At(live.now), live.now).is_none());
        live.ring.push_picture(picture(&live.app, live.now));
        assert!(live.ring.is_empty(), "it does not fit either");
        let small = AppState::new(AppConfig::default(), live.now);
        live.ring.restart(picture(&small, live.now));
        assert!(live.ring.show(Target::At(live.now), live.now).is_some_and(|past| past.is_short));
    }

    #[test]
    fn not_much_more_than_ten_minutes_is_kept() {
        let mut live = Live::start(16_000_000);
        for _ in 0..1_000 {
            live.second(3);
        }
        let past = live.ring.show(Target::At(at(0)), live.now).unwrap();
        assert!(!past.is_short && past.start >= at(1_000 - 690) && past.start <= at(400), "{:?}", past.start);
    }

    /// Wherever the states are from which it is played, a time shows the same.
    #[test]
    fn a_time_shows_the_same_from_any_state() {
        let mut live = Live::start(16_000_000);
        let mut seen = Vec::new();
        for second in 1..=300_u64 {
            live.second(5);
            if second % 70 == 0 {
                live.ring.push_picture(picture(&live.app, live.now));
            }
            if second % 11 == 0 {
                seen.push((live.now, live.app.leases.living().cloned().collect::<Vec<_>>()));
            }
        }
        let leases = |live: &mut Live, at| {
            let past = live.ring.show(Target::At(at), live.now).unwrap();
            past.app.leases.living().cloned().collect::<Vec<_>>()
        };
        for (at, then) in seen.iter().rev().chain(&seen) {
            // The live state had no tick at this moment.
            let before = at.before(Duration::from_nanos(1));
            assert_eq!(leases(&mut live, before), *then, "at {at:?}");
        }
        while live.ring.drop_chunk() {}
        assert_eq!(live.ring.segments.len(), 5);
    }
}
