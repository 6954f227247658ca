//! The key space, page by page, with the lease of each key.

use std::sync::Arc;

use etcd_client::proto::{PbKeyValue, PbRangeRequest, PbRangeResponse};
use etcd_client::{SortOrder, SortTarget};
use prost::Message;

use super::cluster::{CallKind, Cluster};
use super::error::CallError;
use super::rpc;
use crate::{KeyEntry, KeyRange, LeaseId};

/// Number of keys on the first page.
const FIRST_LIMIT: i64 = 256;
/// Number of keys on the first page if they may be large.
const FIRST_LIMIT_OF_LARGE: i64 = 2;
/// Maximum number of keys on a page.
const MAX_LIMIT: i64 = 8192;
/// The intended size of a page in bytes. A page has values, because a range with `keys_only` loses the lease of a key
/// on etcd 3.7 (etcd-io/etcd#22209).
const PAGE_BYTES: u64 = 1 << 20;

const TRIED: &str = "read the keys";

/// The keys of a range, read page by page, all at the revision of the first page.
#[derive(Debug)]
pub struct KeyPages {
    cluster: Cluster,
    range: Arc<KeyRange>,
    /// The first key of the next page; `None` after the last page.
    next: Option<Vec<u8>>,
    limit: i64,
    revision: i64,
    received: u64,
    /// Number of keys on the pages so far.
    keys_read: u64,
}

/// The keys of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRangeRead {
    /// The keys, sorted, each with the revision of its last change.
    pub entries: Vec<(KeyEntry, i64)>,
    /// The revision of the read.
    pub revision: i64,
    /// The size of the replies in bytes.
    pub received: u64,
}

impl Cluster {
    /// Returns a reader for the keys of a range with their leases.
    pub fn key_pages(&self, range: &KeyRange) -> KeyPages {
        self.pages(range, FIRST_LIMIT)
    }

    /// Reads the keys of a range with the revision of the last change of each. Stops after the page with which the
    /// replies exceed `max_bytes`.
    ///
    /// # Errors
    /// Those of [`KeyPages::next`].
    pub async fn read_keys(&self, range: &KeyRange, max_bytes: u64) -> Result<KeyRangeRead, CallError> {
        let mut pages = self.pages(range, FIRST_LIMIT_OF_LARGE);
        let mut entries = Vec::new();
        pages.limit_next(u64::MAX, max_bytes);
        while let Some(kvs) = pages.next_kvs().await? {
            entries.extend(kvs.into_iter().map(|entry| {
                let changed = entry.mod_revision;
                (key_entry(entry), changed)
            }));
            if pages.received > max_bytes {
                break;
            }
            pages.limit_next(u64::MAX, max_bytes - pages.received);
        }
        Ok(KeyRangeRead { entries, revision: pages.revision, received: pages.received })
    }

    /// Reads one key with its lease and without its value.
    ///
    /// # Errors
    /// Those of [`KeyPages::next`].
    pub async fn read_key(&self, key: &[u8]) -> Result<KeyRangeRead, CallError> {
        // etcd 3.7 leaves out the lease of a key without its value, except if it sorts by value (etcd-io/etcd#22209).
        let request = PbRangeRequest {
            key: key.to_vec(),
            keys_only: true,
            sort_order: SortOrder::Ascend.into(),
            sort_target: SortTarget::Value.into(),
            ..Default::default()
        };
        let reply = self.range(request).await?;
        let received = reply.encoded_len() as u64;
        let entries = reply.kvs.into_iter().map(|entry| {
            let changed = entry.mod_revision;
            (key_entry(entry), changed)
        });
        Ok(KeyRangeRead {
            entries: entries.collect(),
            revision: reply.header.map_or(0, |header| header.revision),
            received,
        })
    }

    /// The number of keys in a range.
    ///
    /// # Errors
    /// Those of [`KeyPages::next`].
    pub async fn count_keys(&self, range: &KeyRange) -> Result<u64, CallError> {
        let request = PbRangeRequest {
            key: range.start.clone(),
            range_end: range_end(range),
            count_only: true,
            ..Default::default()
        };
        Ok(self.range(request).await?.count.unsigned_abs())
    }

