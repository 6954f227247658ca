//! The program as a script sees it: help, mistakes, JSON. None of it needs an etcd.

#[path = "../common/guard.rs"]
mod guard;

mod json;
mod sandbox;
mod schema;
mod sessions;
mod streams;
