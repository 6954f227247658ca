//! The history of the keys, change by change.

use std::collections::VecDeque;

use etcd_client::EventType;
use etcd_client::proto::{PbEvent, PbKeyValue};

use super::RequestError;

/// Maximum number of changes kept. The sandbox compacts automatically to limit memory.
const MAX_CHANGES: usize = 100_000;

/// The changes of the keys in the order of their revisions.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChangeHistory {
    changes: VecDeque<PbEvent>,
    compacted: i64,
}

impl ChangeHistory {
    /// The compacted revision; 0 at first.
    pub(crate) fn compacted(&self) -> i64 {
        self.compacted
    }

    /// The changes of a revision and of all later ones.
    pub(crate) fn since(&self, revision: i64) -> impl DoubleEndedIterator<Item = &PbEvent> {
        self.changes.range(self.changes.partition_point(|change| revision_of(change) < revision)..)
    }

    /// Records that a key was written, and its previous value.
    pub(super) fn put(&mut self, now: PbKeyValue, before: Option<PbKeyValue>) {
        self.record(PbEvent { r#type: EventType::Put.into(), kv: Some(now), prev_kv: before });
    }

    /// Records that a key was deleted in a revision, and its previous value.
    pub(super) fn delete(&mut self, revision: i64, before: PbKeyValue) {
        let now = PbKeyValue { key: before.key.clone(), mod_revision: revision, ..Default::default() };
        self.record(PbEvent { r#type: EventType::Delete.into(), kv: Some(now), prev_kv: Some(before) });
    }

    /// Removes the changes before a revision and the deletions in that revision, as etcd up to 3.5 does.
    ///
    /// # Errors
    /// `Compacted` if the revision is compacted already.
    pub(super) fn compact(&mut self, revision: i64) -> Result<(), RequestError> {
        if revision <= self.compacted {
            return Err(RequestError::Compacted);
        }
        let kept = self.changes.partition_point(|change| revision_of(change) <= revision);
        let last: Vec<PbEvent> = self.changes.drain(..kept).filter(|change| revision_of(change) == revision).collect();
        last.into_iter().rev().filter(|change| !is_delete(change)).for_each(|change| self.changes.push_front(change));
        self.compacted = revision;
        Ok(())
    }

    fn record(&mut self, change: PbEvent) {
        self.changes.push_back(change);
        if self.changes.len() > MAX_CHANGES {
            let middle = revision_of(&self.changes[MAX_CHANGES / 2]);
            // This fails only if half of the history is one revision. Then there is nothing older to remove.
            let _ = self.compact(middle);
        }
    }
}

/// The revision of a change.
pub(crate) fn revision_of(change: &PbEvent) -> i64 {
    change.kv.as_ref().map_or(0, |entry| entry.mod_revision)
}

/// Whether a change deleted its key.
pub(crate) fn is_delete(change: &PbEvent) -> bool {
    change.r#type == i32::from(EventType::Delete)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, revision: i64) -> PbKeyValue {
        PbKeyValue { key: key.into(), mod_revision: revision, ..Default::default() }
    }

    fn revisions(history: &ChangeHistory, since: i64) -> Vec<i64> {
        history.since(since).map(revision_of).collect()
    }

    #[test]
    fn changes_are_returned_from_a_revision_on() {
        let mut history = ChangeHistory::default();
        history.put(entry("a", 2), None);
        history.put(entry("b", 3), None);
        history.delete(4, entry("a", 2));
        history.delete(4, entry("b", 3));
        assert_eq!(revisions(&history, 0), [2, 3, 4, 4]);
        assert_eq!(revisions(&history, 4), [4, 4]);
        assert!(revisions(&history, 5).is_empty());
    }

    #[test]
    fn compacting_removes_changes_and_fails_the_second_time() {
        let mut history = ChangeHistory::default();
        (2..=4).for_each(|revision| history.put(entry("a", revision), None));
        history.delete(5, entry("a", 4));
        assert_eq!(history.compact(3), Ok(()));
        assert_eq!((revisions(&history, 0), history.compacted()), (vec![3, 4, 5], 3));
        assert_eq!(history.compact(3), Err(RequestError::Compacted));
        assert_eq!(history.compact(5), Ok(()));
        assert!(revisions(&history, 0).is_empty());
    }

    #[test]
    fn it_stays_small() {
        let mut history = ChangeHistory::default();
        (2..=250_000).for_each(|revision| history.put(entry("a", revision), None));
        assert!(history.changes.len() <= MAX_CHANGES && history.compacted() > 100_000);
        assert_eq!(revisions(&history, 0).first(), Some(&history.compacted()));
        assert_eq!(revisions(&history, 0).last(), Some(&250_000));
    }
}
