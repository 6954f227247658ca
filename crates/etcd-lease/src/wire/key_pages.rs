//! The key space, page by page: which key hangs on which lease.

use std::sync::Arc;

use etcd_client::proto::{PbKeyValue, PbRangeRequest, PbRangeResponse};

use super::cluster::CallKind;
use super::{Cluster, Error, rpc};
use crate::KeyEntry;
use crate::KeyRange;
use crate::LeaseId;

/// Keys on the first page.
const FIRST: i64 = 256;
/// Keys on a page at most.
const MOST: i64 = 8192;
/// What a page should weigh: etcd gives the lease of a key with its value alone (a range of keys only loses it on 3.7,
/// etcd-io/etcd#22209).
const WEIGHT: usize = 1 << 20;

/// The keys of a range, read page by page, all as of the revision of the first page.
#[derive(Debug)]
pub struct KeyPages {
    cluster: Cluster,
    range: Arc<KeyRange>,
    /// Where the next page begins; none behind the last.
    next: Option<Vec<u8>>,
    limit: i64,
    revision: i64,
}

impl Cluster {
    /// Reads the keys of a range with their leases.
    pub fn key_pages(&self, range: &KeyRange) -> KeyPages {
        let next = Some(range.start.clone());
        KeyPages { cluster: self.clone(), range: Arc::new(range.clone()), next, limit: FIRST, revision: 0 }
    }
}

impl KeyPages {
    /// The revision that all pages show; 0 before the first.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The next page, sorted by key; none behind the last.
    ///
    /// # Errors
    /// `Forbidden` where the user may not read the range; `Compacted` where its revision was forgotten meanwhile;
    /// whatever the link does. The same page can be asked for again.
    pub async fn next(&mut self) -> Result<Option<Vec<KeyEntry>>, Error> {
        let Some(from) = self.next.clone() else { return Ok(None) };
        let page = self.read(from).await?;
        if self.revision == 0 {
            self.revision = page.header.map_or(0, |header| header.revision);
        }
        self.weigh(&page.kvs);
        self.next = page.kvs.last().filter(|_| page.more).map(|last| [&last.key[..], &[0]].concat());
        Ok(Some(page.kvs.into_iter().map(key_entry).collect()))
    }

    async fn read(&self, from: Vec<u8>) -> Result<PbRangeResponse, Error> {
        const TRIED: &str = "read the keys";
        let question = PbRangeRequest {
            key: from,
            range_end: self.range.end.clone().unwrap_or_else(|| vec![0]),
            limit: self.limit,
            revision: self.revision,
            ..Default::default()
        };
        self.cluster
            .call(CallKind::Read, TRIED, |member| {
                let question = question.clone();
                async move {
                    let answer = rpc::range(&member.channel, question).await;
                    answer.map_err(|status| Error::from_status(TRIED, &member.endpoint, &status))
                }
            })
            .await
    }

    /// Heavy values make the next page shorter, light ones longer.
    fn weigh(&mut self, kvs: &[PbKeyValue]) {
        let bytes: usize = kvs.iter().map(|entry| entry.key.len() + entry.value.len()).sum();
        let each = bytes / kvs.len().max(1);
        let fits = i64::try_from(WEIGHT / each.max(1)).unwrap_or(MOST);
        self.limit = fits.clamp(1, (self.limit * 2).min(MOST));
    }
}

fn key_entry(entry: PbKeyValue) -> KeyEntry {
    KeyEntry { lease: to_lease_id(entry.lease), create_revision: entry.create_revision, key: entry.key }
}

/// The lease of that number; 0 is none.
pub(super) fn to_lease_id(lease: i64) -> Option<LeaseId> {
    (lease != 0).then_some(LeaseId(lease))
}
