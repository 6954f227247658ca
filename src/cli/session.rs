//! The cluster that a command talks to, or the sandbox in its place.

use super::{CliError, GlobalFlags};
use crate::demo::DemoClients;
use crate::escape::printable;
use etcd_lease::RenewalSchedule;
use etcd_lease::engine::Engine;
use etcd_lease::wire::{Cluster, Settings, Target};
use etcd_sandbox::Sandbox;
use simkit::Clock;

/// What a command talks to.
pub(super) struct CommandSession {
    pub(super) cluster: Cluster,
    pub(super) clock: Clock,
    shared: GlobalFlags,
    /// Lives as long as the command.
    sandbox: Option<Sandbox>,
}

impl CommandSession {
    /// Sets the connections up, and asks for a password where one is missing.
    pub(super) async fn open(shared: GlobalFlags) -> Result<Self, CliError> {
        shared.check_warp()?;
        let clock = Clock::with_speed(shared.warp());
        let sandbox = shared.sandbox().then(|| Sandbox::builder().start(clock.clone()));
        let settings = match &sandbox {
            Some(sandbox) => in_process(sandbox),
            None => shared.settings()?,
        };
        let cluster = Cluster::connect(settings).await?;
        Ok(CommandSession { cluster, clock, shared, sandbox })
    }

    /// When renewals are due.
    pub(super) fn pace(&self) -> RenewalSchedule {
        self.shared.keeping.pace
    }

    /// Lets other clients live on the sandbox, on a connection of their own, once there are so many leases.
    pub(super) async fn populate(&self, min_leases: usize) -> Result<Option<DemoClients>, CliError> {
        let Some(sandbox) = &self.sandbox else { return Ok(None) };
        let cluster = Cluster::connect(in_process(sandbox)).await?;
        Ok(Some(DemoClients::start(cluster, self.clock.clone(), min_leases)))
    }

    /// That no member has answered, with the reason where one is known.
    pub(super) fn unanswered(&self, why: Option<&str>) -> CliError {
        let why =
            why.map_or_else(|| "no answer in time; is etcd running there?".to_owned(), |why| printable(why.as_bytes()));
        CliError::Unanswered { target: self.shared.target(), why }
    }

    /// Starts an engine on the cluster.
    pub(super) fn engine(&self) -> Engine {
        Engine::start(self.cluster.clone(), self.clock.clone(), self.shared.engine())
    }
}

fn in_process(sandbox: &Sandbox) -> Settings {
    Settings::new(vec![Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) }])
}