    async fn range(&self, request: PbRangeRequest) -> Result<PbRangeResponse, CallError> {
        self.call(CallKind::Read, TRIED, |member| {
            let request = request.clone();
            async move {
                let answer = rpc::range(&member.channel, request).await;
                answer.map_err(|status| CallError::from_status(TRIED, &member.endpoint, &status))
            }
        })
        .await
    }

    fn pages(&self, range: &KeyRange, limit: i64) -> KeyPages {
        let next = Some(range.start.clone());
        let range = Arc::new(range.clone());
        KeyPages { cluster: self.clone(), range, next, limit, revision: 0, received: 0, keys_read: 0 }
    }
}

impl KeyPages {
    /// The revision of all pages; 0 before the first.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// Bytes of the pages so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Number of keys on the pages so far.
    pub fn keys_read(&self) -> u64 {
        self.keys_read
    }

    /// Limits the next page to a number of keys, and to as many as fit into `bytes` if they have the average size of those
    /// so far. It has at least one key.
    pub fn limit_next(&mut self, keys: u64, bytes: u64) {
        let average = (self.received / self.keys_read.max(1)).max(1);
        let most = i64::try_from(keys.min(bytes / average)).unwrap_or(i64::MAX);
        self.limit = self.limit.min(most).max(1);
    }

    /// Reads the next page, sorted by key; `None` after the last.
    ///
    /// # Errors
    /// `Forbidden` if the user may not read the range; `Compacted` if its revision was compacted in the meantime; any
    /// error of the connection. The next call reads the same page again.
    pub async fn next(&mut self) -> Result<Option<Vec<KeyEntry>>, CallError> {
        let kvs = self.next_kvs().await?;
        Ok(kvs.map(|kvs| kvs.into_iter().map(key_entry).collect()))
    }

    async fn next_kvs(&mut self) -> Result<Option<Vec<PbKeyValue>>, CallError> {
        let Some(from) = self.next.clone() else { return Ok(None) };
        let page = self.read_page(from).await?;
        self.received += page.encoded_len() as u64;
        self.keys_read += page.kvs.len() as u64;
        if self.revision == 0 {
            self.revision = page.header.map_or(0, |header| header.revision);
        }
        self.adjust_limit(&page.kvs);
        self.next = page.kvs.last().filter(|_| page.more).map(|last| [&last.key[..], &[0]].concat());
        Ok(Some(page.kvs))
    }

    async fn read_page(&self, from: Vec<u8>) -> Result<PbRangeResponse, CallError> {
        let request = PbRangeRequest {
            key: from,
            range_end: range_end(&self.range),
            limit: self.limit,
            revision: self.revision,
            ..Default::default()
        };
        self.cluster.range(request).await
    }

    /// Large values make the next page shorter, small ones longer.
    fn adjust_limit(&mut self, kvs: &[PbKeyValue]) {
        let bytes: u64 = kvs.iter().map(|entry| (entry.key.len() + entry.value.len()) as u64).sum();
        let each = bytes / kvs.len().max(1) as u64;
        let fits = i64::try_from(PAGE_BYTES / each.max(1)).unwrap_or(MAX_LIMIT);
        self.limit = fits.clamp(1, (self.limit * 2).min(MAX_LIMIT));
    }
}

fn range_end(range: &KeyRange) -> Vec<u8> {
    range.end.clone().unwrap_or_else(|| vec![0])
}

fn key_entry(entry: PbKeyValue) -> KeyEntry {
    KeyEntry { lease: to_lease_id(entry.lease), create_revision: entry.create_revision, key: entry.key }
}

/// The lease id of a number; 0 means no lease.
pub(super) fn to_lease_id(lease: i64) -> Option<LeaseId> {
    (lease != 0).then_some(LeaseId(lease))
}
