//! Free loopback ports.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the range of ephemeral ports: while a killed server is down, no outgoing connection can take its port.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

/// Ports handed out by this process so far.
static TAKEN: AtomicU32 = AtomicU32::new(0);

/// A port that is not in use and that this process has not handed out lately.
///
/// Each process starts at its own place in the range, so that test runs beside each other rarely collide. A server that
/// still finds its port taken is started again on another.
pub(crate) fn free() -> u16 {
    loop {
        let step = TAKEN.fetch_add(1, Ordering::Relaxed);
        let offset = std::process::id().wrapping_mul(211).wrapping_add(step) % COUNT;
        let port = u16::try_from(FIRST + offset).expect("the range ends below 65,536");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
