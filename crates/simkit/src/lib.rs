#![doc = include_str!("../README.md")]

mod clock;
pub mod pipe;
mod sleep_watch;
pub mod tasks;
mod timestamp;

pub use clock::{Clock, Stopwatch};
pub use sleep_watch::sleeps;
pub use timestamp::Timestamp;
