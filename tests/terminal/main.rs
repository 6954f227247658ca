//! The shipped program in a real terminal.

#[path = "../common/pty.rs"]
mod pty;

mod harness;
mod monitor;
mod panic;
mod suspend;
