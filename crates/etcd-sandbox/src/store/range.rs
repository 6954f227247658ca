//! Filters, sorts and limits the keys of a range (`Range` in etcd's `apply.go`).

use std::cmp::Ordering;

use etcd_client::proto::{PbKeyValue, PbRangeRequest, PbRangeResponse};
use etcd_client::{SortOrder, SortTarget};

use super::RequestError;
use super::kv::length;

/// Checks a range request.
pub(super) fn check(request: &PbRangeRequest) -> Result<(), RequestError> {
    let is_sort_valid =
        SortOrder::try_from(request.sort_order).is_ok() && SortTarget::try_from(request.sort_target).is_ok();
    match request {
        _ if request.key.is_empty() => Err(RequestError::NoKey),
        _ if !is_sort_valid => Err(RequestError::BadSort),
        _ => Ok(()),
    }
}

/// The reply to a range that found these keys, sorted by key. The count includes keys that the request filters out.
pub(super) fn answer<'a>(request: &PbRangeRequest, found: impl Iterator<Item = &'a PbKeyValue>) -> PbRangeResponse {
    if request.count_only {
        return PbRangeResponse { count: length(found.count()), ..Default::default() };
    }
    let mut count = 0;
    let mut kvs: Vec<&PbKeyValue> = found.inspect(|_| count += 1).filter(|entry| is_wanted(request, entry)).collect();
    sort(request, &mut kvs);
    let limit = usize::try_from(request.limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let more = kvs.len() > limit;
    let kvs = kvs.into_iter().take(limit).map(|entry| copy(entry, request.keys_only)).collect();
    PbRangeResponse { header: None, more, kvs, count: length(count) }
}

fn copy(entry: &PbKeyValue, keys_only: bool) -> PbKeyValue {
    if keys_only { PbKeyValue { value: Vec::new(), key: entry.key.clone(), ..*entry } } else { entry.clone() }
}

fn is_wanted(request: &PbRangeRequest, entry: &PbKeyValue) -> bool {
    let within = |revision: i64, min: i64, max: i64| (min == 0 || revision >= min) && (max == 0 || revision <= max);
    within(entry.mod_revision, request.min_mod_revision, request.max_mod_revision)
        && within(entry.create_revision, request.min_create_revision, request.max_create_revision)
}

/// Sorts keys as the request says, in ascending order if it names none.
fn sort(request: &PbRangeRequest, kvs: &mut [&PbKeyValue]) {
    let by: fn(&PbKeyValue, &PbKeyValue) -> Ordering = match SortTarget::try_from(request.sort_target) {
        Ok(SortTarget::Version) => |a, b| a.version.cmp(&b.version),
        Ok(SortTarget::Create) => |a, b| a.create_revision.cmp(&b.create_revision),
        Ok(SortTarget::Mod) => |a, b| a.mod_revision.cmp(&b.mod_revision),
        Ok(SortTarget::Value) => |a, b| a.value.cmp(&b.value),
        _ => |a, b| a.key.cmp(&b.key),
    };
    match SortOrder::try_from(request.sort_order) {
        Ok(SortOrder::Descend) => kvs.sort_by(|a, b| by(b, a)),
        _ => kvs.sort_by(|a, b| by(a, b)),
    }
}
