//! The member list, and the status of members that are no endpoints.

use std::time::Duration;

use tokio::time::timeout;

use super::cluster::{CallKind, Cluster};
use super::config::{Address, Settings, Target};
use super::error::CallError;
use super::error_cause::ErrorCause;
use super::member::READ_STATUS;
use super::rpc;
use crate::{ClusterView, ListedMember, MemberView, Reachability};

/// How long a member that is no endpoint may take to answer at one of its addresses.
const STATUS_TIMEOUT: Duration = Duration::from_secs(2);

impl Cluster {
    /// The members of the cluster, as the chosen endpoint knows them. They need not be endpoints.
    ///
    /// # Errors
    /// Any error of the connection. With authentication enabled, some versions of etcd require a login.
    pub async fn member_list(&self) -> Result<Vec<ListedMember>, CallError> {
        const TRIED: &str = "list the members";
        let answer = self
            .call(CallKind::Read, TRIED, |member| async move {
                let answer = rpc::member_list(&member.leaderless).await;
                answer.map_err(|status| CallError::from_status(TRIED, &member.endpoint, &status))
            })
            .await?;
        let listed = answer.members.into_iter().map(|member| ListedMember {
            id: member.id,
            name: member.name,
            client_urls: member.client_ur_ls,
            is_learner: member.is_learner,
        });
        Ok(listed.collect())
    }

    /// Connects to the targets, and to those voting members in the member list that are not among them. Members that
    /// join later are not added. If the member list cannot be read, only the targets are used.
    ///
    /// # Errors
    /// As [`connect`](Cluster::connect).
    pub async fn connect_to_all(mut settings: Settings) -> Result<Cluster, CallError> {
        let first = Cluster::connect(settings.clone()).await?;
        let Ok(listed) = first.member_list().await else { return Ok(first) };
        let view = first.probed_view().await;
        let others = listed.iter().filter(|member| !member.is_learner && !view.has_endpoint_of(member));
        let addresses = others.filter_map(|member| Address::parse(member.client_urls.first()?).ok());
        let targets: Vec<Target> = addresses.map(Target::Address).collect();
        if targets.is_empty() {
            return Ok(first);
        }
        settings.targets.extend(targets);
        Cluster::connect(settings).await
    }

    /// Waits until every member has been probed, and returns the state of the members.
    async fn probed_view(&self) -> ClusterView {
        let mut view = self.watch();
        let is_unknown = |member: &MemberView| member.reachability == Reachability::Unknown;
        // The sender lives as long as the cluster, so this cannot fail.
        let _ = view.wait_for(|view| !view.members.iter().any(is_unknown)).await;
        self.view()
    }

    /// The status of a member that is no endpoint, from the first of its client URLs that answers.
    pub async fn member_status(&self, listed: &ListedMember) -> MemberView {
        let mut last = None;
        for url in &listed.client_urls {
            match self.status_at(url, listed.id).await {
                Ok(view) => return view,
                Err(trouble) => last = Some(trouble),
            }
        }
        let certificate_end = self.outside().certificate_end(listed);
        let no_url = || CallError::new(ErrorCause::Other, READ_STATUS, &listed.name, "it advertises no client URL");
        let trouble = last.unwrap_or_else(no_url);
        MemberView {
            endpoint: trouble.endpoint().to_owned(),
            member_id: listed.id,
            certificate_end,
            reachability: Reachability::Down { trouble },
            ..MemberView::default()
        }
    }

    async fn status_at(&self, url: &str, id: u64) -> Result<MemberView, CallError> {
        let member = self.outside().connection(url, self.shared().login.shared_token()).await?;
        let token = self.shared().login.token();
        let probe = async {
            let answer = member.probe(self.shared().age).await;
            self.shared().probe_logged_in(&member, token, answer).await
        };
        let answer = timeout(STATUS_TIMEOUT, probe).await;
        let view = answer.unwrap_or_else(|_| Err(CallError::timeout(READ_STATUS, &member.endpoint)))?.view;
        if view.member_id != id {
            let message = "another member answers at this address";
            return Err(CallError::new(ErrorCause::Other, READ_STATUS, &member.endpoint, message));
        }
        Ok(view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_sandbox::Sandbox;
    use simkit::Clock;

    /// A sandbox of three members on TCP, and a connection to the first.
    async fn first_of_three() -> (Sandbox, Cluster) {
        let (sandbox, settings) = three().await;
        (sandbox, Cluster::connect(settings).await.unwrap())
    }

    async fn three() -> (Sandbox, Settings) {
        let sandbox = Sandbox::builder().members(3).start(Clock::real());
        let mut addresses = Vec::new();
        for member in 0..3 {
            addresses.push(sandbox.listen(member, "127.0.0.1:0".parse().unwrap()).await.unwrap().to_string());
        }
        let target = Target::Address(Address::parse(&addresses[0]).unwrap());
        (sandbox, Settings::new(vec![target]))
    }

    fn trouble(view: &MemberView) -> String {
        let Reachability::Down { trouble } = &view.reachability else { panic!("{view:?}") };
        trouble.message().to_owned()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn members_outside_the_endpoints_have_a_status() {
        let (sandbox, cluster) = first_of_three().await;
        let mut listed = cluster.member_list().await.unwrap();
        assert_eq!(
            listed.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(),
            ["sandbox-0", "sandbox-1", "sandbox-2"]
        );
        let view = cluster.view();
        assert!(view.has_endpoint_of(&listed[0]) && !view.has_endpoint_of(&listed[1]), "{view:?}");
        let status = cluster.member_status(&listed[1]).await;
        assert!(status.answers() && status.member_id == listed[1].id && !status.is_leader, "{status:?}");
        assert_eq!((status.leader_id, status.db_size_quota), (listed[0].id, None));

        listed[1].id = 7;
        assert_eq!(trouble(&cluster.member_status(&listed[1]).await), "another member answers at this address");
        listed[1].client_urls.clear();
        assert_eq!(trouble(&cluster.member_status(&listed[1]).await), "it advertises no client URL");
        sandbox.faults().on(2).down();
        let lost = cluster.member_status(&listed[2]).await;
        assert!(!lost.answers() && lost.member_id == listed[2].id, "{lost:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn all_members_are_used_although_one_is_named() {
        let (sandbox, settings) = three().await;
        sandbox.faults().on(2).learner();
        sandbox.faults().move_leader(1);
        let all = Cluster::connect_to_all(settings).await.unwrap();
        let view = all.probed_view().await;
        assert_eq!((view.members.len(), view.chosen), (2, Some(1)), "the learner is left out: {view:?}");
        sandbox.faults().on(0).down();
        assert_eq!(all.leases().await.unwrap().ids, []);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_list_is_read_without_a_leader() {
        let (sandbox, cluster) = first_of_three().await;
        sandbox.faults().lose_leader();
        assert_eq!(cluster.member_list().await.unwrap().len(), 3);
    }
}
