//! The `leasetop` program.
fn main() {}
