//! Checks that the compiler does not make: layers, documents, and the promised Rust version.

mod cycles;
mod documents;
mod layers;
mod msrv;
