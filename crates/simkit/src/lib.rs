//! Time, connections and tasks for programs that are tested on a paused tokio clock.

mod clock;
mod moment;
pub mod pipe;
pub mod tasks;

pub use clock::{Clock, SleepWatch, Stopwatch};
pub use moment::Moment;
