//! New leases of ours.

use std::time::Duration;

use crate::app::dialog::{Dialog, GrantForm};
use crate::app::{Lease, Model, Redraw, TimeRange, Trouble, View, What, Who};
use etcd_lease::{Granted, LeaseId};
use simkit::Timestamp;

use super::{count, is_refused, keys};

/// Opens the form; on an own lease that was lost it is filled as that was.
pub(super) fn open(model: &mut Model, now: Timestamp) {
    if !is_refused(model, now) {
        let pace = model.setup.pace;
        let like = |lease: &Lease| GrantForm::like(lease, model.values(lease.id), pace);
        let form = lost(model).map_or_else(|| GrantForm::new(pace), like);
        model.dialog = Some(Dialog::Grant(Box::new(form)));
    }
}

/// The selected lease, if it is our own and was lost.
fn lost(model: &Model) -> Option<&Lease> {
    let lease = model.looking().selected().filter(|_| model.looking().view == View::Leases)?;
    Some(lease).filter(|lease| lease.who == Who::Own && lease.loss.is_some())
}

/// A lease was granted: sent and received bound its deadline.
pub(super) fn granted(model: &mut Model, answer: &Granted, (sent, received): (Timestamp, Timestamp), keep_alive: bool) {
    let ttl = Duration::from_secs(answer.ttl.unsigned_abs());
    let lease = model.living(answer.id);
    lease.who = Who::Own;
    lease.kept = keep_alive;
    lease.asked_ttl = Some(answer.requested_ttl);
    if keep_alive {
        lease.history_mut().granted(sent + ttl);
    }
    if lease.bounds().is_none() {
        lease.begin(TimeRange { earliest: sent + ttl, latest: received + ttl }, answer.ttl);
    }
    if let Some(status) = lease.engine.clone() {
        count(model, &status);
    }
    let granted = What::Granted { who: Who::Own, ttl: Some(answer.ttl), asked: Some(answer.requested_ttl) };
    model.say(received, false, format!("granted {}: {}", model.ids.name(answer.id), granted.text()));
    model.log(received, Some(answer.id), granted);
}

/// It was not.
pub(super) fn failed(model: &mut Model, ttl: i64, trouble: &Trouble, now: Timestamp) {
    model.log(now, None, What::error(format!("{ttl} s not granted: {}", trouble.text)));
    model.say(now, true, format!("no lease of {ttl} s: {}", trouble.text));
}

/// A key hangs on a lease. Which revision made it will be told by the watch.
pub(super) fn attached(model: &mut Model, id: LeaseId, key: &[u8], now: Timestamp) {
    keys::attach(model, id, key, None, now);
}

/// A key could not be attached.
pub(super) fn attach_failed(model: &mut Model, id: LeaseId, key: &[u8], trouble: &Trouble, now: Timestamp) {
    let text = format!("{} not attached: {}", String::from_utf8_lossy(key), trouble.text);
    model.log(now, Some(id), What::error(&text));
    model.say(now, true, text);
    model.show(Redraw::Soon);
}
