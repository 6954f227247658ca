//! Checks that the compiler does not make: layers, dependencies, documents, the promised Rust version.

mod dependencies;
mod documents;
mod layers;
mod msrv;
