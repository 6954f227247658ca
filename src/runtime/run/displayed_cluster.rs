//! Which cluster the event loop displays: restarts of its environment, switches to another one, and those in the
//! background.

use std::mem;

use futures_util::stream::Stream;

use super::Monitor;
use crate::app::{KeptLease, Msg};
use crate::runtime::clusters::{EndedInBackground, ParkedCluster};
use crate::runtime::effects::ExitState;
use crate::runtime::session::Session;
use crate::runtime::{Environment, ExternalEvent, Screen};

impl<S, I, O> Monitor<S, I, O>
where
    S: Screen,
    I: Stream<Item = std::io::Result<crossterm::event::Event>> + Unpin,
    O: Stream<Item = ExternalEvent> + Unpin,
{
    /// Replaces the environment and the session. Only the displayed view is kept.
    pub(super) async fn restart(&mut self, warp: u32) {
        let Some(setup) = &mut self.clusters.setup else { return };
        let Some(environments) = &setup.environments else { return };
        let Environment { cluster, clock, resources } = environments.make(warp).await;
        let app = self.session.app.restarted(clock.speed(), clock.now());
        setup.config.backend = app.config.backend;
        setup.cluster = cluster.clone();
        setup.clock = clock.clone();
        let engine = setup.engine;
        self.frames.restart(clock.clone());
        self.session = Session::with_state(app, cluster, clock, engine, self.stall_consumer);
        self.session.local.files = self.files.clone();
        self.session.keep_past();
        setup.resources = Some(resources);
        self.resize();
    }

    /// Displays the cluster called `to`. If `keep` has leases of the cluster displayed so far, its engine continues in
    /// the background and keeps them alive.
    pub(super) async fn switch(&mut self, to: String, keep: Vec<KeptLease>) {
        let (setup, running, resumed) = match self.clusters.background.take(&to) {
            Some(ParkedCluster { setup, running, leases }) => (setup, Some(running.with_new_feed()), leases),
            None => {
                let Some(connector) = &self.clusters.connector else { return };
                match connector.connect(to).await {
                    Ok(setup) => (setup, None, Vec::new()),
                    Err(why) => return self.session.send(Msg::SwitchFailed(why)),
                }
            }
        };
        let app = self.session.app.switched(setup.config.clone(), setup.clock.speed(), setup.clock.now());
        let (cluster, clock) = (setup.cluster.clone(), setup.clock.clone());
        self.frames.restart(clock.clone());
        let session = match running {
            Some(running) => Session::with_engine(app, cluster, clock, running),
            None => Session::with_state(app, cluster, clock, setup.engine, self.stall_consumer),
        };
        let left = mem::replace(&mut self.session, session);
        self.session.keep_past();
        let left_setup = self.clusters.setup.replace(setup);
        self.clusters.has_switched = true;
        self.session.local.files = self.files.clone();
        if !keep.is_empty()
            && let Some((mut left_setup, running)) = left_setup.zip(left.park())
        {
            // On return to this cluster, the leases of the options are not granted and adopted again.
            left_setup.config.grants.clear();
            left_setup.config.keep.clear();
            self.clusters.background.add(ParkedCluster { setup: left_setup, running, leases: keep });
        }
        self.session.send(Msg::Resumed(resumed));
        self.session.send(Msg::Background(self.clusters.background.leases()));
        self.resize();
    }

    /// Reports the leases that ended on a cluster that is not displayed.
    pub(super) fn on_other_cluster(&mut self, index: usize) {
        let ended = self.clusters.background.drain(index);
        if ended.is_empty() {
            return;
        }
        self.session.send(Msg::Background(self.clusters.background.leases()));
        for EndedInBackground { cluster, id, why } in ended {
            self.session.send(Msg::BackgroundEnded { cluster, id, why });
        }
    }

    /// Adds the leases that were kept alive on other clusters, and the command line of the displayed one if it may not
    /// be the one of the start.
    pub(super) fn exit_state(&self, mut ended: ExitState) -> ExitState {
        if self.clusters.has_switched {
            ended.command = self.clusters.setup.as_ref().map(|setup| setup.command.clone());
        }
        ended.elsewhere = self.clusters.background.commands();
        ended
    }
}
