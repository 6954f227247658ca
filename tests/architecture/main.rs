//! Checks that no compiler makes: layers, documents, the promised Rust version.

mod cycles;
mod documents;
mod layers;
mod msrv;
