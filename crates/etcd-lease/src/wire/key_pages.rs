//! The key space, page by page, with the lease of each key.

use std::sync::Arc;

use etcd_client::proto::{PbKeyValue, PbRangeRequest, PbRangeResponse};

use super::cluster::{CallKind, Cluster};
use super::error::CallError;
use super::rpc;
use crate::{KeyEntry, KeyRange, LeaseId};

/// Keys on the first page.
const FIRST_LIMIT: i64 = 256;
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
}

impl Cluster {
    /// Reads the keys of a range with their leases.
    pub fn key_pages(&self, range: &KeyRange) -> KeyPages {
        let next = Some(range.start.clone());
        KeyPages { cluster: self.clone(), range: Arc::new(range.clone()), next, limit: FIRST_LIMIT, revision: 0 }
    }
}

impl KeyPages {
    /// The revision of all pages; 0 before the first.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The next page, sorted by key; none after the last.
    ///
    /// # Errors
    /// `Forbidden` if the user may not read the range; `Compacted` if its revision was compacted in the meantime; any
    /// error of the connection. The next call reads the same page again.
    pub async fn next(&mut self) -> Result<Option<Vec<KeyEntry>>, CallError> {
        let Some(from) = self.next.clone() else { return Ok(None) };
        let page = self.read(from).await?;
        if self.revision == 0 {
            self.revision = page.header.map_or(0, |header| header.revision);
        }
        self.adjust_limit(&page.kvs);
        self.next = page.kvs.last().filter(|_| page.more).map(|last| [&last.key[..], &[0]].concat());
        Ok(Some(page.kvs.into_iter().map(key_entry).collect()))
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
