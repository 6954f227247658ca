//! The rules of the house that no compiler knows.

mod documents;
mod layers;
mod msrv;
