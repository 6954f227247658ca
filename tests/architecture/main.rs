//! Checks that the compiler does not make: layers, cycles, dependencies, documents, the promised Rust version.

mod cycles;
mod dependencies;
mod documents;
mod layers;
mod msrv;
