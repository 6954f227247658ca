//! Copying to the terminal's clipboard. `Msg::Copied` reports where the text was sent.

use crate::app::{AppConfig, Effect};
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;

use super::Done;

/// Copies the id of a lease as displayed. Also works for an ended lease, so that the user can search logs for it.
pub(in crate::app) fn id(ids: IdFormat, id: LeaseId) -> Done {
    Done::effects(vec![Effect::Copy(ids.name(id))])
}

/// Copies the etcdctl command that shows the lease and its keys.
pub(in crate::app) fn command(config: &AppConfig, id: LeaseId) -> Done {
    let Some(etcdctl) = &config.etcdctl else {
        return Done::error("The embedded sandbox has no endpoint for etcdctl; use `leasetop sandbox`");
    };
    let text = format!("{etcdctl} lease timetolive --keys {}{id}", if id < LeaseId(0) { "-- " } else { "" });
    Done::effects(vec![Effect::Copy(text)])
}
