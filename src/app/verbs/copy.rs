//! Copying to the terminal's clipboard.

use crate::app::{AppConfig, Effect};
use crate::id_format::IdFormat;
use etcd_lease::LeaseId;

use super::Done;

/// Copies the id of a lease as displayed. Also works for an ended lease, so that the user can search logs for it.
pub(in crate::app) fn id(ids: IdFormat, id: LeaseId) -> Done {
    let text = ids.name(id);
    let status = match ids {
        IdFormat::Hex => format!("Copied {text}"),
        IdFormat::Decimal => format!("Copied {text} (decimal; leasetop reads it as dec:{text})"),
    };
    Done::status(status).with(Effect::Copy(text))
}

/// Copies the etcdctl command that shows the lease and its keys.
pub(in crate::app) fn command(config: &AppConfig, id: LeaseId) -> Done {
    let Some(etcdctl) = &config.etcdctl else {
        return Done::error("The embedded sandbox has no endpoint for etcdctl; use `leasetop sandbox`");
    };
    let text = format!("{etcdctl} lease timetolive --keys {}{id}", if id < LeaseId(0) { "-- " } else { "" });
    Done::status(format!("Copied {text}")).with(Effect::Copy(text))
}
