//! Reports how many bytes were received for keys.

use tokio::sync::mpsc;

use super::Observation;

/// Bytes that are reported together, so that small messages cause few observations.
const BATCH: u64 = 16 * 1024;

/// The bytes received for keys that are not reported yet.
pub(super) struct KeyTraffic {
    sender: mpsc::Sender<Observation>,
    unreported: u64,
}

impl KeyTraffic {
    pub(super) fn new(sender: mpsc::Sender<Observation>) -> Self {
        KeyTraffic { sender, unreported: 0 }
    }

    pub(super) async fn add(&mut self, bytes: u64) {
        self.unreported += bytes;
        if self.unreported >= BATCH {
            self.report().await;
        }
    }

    /// Reports what was received. Waits until the queue has room.
    pub(super) async fn report(&mut self) {
        let bytes = std::mem::take(&mut self.unreported);
        if bytes > 0 {
            // This fails only if the observer was dropped. Then this task is about to end.
            let _ = self.sender.send(Observation::KeyBytes(bytes)).await;
        }
    }
}
