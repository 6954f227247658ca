//! Measures for a revoke dialog how much an undo would restore.

use crate::app::dialog::Dialog;
use crate::app::{AppState, Effect, NoBackup, Redraw, UndoMeasure, UndoSize};
use etcd_lease::LeaseId;
use simkit::Timestamp;

/// Maximum number of leases whose values a revoke dialog measures.
const MAX_MEASURED: usize = 100;

/// The undo in the open revoke dialog, if nothing is known about it yet.
fn unmeasured(app: &mut AppState) -> Option<(Vec<LeaseId>, &mut UndoSize)> {
    let (ids, undo) = match &mut app.view.dialog {
        Some(Dialog::Revoke(dialog)) => (vec![dialog.id], &mut dialog.undo),
        Some(Dialog::RevokeMany(dialog)) => (dialog.ids().collect(), &mut dialog.undo),
        _ => return None,
    };
    if *undo == UndoSize::Unknown { Some((ids, undo)) } else { None }
}

/// Measures the values of the leases in the revoke dialog, once.
pub(super) fn start_measuring_if_due(app: &mut AppState) -> Option<Effect> {
    if !app.cluster.is_reached() {
        return None;
    }
    let (ids, undo) = unmeasured(app)?;
    if ids.len() > MAX_MEASURED {
        *undo = UndoSize::TooMany;
        return None;
    }
    *undo = UndoSize::Measuring;
    Some(Effect::MeasureUndo(ids))
}

/// When to measure, or when the undo of the last revoke ends.
pub(super) fn next_wake(app: &AppState, now: Timestamp) -> Option<Timestamp> {
    let is_unmeasured = match &app.view.dialog {
        Some(Dialog::Revoke(dialog)) => dialog.undo == UndoSize::Unknown,
        Some(Dialog::RevokeMany(dialog)) => dialog.undo == UndoSize::Unknown,
        _ => false,
    };
    if is_unmeasured && app.cluster.is_reached() {
        return Some(now);
    }
    let until = app.jobs.undo.until(app.view.clock_speed)?;
    if until > now { Some(until) } else { None }
}

/// Shows in the revoke dialog how much an undo would restore.
pub(super) fn measured(app: &mut AppState, ids: &[LeaseId], size: Result<UndoMeasure, NoBackup>) {
    match &mut app.view.dialog {
        Some(Dialog::Revoke(dialog)) if ids == [dialog.id] => dialog.undo = UndoSize::Known(size),
        Some(Dialog::RevokeMany(dialog)) if dialog.ids().eq(ids.iter().copied()) => {
            dialog.undo = UndoSize::Known(size);
        }
        _ => return,
    }
    app.view.request_redraw(Redraw::Soon);
}
