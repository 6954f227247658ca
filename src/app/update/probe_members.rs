//! Granting, renewing and revoking a lease of our own through each member, when the user asks for it.

use std::time::Duration;

use crate::app::keymap::Action;
use crate::app::verbs::Done;
use crate::app::{AppState, Effect, Redraw};
use crate::plural::plural;
use etcd_lease::wire::MemberProbe;
use simkit::Timestamp;

/// How long the user can answer the question, in real time.
const ASKED_FOR: Duration = Duration::from_secs(10);

/// Asks the user at the first press, and starts probing at the second press within [`ASKED_FOR`].
pub(super) fn start(app: &mut AppState, now: Timestamp) -> Done {
    let members = &mut app.cluster.members;
    if members.is_probing {
        return Done::error("The members are being probed");
    }
    let is_asked = members.asked_to_probe.take().is_some_and(|at| now - at < app.view.wall_time(ASKED_FOR));
    if is_asked {
        members.is_probing = true;
        let effect = Effect::ProbeMembers(members.listed.clone());
        return Done::effects(vec![effect]).then(Done::status("Probing the members"));
    }
    members.asked_to_probe = Some(now);
    let count = plural(app.cluster.members.rows(&app.cluster.view).len() as u64, "member");
    let key = app.config.keymap.key_label(Action::ProbeMembers);
    Done::status(format!("Grant, renew and revoke a lease of 10 s through {count}? {key} again: yes"))
}

/// Stores the results and shows a summary.
pub(super) fn done(app: &mut AppState, probes: Vec<MemberProbe>, now: Timestamp) {
    let failed = probes.iter().filter(|probe| !probe.is_done()).count();
    let count = plural(probes.len() as u64, "member");
    app.cluster.members.on_probed(probes, now);
    let text = match failed {
        0 => format!("Leases can be granted, renewed and revoked through {count}"),
        failed => format!("The lease probe failed at {failed} of {count}; select a member to see why"),
    };
    app.view.set_status(now, failed > 0, text);
    app.view.request_redraw(Redraw::Now);
}
