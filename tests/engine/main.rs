//! The keepalive engine: its schedule against a simulated world, and the whole of it over the sandbox's pipe.

mod seeds;
mod world;
