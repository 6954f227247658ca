//! The memory that the backups of running revokes may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::app::UNDO_LIMIT;

/// Bytes of the backups of the running revokes. Once they exceed [`UNDO_LIMIT`], no more values are read.
#[derive(Clone, Debug, Default)]
pub(super) struct BackupBudget(Arc<BudgetState>);

#[derive(Debug, Default)]
struct BudgetState {
    bytes: AtomicUsize,
    running: AtomicUsize,
}

/// A running revoke. Dropping it ends the revoke.
pub(super) struct RunningRevoke(BackupBudget);

impl BackupBudget {
    /// Starts a revoke. Resets the budget if no other revoke is running.
    pub(super) fn start(&self) -> RunningRevoke {
        if self.0.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.0.bytes.store(0, Ordering::SeqCst);
        }
        RunningRevoke(self.clone())
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.0.bytes.load(Ordering::SeqCst) > UNDO_LIMIT
    }

    pub(super) fn add(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes, Ordering::SeqCst);
    }
}

impl Drop for RunningRevoke {
    fn drop(&mut self) {
        self.0.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
