//! CPU time and memory of this process, from Linux's `/proc`.

use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// CPU time so far, user and system, in steps of 10 ms.
    pub(super) cpu: Duration,
    /// Peak resident memory, in bytes.
    pub(super) peak_memory: u64,
}

impl Usage {
    /// None if there is no `/proc`.
    pub(super) fn read() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        Some(Usage { cpu: cpu(&stat)?, peak_memory: peak_memory(&status)? })
    }
}

/// `utime` and `stime`: the 12th and 13th field after the name, in units of 10 ms (`USER_HZ`, proc(5)).
fn cpu(stat: &str) -> Option<Duration> {
    let (_, numbers) = stat.rsplit_once(')')?;
    let mut times = numbers.split_whitespace().skip(11).map(str::parse::<u64>);
    let ticks = times.next()?.ok()? + times.next()?.ok()?;
    Some(Duration::from_millis(ticks * 10))
}

fn peak_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_writes() {
        let stat = "4242 (a) b) S 1 2 3 0 -1 4194304 100 0 0 0 123 45 0 0 20 0 1 0 8";
        assert_eq!(cpu(stat), Some(Duration::from_millis(1_680)));
        assert_eq!(peak_memory("VmPeak:\t 9 kB\nVmHWM:\t   11264 kB\n"), Some(11_264 * 1024));
        assert_eq!(cpu("nonsense"), None);
    }
}
