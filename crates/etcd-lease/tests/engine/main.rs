//! The keepalive engine: its scheduler against a simulated server, and the whole engine against the sandbox.

mod drills;
mod members;
mod paces;
mod paths;
mod pipe;
mod pipe_seeds;
mod queues;
mod random;
mod reasons;
mod seeds;
mod simulation;
mod slots;
