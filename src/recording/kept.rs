//! The start of a recording.

use super::playing::Chunk;
use crate::app::{AppState, Msg, checkpoint};
use simkit::Timestamp;

/// A state, and the messages that followed it until now: the start of a recording.
#[derive(Debug)]
pub struct Kept {
    /// The time of the state.
    pub at: Timestamp,
    /// The messages that recreate the state.
    pub(super) state: Vec<Msg>,
    pub(super) chunks: Vec<Chunk>,
}

impl Kept {
    /// The present state.
    pub fn present(app: &AppState, now: Timestamp) -> Self {
        Kept { at: now, state: checkpoint(app), chunks: Vec::new() }
    }
}
