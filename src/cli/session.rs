//! The connection of a command to a cluster or an in-process sandbox.

use super::{CliError, GlobalFlags};
use crate::app::LinkFailure;
use crate::demo::DemoClients;
use crate::escape::printable;
use etcd_lease::engine::Engine;
use etcd_lease::wire::{Cluster, Settings, Target};
use etcd_lease::{Header, LeaseId, RenewalSchedule, TtlStatus};
use etcd_sandbox::Sandbox;
use simkit::Clock;
use simkit::tasks::Task;

pub(super) struct CommandSession {
    pub(super) cluster: Cluster,
    pub(super) clock: Clock,
    shared: GlobalFlags,
    /// Kept only so that it runs as long as the command.
    sandbox: Option<Sandbox>,
    /// The task that drives the clock, if it is faster than real time.
    _beating: Option<Task>,
}

impl CommandSession {
    /// Connects to the cluster, or starts a sandbox if the options select it. Prompts for a missing password.
    pub(super) async fn open(shared: GlobalFlags) -> Result<Self, CliError> {
        shared.check_warp()?;
        let (clock, beating) = clock(shared.warp());
        let sandbox = if shared.sandbox() { Some(Sandbox::builder().start(clock.clone())) } else { None };
        let settings = match &sandbox {
            Some(sandbox) => in_process(sandbox),
            None => shared.settings().await?,
        };
        let is_synced = shared.connection.sync_endpoints && sandbox.is_none();
        let cluster =
            if is_synced { Cluster::connect_to_all(settings).await? } else { Cluster::connect(settings).await? };
        Ok(CommandSession { cluster, clock, shared, sandbox, _beating: beating })
    }

    /// The renewal schedule.
    pub(super) fn pace(&self) -> RenewalSchedule {
        self.shared.keeping.pace
    }

    /// Starts simulated clients on a connection of their own. They wait until `min_leases` leases exist. `None` on a
    /// real cluster.
    pub(super) async fn populate(&self, min_leases: usize) -> Result<Option<DemoClients>, CliError> {
        let Some(sandbox) = &self.sandbox else { return Ok(None) };
        let cluster = Cluster::connect(in_process(sandbox)).await?;
        Ok(Some(DemoClients::start(cluster, self.clock.clone(), min_leases)))
    }

    /// The error that no member could be used.
    pub(super) fn unreached(&self, failure: Option<LinkFailure<'_>>) -> CliError {
        let Some(failure) = failure else { return self.unanswered() };
        let why = printable(failure.reason().as_bytes());
        if failure.is_refusal() {
            return CliError::Refused { what: printable(failure.refusal().as_bytes()), why };
        }
        CliError::Unanswered { target: self.shared.target(), why }
    }

    /// The error that no member has replied in time.
    pub(super) fn unanswered(&self) -> CliError {
        CliError::Unanswered { target: self.shared.target(), why: "timed out; is etcd running there?".to_owned() }
    }

    /// A hint to append to the message that a lease was not found: the lease that has this id if it is read as decimal.
    /// Empty if there is none. Commands only print it; they never act on that lease.
    pub(super) async fn decimal_hint(&self, id: LeaseId) -> String {
        let Some(meant) = id.read_as_decimal() else { return String::new() };
        match self.cluster.time_to_live(meant, false).await {
            Ok(answer) if answer.ttl_status() != TtlStatus::Missing => {
                format!("; read as decimal it is lease {meant}, which exists (dec:{})", meant.0)
            }
            _ => String::new(),
        }
    }

    /// A header with a revision, and with the cluster and the chosen member of the view. For replies of the engine,
    /// which have no header.
    pub(super) fn header(&self, revision: i64) -> Header {
        let view = self.cluster.view();
        let header = Header { cluster_id: view.cluster_id, revision, ..Header::default() };
        let Some(member) = view.current() else { return header };
        Header { member_id: member.member_id, raft_term: member.raft_term, ..header }
    }

    pub(super) fn engine(&self) -> Engine {
        Engine::start(self.cluster.clone(), self.clock.clone(), self.shared.engine())
    }
}

/// The clock of a command, and the task that drives it. A clock that is faster than real time waits while this machine
/// is too slow, so that no lease expires because of that.
fn clock(speed: u32) -> (Clock, Option<Task>) {
    if speed <= 1 {
        return (Clock::real(), None);
    }
    let (clock, beating) = Clock::that_waits(speed);
    (clock, Some(beating))
}

fn in_process(sandbox: &Sandbox) -> Settings {
    Settings::new(vec![Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) }])
}
