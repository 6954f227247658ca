//! The program in a real terminal.

#[path = "../common/http.rs"]
mod http;
#[path = "../common/ports.rs"]
mod ports;
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
mod outputs;
mod panic;
mod prompt;
mod revoke;
mod rows;
mod run;
mod sandbox;
mod suspend;
mod unread;
