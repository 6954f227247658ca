#![doc = include_str!("../README.md")]

mod clock;
pub mod pipe;
pub mod tasks;
mod timestamp;

pub use clock::{Clock, Stopwatch};
pub use timestamp::Timestamp;
