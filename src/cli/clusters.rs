//! The clusters that the monitor can switch to: those of the config file, and the one of the start.

use std::path::PathBuf;

use super::config::Env;
use super::monitor::cluster_setup;
use super::options::MonitorArgs;
use super::{CliError, GlobalFlags, config};
use crate::app::{AppConfig, ClusterChoice};
use crate::escape::printable;
use crate::runtime::{ClusterConnector, ClusterSetup, UserFiles};

/// The clusters of the config file. The cluster of the start is added if it is not among them.
pub(super) fn choices(shared: &GlobalFlags, here: &str) -> Vec<ClusterChoice> {
    let mut choices = shared.config_file.clusters();
    if shared.named.is_none() {
        let start = ClusterChoice { name: here.to_owned(), color: None, target: here.to_owned() };
        choices.insert(0, start);
    }
    choices
}

/// A connector to the clusters of the config file, and to the cluster of the start.
///
/// `config` is the configuration of the start. Its leases are granted again only in a new sandbox.
pub(super) fn connector(shared: &GlobalFlags, config: &AppConfig) -> ClusterConnector {
    let (shared, config) = (shared.clone(), config.clone());
    ClusterConnector::new(move |name| {
        let (shared, config) = (shared.clone(), config.clone());
        async move {
            let is_start = name == config.cluster_name();
            let result =
                if is_start { start_setup(shared, config).await } else { named_setup(shared, config, &name).await };
            result.map_err(|error: CliError| error.to_string())
        }
    })
}

/// Connects to the cluster of the start once more, or starts another sandbox.
async fn start_setup(shared: GlobalFlags, config: AppConfig) -> Result<ClusterSetup, CliError> {
    if shared.sandbox() {
        return cluster_setup(shared, config).await;
    }
    cluster_setup(shared, AppConfig { grants: Vec::new(), keep: Vec::new(), ..config }).await
}

/// Connects to a cluster of the config file. Refuses one whose password would have to be prompted for.
async fn named_setup(shared: GlobalFlags, config: AppConfig, name: &str) -> Result<ClusterSetup, CliError> {
    let (flags, monitor) = config::for_cluster(&shared, name)?;
    if let Some(user) = flags.user_without_password() {
        let user = printable(user.as_bytes());
        let name = printable(name.as_bytes());
        let why = format!(
            "{name} needs the password of {user}; set its password-file or ETCDCTL_PASSWORD, or start with --cluster {name}"
        );
        return Err(CliError::Usage(why));
    }
    let MonitorArgs { watch_args, .. } = monitor;
    let AppConfig { range, budget, key_budget, .. } = watch_args.config();
    let config =
        AppConfig { grants: Vec::new(), keep: Vec::new(), is_demo: false, range, budget, key_budget, ..config };
    cluster_setup(flags, config).await
}

/// Where the user's files are.
pub(super) fn user_files(shared: &GlobalFlags) -> UserFiles {
    let env = Env::here();
    let config = shared.general.config.clone().or_else(|| env.file());
    let state: Option<PathBuf> = env.state_folder();
    UserFiles::new(config, state, env.home)
}
