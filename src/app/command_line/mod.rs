//! The command line: a text field at the bottom of the screen, with completion and history.
//!
//! `parse` turns a line into a [`Command`](super::command::Command), `commands` lists what can be typed, and `complete`
//! offers words for the cursor's place.

mod bad_command;
mod commands;
mod complete;
mod line;
mod parse;
#[cfg(test)]
mod tests;
mod words;

pub use bad_command::BadCommand;
pub use commands::{CommandSpec, specs};
pub use complete::Candidate;
pub use line::CommandLine;
pub use parse::parse;
pub(super) use parse::without_values;
