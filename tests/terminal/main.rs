//! The release build in a real terminal.

#[path = "../common/pty.rs"]
mod pty;

mod background;
mod command_line;
mod customization;
mod dialogs;
mod every_view;
mod exercise;
mod harness;
mod hostile;
mod keys;
mod listing;
mod many_leases;
mod measure;
mod monitor;
mod odd_terminals;
mod panic;
mod prompt;
mod rows;
mod sandbox;
mod suspend;
mod unread;
