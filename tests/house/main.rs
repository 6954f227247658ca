//! The rules of the house that no compiler knows.

mod msrv;
mod walls;
