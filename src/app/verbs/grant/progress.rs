//! The replies to a grant request.

use crate::app::CallFailure;
use crate::app::grant_job::GrantResult;
use crate::app::jobs::Jobs;
use etcd_lease::Granted;

/// Records a granted lease. Returns the result once every lease of its request is granted. `None` before that, and if the
/// lease belongs to no request of the user.
pub(in crate::app) fn on_granted(jobs: &mut Jobs, answer: &Granted) -> Option<GrantResult> {
    let place = jobs.grants.iter().position(|job| job.ttl == answer.requested_ttl)?;
    let job = &mut jobs.grants[place];
    job.granted.push(answer.id);
    job.granted_ttl = Some(answer.ttl);
    if job.granted.len() < job.count as usize {
        return None;
    }
    Some(jobs.grants.remove(place).result(None))
}

/// Records a failed grant, which ends its request. `ttl` is the requested TTL in seconds.
pub(in crate::app) fn on_failure(jobs: &mut Jobs, ttl: i64, failure: &CallFailure) -> Option<GrantResult> {
    let place = jobs.grants.iter().position(|job| job.ttl == ttl)?;
    Some(jobs.grants.remove(place).result(Some(&failure.text)))
}

/// Whether a request of the user for this TTL, in seconds, is not answered yet.
pub(in crate::app) fn has_job(jobs: &Jobs, ttl: i64) -> bool {
    jobs.grants.iter().any(|job| job.ttl == ttl)
}
