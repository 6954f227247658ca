//! The keepalive engine: its schedule against a simulated world, and the whole of it over the sandbox's pipe.

mod drills;
mod members;
mod paces;
mod pipe;
mod pipe_seeds;
mod queues;
mod reasons;
mod seeds;
mod simulation;
mod slots;
