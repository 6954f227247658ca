//! The program as a script sees it: help, mistakes, JSON. None of it needs an etcd.

#[path = "../common/guard.rs"]
#[expect(dead_code, reason = "the test binaries share it; each uses a part of it")]
mod guard;

#[path = "../common/ports.rs"]
mod ports;

mod corpus;
mod json;
mod sandbox;
mod schema;
mod secrets;
mod sessions;
mod streams;
mod unreached;
