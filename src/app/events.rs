//! What has happened, newest last.

use std::collections::VecDeque;

use crate::domain::{LeaseId, Moment};

/// The kind of an event: one word, the same on the screen and in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// A lease was granted, here or by another client.
    Granted,
    /// A key was attached.
    Attached,
    /// A key left a lease that lives on: it was deleted, or put without a lease.
    Detached,
    /// A key was put with another lease.
    Moved,
    /// A lease is kept alive from now on.
    Kept,
    /// A lease is not kept alive any more, because it was asked for.
    Paused,
    /// A drill began or ended.
    Drill,
    /// A renewal was answered.
    Renewed,
    /// A response was dropped because nobody reads them.
    Dropped,
    /// A renewal of ours had no answer.
    Missed,
    /// A lease that was to be kept alive is not kept any more.
    Lost,
    /// A lease died by its deadline.
    Expired,
    /// A lease was revoked.
    Revoked,
    /// A lease died, the cause is unknown.
    Gone,
    /// The link to the cluster came or went.
    Connection,
    /// Another member leads, or there was an election.
    Leader,
    /// Something failed.
    Error,
}

impl Word {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Word::Granted => "granted",
            Word::Attached => "attached",
            Word::Detached => "detached",
            Word::Moved => "moved",
            Word::Kept => "kept",
            Word::Paused => "paused",
            Word::Drill => "drill",
            Word::Renewed => "renewed",
            Word::Dropped => "dropped",
            Word::Missed => "missed",
            Word::Lost => "lost",
            Word::Expired => "expired",
            Word::Revoked => "revoked",
            Word::Gone => "gone",
            Word::Connection => "link",
            Word::Leader => "leader",
            Word::Error => "error",
        }
    }
}

/// One line of the events panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it happened, as far as known.
    pub at: Moment,
    /// What.
    pub word: Word,
    /// To which lease; none for the link, and where several are told in one line.
    pub lease: Option<LeaseId>,
    /// What it means, in words; may hold texts from etcd and is to be escaped.
    pub text: String,
    /// The how many-th line it is, from the start on.
    pub(super) number: u64,
    /// How many further events of this kind the line stands for.
    more: usize,
}

/// The newest events. A crowd of one kind within a second is told in a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventLog {
    lines: VecDeque<Event>,
    /// Lines of the same word and second at the end.
    run: usize,
    /// Lines so far, the forgotten included.
    count: u64,
}

/// Lines that are kept.
const CAPACITY: usize = 2_000;
/// Lines of one kind in one second before the rest of them is told in a line.
const CROWD: usize = 4;

impl EventLog {
    /// The lines, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator {
        self.lines.iter()
    }

    pub(super) fn push(&mut self, at: Moment, word: Word, lease: Option<LeaseId>, text: String) {
        self.run = if self.continues(at, word) { self.run + 1 } else { 1 };
        match self.lines.back_mut() {
            Some(last) if self.run > CROWD => last.absorb(),
            _ => self.append(Event { at, word, lease, text, number: self.count, more: 0 }),
        }
    }

    fn continues(&self, at: Moment, word: Word) -> bool {
        let second = |moment: Moment| moment.since_start().as_secs();
        self.lines.back().is_some_and(|last| last.word == word && second(last.at) == second(at))
    }

    fn append(&mut self, event: Event) {
        self.count += 1;
        if self.lines.len() == CAPACITY {
            self.lines.pop_front();
        }
        self.lines.push_back(event);
    }
}

impl Event {
    fn absorb(&mut self) {
        self.more += if self.more == 0 { 2 } else { 1 };
        self.lease = None;
        self.text = format!("and {} more in this second", self.more);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_crowd_in_one_second_is_told_in_a_line() {
        let mut log = EventLog::default();
        for millis in 0..20 {
            log.push(Moment::at(Duration::from_millis(millis)), Word::Expired, Some(LeaseId(1)), "it".into());
        }
        assert_eq!(log.lines().len(), CROWD);
        assert_eq!(log.lines().next_back().unwrap().text, "and 17 more in this second");
        log.push(Moment::at(Duration::from_secs(1)), Word::Expired, None, "later".into());
        assert_eq!(log.lines().next_back().unwrap().text, "later");
    }

    #[test]
    fn old_lines_make_room() {
        let mut log = EventLog::default();
        for second in 0..3_000 {
            log.push(Moment::at(Duration::from_secs(second)), Word::Renewed, None, second.to_string());
        }
        assert_eq!(log.lines().len(), CAPACITY);
        assert_eq!(log.lines().next().unwrap().text, "1000");
    }
}
