//! The replies to a grant request.

use crate::app::CallFailure;
use crate::app::grant_job::GrantResult;
use crate::app::jobs::Jobs;
use etcd_lease::Granted;

/// Records a granted lease of the request with this number. Returns the result once every lease of the request is granted.
/// `None` before that, and if the lease belongs to no request of the user.
pub(in crate::app) fn on_granted(jobs: &mut Jobs, number: Option<u64>, answer: &Granted) -> Option<GrantResult> {
    let place = place(jobs, number)?;
    let job = &mut jobs.grants[place];
    job.granted.push(answer.id);
    job.granted_ttl = Some(answer.ttl);
    if job.granted.len() < job.count as usize {
        return None;
    }
    Some(jobs.grants.remove(place).result(None))
}

/// Records a failed grant, which ends the request with this number.
pub(in crate::app) fn on_failure(jobs: &mut Jobs, number: Option<u64>, failure: &CallFailure) -> Option<GrantResult> {
    let place = place(jobs, number)?;
    Some(jobs.grants.remove(place).result(Some(&failure.text)))
}

/// Whether the request with this number is one of the user that is not answered yet.
pub(in crate::app) fn has_job(jobs: &Jobs, number: Option<u64>) -> bool {
    place(jobs, number).is_some()
}

/// The index of the request with this number. `None` if it is no request of the user, or is answered.
fn place(jobs: &Jobs, number: Option<u64>) -> Option<usize> {
    jobs.grants.iter().position(|job| Some(job.number) == number)
}
