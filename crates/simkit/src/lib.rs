//! Time, connections and tasks for programs that are tested on a paused tokio clock.

mod clock;
pub mod pipe;
pub mod tasks;
mod timestamp;

pub use clock::{Clock, SleepWatch, Stopwatch};
pub use timestamp::Timestamp;
