//! Checks that no compiler makes: layers, documents, the promised Rust version.

mod documents;
mod layers;
mod msrv;
