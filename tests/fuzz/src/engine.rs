//! The scheduler of keepalives against any replies.

use etcd_lease::keepalive::{Action, Notice, Scheduler, SlotId, StreamEnd, Timeouts};
use etcd_lease::wire::{CallError, ErrorCause};
use etcd_lease::{Ended, Header, LeaseId, MAX_TTL, RenewalSchedule, TimeToLive};
use simkit::Timestamp;

use super::bytes::Bytes;

/// What the scheduler asked for.
#[derive(Default)]
struct Asked {
    queries: Vec<(SlotId, LeaseId, Timestamp)>,
    /// Lane, generation and leases of the streams, the newest of a lane last.
    streams: Vec<(usize, u32, Vec<LeaseId>)>,
    kept: usize,
}

/// Replies that are right, wrong, late, or not asked for. A lease ends once, and no TTL is impossible.
pub fn engine(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let mut scheduler = Scheduler::new(RenewalSchedule::Clientv3, 2, Timeouts::at_speed(1));
    let (mut now, mut asked) = (Timestamp::START, Asked::default());
    while !bytes.is_empty() {
        step(&mut scheduler, &mut bytes, &mut now, &mut asked);
        let output = scheduler.turn(now);
        for action in output.actions {
            asked.note(action, now);
        }
        for (_, _, notice) in output.notices {
            if let Notice::Ended(reason, last) = notice {
                assert_eq!(last.ended, Some(reason));
                asked.kept -= 1;
            }
        }
        for slot in output.changed {
            let ttl = scheduler.status(slot).and_then(|status| status.granted_ttl);
            assert!(ttl.is_none_or(|ttl| (1..=MAX_TTL).contains(&ttl)), "{ttl:?}");
        }
        assert_eq!(scheduler.len(), asked.kept);
        assert!(scheduler.wake_at().is_some() || scheduler.is_empty());
    }
}

impl Asked {
    fn note(&mut self, action: Action, now: Timestamp) {
        match action {
            Action::Open { lane, generation, .. } => self.streams.push((lane, generation, Vec::new())),
            Action::Send { lane, id } => {
                let stream = self.streams.iter_mut().rev().find(|(of, ..)| *of == lane).expect("an open stream");
                stream.2.push(id);
            }
            Action::Close { lane, generation } => {
                self.streams.retain(|(of, number, _)| (*of, *number) != (lane, generation));
            }
            Action::QueryTtl { slot, id } => self.queries.push((slot, id, now)),
        }
    }
}

fn step(scheduler: &mut Scheduler, bytes: &mut Bytes<'_>, now: &mut Timestamp, asked: &mut Asked) {
    let before = scheduler.len();
    match bytes.byte() % 10 {
        0 => drop(scheduler.adopt(*now, LeaseId(bytes.number()), None)),
        1 => {
            let ttl = i64::from(bytes.byte()) + 1;
            scheduler.grant(*now, LeaseId(bytes.number()), ttl, *now, None);
        }
        2 => *now = *now + bytes.span(),
        // An honest reply to the oldest renewal of a stream.
        3 | 4 => {
            let streams = asked.streams.len().max(1);
            let stream = asked.streams.get_mut(usize::from(bytes.byte()) % streams);
            if let Some((lane, generation, sent)) = stream.filter(|(.., sent)| !sent.is_empty()) {
                let id = sent.remove(0);
                scheduler.on_renewal_reply(*now, *lane, *generation, id, 60, 1);
            }
        }
        5 => {
            let (lane, generation) = (usize::from(bytes.byte()) % 3, u32::from(bytes.byte() % 8));
            let (id, ttl) = (LeaseId(bytes.number()), bytes.number());
            scheduler.on_renewal_reply(*now, lane, generation, id, ttl, bytes.number());
        }
        6 => {
            let (lane, generation) = (usize::from(bytes.byte()) % 3, u32::from(bytes.byte() % 8));
            let why = if bytes.flag() { StreamEnd::Forbidden } else { StreamEnd::Broken };
            scheduler.stream_ended(*now, lane, generation, why("fuzzed".to_owned()));
        }
        7 if !asked.queries.is_empty() => ttl_reply(scheduler, bytes, *now, asked),
        8 => scheduler.start_over(*now),
        _ => {
            if let Some(slot) = scheduler.slot(LeaseId(bytes.number())) {
                match bytes.byte() % 3 {
                    0 => scheduler.renew_now(*now, slot),
                    1 => scheduler.end(slot, Ended::Cancelled),
                    _ => scheduler.resend_on_new_path(*now, usize::from(bytes.byte()) % 3),
                }
            }
        }
    }
    asked.kept += scheduler.len().saturating_sub(before);
}

fn ttl_reply(scheduler: &mut Scheduler, bytes: &mut Bytes<'_>, now: Timestamp, asked: &mut Asked) {
    let (slot, id, sent) = asked.queries.remove(usize::from(bytes.byte()) % asked.queries.len());
    let answer = TimeToLive {
        id,
        ttl: bytes.number(),
        granted_ttl: bytes.number(),
        keys: Vec::new(),
        header: Header::default(),
    };
    let failed = CallError::new(ErrorCause::NoReply, "read", "fuzz", "no reply");
    let answer = if bytes.flag() { Ok(&answer) } else { Err(failed) };
    scheduler.on_ttl_reply(now, slot, id, sent, answer);
}
