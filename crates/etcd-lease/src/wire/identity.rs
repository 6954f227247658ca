//! Passes the headers of all replies to [`ClusterIdentity`](crate::cluster_identity::ClusterIdentity), and acts on what
//! they show.

use std::sync::PoisonError;
use std::time::Duration;

use etcd_client::proto::PbResponseHeader;
use tonic::Status;

use super::cluster::CallKind;
use super::error::CallError;
use super::error_cause::OTHER_CLUSTER;
use super::header::pb_header;
use super::shared_state::SharedState;
use crate::cluster_identity::{Evidence, Verdict};
use crate::{ClusterView, Header, Reachability};

impl SharedState {
    /// Checks that a reply to a request sent at `sent` is of the known cluster. The reply to a write is always accepted,
    /// because the write was carried out.
    ///
    /// # Errors
    /// [`ErrorKind::OtherCluster`](super::ErrorKind::OtherCluster).
    pub(super) fn check_reply(
        &self,
        (tried, endpoint): (&'static str, &str),
        kind: CallKind,
        header: Header,
        sent: Duration,
    ) -> Result<(), CallError> {
        let evidence = Evidence { header, raft_index: 0, sent, received: self.age.elapsed() };
        match self.identify(endpoint, &evidence) {
            Verdict::Other(_) | Verdict::Stale if kind == CallKind::Read => {
                Err(CallError::other_cluster(tried, endpoint, other_cluster(header.cluster_id)))
            }
            _ => Ok(()),
        }
    }

    /// Checks that a message on a stream opened at `opened` is of the known cluster.
    pub(super) fn check_stream(
        &self,
        endpoint: &str,
        header: Option<PbResponseHeader>,
        opened: Duration,
    ) -> Result<(), Status> {
        let header = pb_header(header);
        let evidence = Evidence { header, raft_index: 0, sent: opened, received: self.age.elapsed() };
        match self.identify(endpoint, &evidence) {
            Verdict::Other(id) => Err(Status::unavailable(other_cluster(id))),
            _ => Ok(()),
        }
    }

    /// Returns whether the status of a member may be recorded. That of another cluster is recorded only while a member
    /// of the known one answers. Otherwise the other cluster may be its replacement, so all members are probed again at
    /// once until that is decided.
    pub(super) fn accepts_probe(&self, endpoint: &str, evidence: &Evidence) -> bool {
        match self.identify(endpoint, evidence) {
            Verdict::Known | Verdict::Changed(_) => true,
            Verdict::Stale => false,
            Verdict::Other(_) => {
                let (is_mixed, is_known_up) = {
                    let view = self.view().borrow();
                    (view.mixed_with.is_some(), answers_elsewhere(&view, endpoint))
                };
                if !is_mixed && !is_known_up {
                    self.probe_request.send_replace(());
                }
                is_known_up
            }
        }
    }

    /// Compares a reply with those before, and publishes a change.
    fn identify(&self, endpoint: &str, evidence: &Evidence) -> Verdict {
        let mut identity = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        let is_expected = [0, identity.cluster_id()].contains(&evidence.header.cluster_id);
        let answers_elsewhere = !is_expected && answers_elsewhere(&self.view().borrow(), endpoint);
        let verdict = identity.observe(evidence, answers_elsewhere);
        let (cluster_id, mixed_with) = (identity.cluster_id(), identity.mixed_with());
        self.view().send_if_modified(|view| {
            let is_new = view.cluster_id != cluster_id || view.mixed_with != mixed_with;
            view.cluster_id = cluster_id;
            view.mixed_with = mixed_with;
            if let Verdict::Other(id) = verdict {
                return mark_elsewhere(view, endpoint, id) || is_new;
            }
            let Verdict::Changed(change) = verdict else { return is_new };
            view.changes += 1;
            view.last_change = Some(change);
            true
        });
        drop(identity);
        if let Verdict::Changed(change) = verdict {
            tracing::info!(endpoint, %change, "the cluster was replaced or restored");
            self.probe_request.send_replace(());
        }
        verdict
    }
}

/// Whether a member of the known cluster answers at another endpoint.
fn answers_elsewhere(view: &ClusterView, endpoint: &str) -> bool {
    view.members.iter().any(|member| {
        let is_known = member.cluster_id == view.cluster_id && member.reachability == Reachability::Up;
        member.endpoint != endpoint && is_known
    })
}

/// If a member of the known cluster answers elsewhere, records that an endpoint belongs to another cluster, and chooses
/// a member again. Returns whether that was new.
fn mark_elsewhere(view: &mut ClusterView, endpoint: &str, id: u64) -> bool {
    if !answers_elsewhere(view, endpoint) {
        return false;
    }
    let Some(member) = view.members.iter_mut().find(|member| member.endpoint == endpoint) else { return false };
    let is_new = std::mem::replace(&mut member.cluster_id, id) != id;
    view.chosen = view.choose();
    is_new
}

fn other_cluster(id: u64) -> String {
    format!("cluster {id:x} replied, {OTHER_CLUSTER}")
}
