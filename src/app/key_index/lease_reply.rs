//! Applies the keys that single leases reply.

use super::LeaseKeyIndex;
use crate::app::KeyName;
use etcd_lease::LeaseId;

/// The keys in the reply to a query of one lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct LeaseReply {
    pub(in crate::app) id: LeaseId,
    pub(in crate::app) keys: Vec<Vec<u8>>,
    /// The lowest revision that the reply can be about: the one that was known when the query was sent.
    pub(in crate::app) from: i64,
    /// The highest revision that the reply can be about. etcd reads the keys while a put may be in progress, so the reply
    /// can contain the put of the next revision.
    pub(in crate::app) to: i64,
}

/// What a reply shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::app) struct ReplyNews {
    /// Keys that were not known to be attached to the lease, and now are.
    pub(in crate::app) attached: Vec<Vec<u8>>,
    /// Keys that moved to the lease from another one.
    pub(in crate::app) moved: Vec<(Vec<u8>, LeaseId)>,
    /// Keys that were known to be attached to the lease and are missing in the reply. They stay attached until they are
    /// read.
    pub(in crate::app) missing: Vec<Vec<u8>>,
    /// Leases to query again, because it is not known whether this reply or other news about their keys is newer.
    pub(in crate::app) doubtful: Vec<LeaseId>,
}

impl LeaseKeyIndex {
    /// Compares a reply with the known keys, and records which revisions the lease has replied about. The caller attaches
    /// and moves the keys.
    pub(in crate::app) fn apply_reply(&mut self, reply: LeaseReply) -> ReplyNews {
        let LeaseReply { id, keys, from, to } = reply;
        let mut news = ReplyNews::default();
        let Some(replies) = &self.by_lease else { return news };
        if !self.changes.covers(from) {
            news.doubtful.push(id);
            return news;
        }
        let was_held = |key: &[u8]| self.held.contains_key(&(id, KeyName::from(key)));
        let mut present = std::collections::HashSet::with_capacity(keys.len());
        for key in keys {
            present.insert(key.clone());
            if was_held(&key) {
                continue;
            }
            // A later change detached the key or is the reason why it is already known.
            if self.changes.since(&key, from).is_some_and(|lease| lease != Some(id)) {
                news.doubtful.push(id);
                continue;
            }
            match replies.holders.get(&key[..]).copied() {
                None => news.attached.push(key),
                Some(other) if replies.answered.get(&other).is_some_and(|(_, known)| *known < from) => {
                    news.moved.push((key, other));
                }
                Some(other) => news.doubtful.extend([id, other]),
            }
        }
        let held = self.of(id).map(|(key, _)| key);
        let missing = held.filter(|key| !present.contains(*key) && self.changes.since(key, from).is_none());
        news.missing = missing.map(<[u8]>::to_vec).collect();
        news.doubtful.sort_unstable();
        news.doubtful.dedup();
        if let Some(replies) = &mut self.by_lease {
            let known = replies.answered.entry(id).or_insert((from, to));
            *known = (known.0.max(from), known.1.max(to));
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simkit::Timestamp;

    const ID: LeaseId = LeaseId(1);
    const OTHER: LeaseId = LeaseId(2);

    fn index() -> LeaseKeyIndex {
        let mut index = LeaseKeyIndex::default();
        index.start_by_lease(10);
        index
    }

    fn reply(index: &mut LeaseKeyIndex, id: LeaseId, keys: &[&[u8]], from: i64, to: i64) -> ReplyNews {
        let keys = keys.iter().map(|key| key.to_vec()).collect();
        index.apply_reply(LeaseReply { id, keys, from, to })
    }

    #[test]
    fn a_reply_completes_the_keys_of_its_lease() {
        let mut index = index();
        assert!(!index.is_known(ID));
        assert_eq!(reply(&mut index, ID, &[b"a", b"b"], 10, 11).attached, [b"a", b"b"]);
        index.attach(ID, b"a", 0, Timestamp::START);
        assert!(index.is_known(ID));
        let news = reply(&mut index, ID, &[b"b"], 12, 12);
        assert_eq!((news.attached, news.missing), (vec![b"b".to_vec()], vec![b"a".to_vec()]));
    }

    #[test]
    fn a_reply_that_is_older_than_a_change_does_not_undo_it() {
        let mut index = index();
        index.attach(ID, b"put", 20, Timestamp::START);
        index.changes.record(b"put", 20, Some(ID));
        index.changes.record(b"deleted", 21, None);
        let news = reply(&mut index, ID, &[b"deleted"], 19, 25);
        assert_eq!(news, ReplyNews { doubtful: vec![ID], ..ReplyNews::default() });
        let news = reply(&mut index, ID, &[b"deleted"], 21, 25);
        assert_eq!((news.attached, news.missing), (vec![b"deleted".to_vec()], vec![b"put".to_vec()]));
    }

    #[test]
    fn a_reply_from_before_the_watch_is_ignored() {
        let mut index = index();
        assert_eq!(reply(&mut index, ID, &[b"a"], 9, 12), ReplyNews { doubtful: vec![ID], ..ReplyNews::default() });
        assert!(!index.is_known(ID));
    }

    #[test]
    fn a_key_moves_only_if_the_reply_is_newer_than_what_its_lease_replied() {
        let mut index = index();
        reply(&mut index, OTHER, &[b"a"], 12, 15);
        index.attach(OTHER, b"a", 0, Timestamp::START);
        let news = reply(&mut index, ID, &[b"a"], 15, 16);
        assert_eq!((news.moved, news.doubtful), (vec![], vec![ID, OTHER]));
        assert_eq!(reply(&mut index, ID, &[b"a"], 16, 17).moved, [(b"a".to_vec(), OTHER)]);
    }
}
