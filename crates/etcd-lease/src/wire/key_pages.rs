//! The key space, page by page, with the lease of each key.

use std::sync::Arc;

use etcd_client::proto::{PbKeyValue, PbRangeRequest, PbRangeResponse};
use prost::Message;

use super::cluster::{CallKind, Cluster};
use super::error::CallError;
use super::rpc;
use crate::{KeyEntry, KeyRange, LeaseId};

/// Keys on the first page.
const FIRST_LIMIT: i64 = 256;
/// Keys on the first page if their size is not known.
const SAMPLE_LIMIT: i64 = 8;
/// Maximum number of keys on a page.
const MAX_LIMIT: i64 = 8192;
/// The intended size of a page in bytes. A page has values, because a range with `keys_only` loses the lease of a key
/// on etcd 3.7 (etcd-io/etcd#22209).
const PAGE_BYTES: usize = 1 << 20;

/// The keys of a range, read page by page, all at the revision of the first page.
#[derive(Debug)]
pub struct KeyPages {
    cluster: Cluster,
    range: Arc<KeyRange>,
    /// The first key of the next page; none after the last page.
    next: Option<Vec<u8>>,
    limit: i64,
    revision: i64,
    received: u64,
    /// Number of keys in the range.
    count: u64,
}

/// The keys of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRangeRead {
    /// The keys, sorted, each with the revision of its last change.
    pub entries: Vec<(KeyEntry, i64)>,
    /// The revision of the read.
    pub revision: i64,
    /// The size of the reply in bytes.
    pub received: u64,
}

/// What the pages so far show about the size of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RangeSize {
    /// Number of keys.
    pub keys: u64,
    /// Estimated bytes of all pages, from the average of the keys so far.
    pub bytes: u64,
}

impl Cluster {
    /// Reads the keys of a range with their leases.
    pub fn key_pages(&self, range: &KeyRange) -> KeyPages {
        self.pages(range, FIRST_LIMIT)
    }

    /// Reads the keys of a range with the revision of the last change of each. Stops after the page with which the reply
    /// is larger than `most` bytes.
    ///
    /// # Errors
    /// Those of [`KeyPages::next`].
    pub async fn read_keys(&self, range: &KeyRange, most: u64) -> Result<KeyRangeRead, CallError> {
        let mut pages = self.key_samples(range);
        let mut entries = Vec::new();
        while let Some(kvs) = pages.next_kvs().await? {
            entries.extend(kvs.into_iter().map(|entry| {
                let changed = entry.mod_revision;
                (key_entry(entry), changed)
            }));
            if pages.received > most {
                break;
            }
        }
        Ok(KeyRangeRead { entries, revision: pages.revision, received: pages.received })
    }

    /// As [`Cluster::key_pages`], with a first page of a few keys, to estimate the size of the range.
    pub fn key_samples(&self, range: &KeyRange) -> KeyPages {
        self.pages(range, SAMPLE_LIMIT)
    }

    fn pages(&self, range: &KeyRange, limit: i64) -> KeyPages {
        let next = Some(range.start.clone());
        let range = Arc::new(range.clone());
        KeyPages { cluster: self.clone(), range, next, limit, revision: 0, received: 0, count: 0 }
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

    /// The size of the range. `read` is the number of keys on the pages so far.
    pub fn size(&self, read: u64) -> RangeSize {
        let bytes = u128::from(self.received) * u128::from(self.count) / u128::from(read.max(1));
        RangeSize { keys: self.count, bytes: u64::try_from(bytes).unwrap_or(u64::MAX) }
    }

    /// The next page, sorted by key; none after the last.
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
        let page = self.read(from).await?;
        self.received += page.encoded_len() as u64;
        if self.revision == 0 {
            self.count = page.count.unsigned_abs();
            self.revision = page.header.map_or(0, |header| header.revision);
        }
        self.adjust_limit(&page.kvs);
        self.next = page.kvs.last().filter(|_| page.more).map(|last| [&last.key[..], &[0]].concat());
        Ok(Some(page.kvs))
    }

    async fn read(&self, from: Vec<u8>) -> Result<PbRangeResponse, CallError> {
        const TRIED: &str = "read the keys";
        let request = PbRangeRequest {
            key: from,
            range_end: self.range.end.clone().unwrap_or_else(|| vec![0]),
            limit: self.limit,
            revision: self.revision,
            ..Default::default()
        };
        self.cluster
            .call(CallKind::Read, TRIED, |member| {
                let request = request.clone();
                async move {
                    let answer = rpc::range(&member.channel, request).await;
                    answer.map_err(|status| CallError::from_status(TRIED, &member.endpoint, &status))
                }
            })
            .await
    }

    /// Large values make the next page shorter, small ones longer.
    fn adjust_limit(&mut self, kvs: &[PbKeyValue]) {
        let bytes: usize = kvs.iter().map(|entry| entry.key.len() + entry.value.len()).sum();
        let each = bytes / kvs.len().max(1);
        let fits = i64::try_from(PAGE_BYTES / each.max(1)).unwrap_or(MAX_LIMIT);
        self.limit = fits.clamp(1, (self.limit * 2).min(MAX_LIMIT));
    }
}

fn key_entry(entry: PbKeyValue) -> KeyEntry {
    KeyEntry { lease: to_lease_id(entry.lease), create_revision: entry.create_revision, key: entry.key }
}

/// The lease id of a number; 0 means no lease.
pub(super) fn to_lease_id(lease: i64) -> Option<LeaseId> {
    (lease != 0).then_some(LeaseId(lease))
}
