//! The shipped program in a real terminal.

#[path = "../common/pty.rs"]
mod pty;

mod crowd;
mod dialogs;
mod exercise;
mod harness;
mod hostile;
mod keys;
mod listing;
mod manners;
mod measure;
mod monitor;
mod own;
mod panic;
mod rows;
mod served;
mod suspend;
mod unread;
