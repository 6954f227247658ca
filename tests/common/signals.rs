//! Signals that this process was started to ignore, as a background job of a script ignores SIGINT. The programs that it
//! starts would ignore them too.

use std::fs;
use std::sync::Once;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// Lets programs that are started from now on react to all signals. A signal that is caught here has its default effect
/// in them.
pub(crate) fn let_programs_react() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        for kind in [SignalKind::hangup(), SignalKind::interrupt(), SignalKind::quit(), SignalKind::terminate()] {
            if ignored >> (kind.as_raw_value() - 1) & 1 == 1 {
                let _inside = runtime.enter();
                // The handler stays when this is dropped.
                drop(signal(kind).expect("a handler"));
            }
        }
        // This may be inside of another runtime, which must not wait for the end of this one.
        runtime.shutdown_background();
    });
}
