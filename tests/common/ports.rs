//! Free loopback ports.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the range from which kernels take the ports of outgoing connections:
/// while a killed server is down, no client can be given its port.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

/// Ports handed out by this process so far.
static TAKEN: AtomicU32 = AtomicU32::new(0);

/// A port that nobody listens on and that this process has not handed out lately.
///
/// The way through the range starts at a place of each process's own, so that test
/// runs beside each other seldom meet; a server that finds its port taken all the
/// same is started again on another.
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
