//! The program as a script sees it: help, mistakes, JSON. None of it needs an etcd.

#[path = "../common/guard.rs"]
mod guard;

#[path = "../common/http.rs"]
mod http;

#[path = "../common/ports.rs"]
mod ports;

#[path = "../common/wait.rs"]
mod wait;

mod completion;
mod corpus;
mod etcdctl;
mod json;
mod metrics;
mod recording;
mod run;
mod sandbox;
mod schema;
mod secrets;
mod sessions;
mod streams;
mod unreached;
