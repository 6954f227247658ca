//! The cluster that a command talks to, or the sandbox in its place.

use super::{Error, Shared};
use crate::clock::Clock;
use crate::domain::Pace;
use crate::engine::Engine;
use crate::sandbox::Sandbox;
use crate::wire::{Cluster, Settings, Target};

/// What a command talks to.
pub(super) struct Session {
    pub(super) cluster: Cluster,
    pub(super) clock: Clock,
    shared: Shared,
    /// Lives as long as the command.
    _sandbox: Option<Sandbox>,
}

impl Session {
    /// Sets the connections up, and asks for a password where one is missing.
    pub(super) async fn open(shared: Shared) -> Result<Self, Error> {
        shared.check_warp()?;
        let clock = Clock::warped(shared.warp());
        let sandbox = shared.sandbox().then(|| Sandbox::builder().start(clock.clone()));
        let settings = match &sandbox {
            Some(sandbox) => in_process(sandbox),
            None => shared.settings()?,
        };
        let cluster = Cluster::connect(settings).await?;
        Ok(Session { cluster, clock, shared, _sandbox: sandbox })
    }

    /// When renewals are due.
    pub(super) fn pace(&self) -> Pace {
        self.shared.keeping.pace
    }

    /// Starts an engine on the cluster.
    pub(super) fn engine(&self) -> Engine {
        Engine::start(self.cluster.clone(), self.clock.clone(), self.shared.engine())
    }
}

fn in_process(sandbox: &Sandbox) -> Settings {
    Settings::new(vec![Target::Pipe { name: "sandbox".to_owned(), dialer: sandbox.dialer(0) }])
}
