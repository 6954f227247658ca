//! etcdctl's `simple` lines, to the letter (`etcdctl/ctlv3/command/printer_simple.go`).

use crate::escape::printable;
use etcd_lease::{Granted, LeaseId, TimeToLive, TtlStatus};

/// `etcdctl lease grant`.
pub fn granted(granted: &Granted) -> String {
    format!("lease {} granted with TTL({}s)\n", granted.id, granted.ttl)
}

/// `etcdctl lease revoke`.
pub fn revoked(id: LeaseId) -> String {
    format!("lease {id} revoked\n")
}

/// `etcdctl lease timetolive`, with the keys where `with_keys`. Keys are raw bytes, as etcdctl's, unless
/// `for_terminal`: a key may hold an escape sequence.
pub fn time_to_live(answer: &TimeToLive, with_keys: bool, for_terminal: bool) -> Vec<u8> {
    if answer.ttl_status() == TtlStatus::Missing {
        return format!("lease {} already expired\n", answer.id).into_bytes();
    }
    let TimeToLive { id, ttl, granted_ttl, .. } = answer;
    let mut line = format!("lease {id} granted with TTL({granted_ttl}s), remaining({ttl}s)").into_bytes();
    if with_keys {
        line.extend(b", attached keys([");
        let shown = |key: &Vec<u8>| if for_terminal { printable(key).into_bytes() } else { key.clone() };
        line.extend(answer.keys.iter().map(shown).collect::<Vec<_>>().join(&b' '));
        line.extend(b"])");
    }
    line.push(b'\n');
    line
}

/// One answer of `etcdctl lease keep-alive`.
pub fn kept(id: LeaseId, ttl: i64) -> String {
    format!("lease {id} keepalived with TTL({ttl})\n")
}

/// The last line of `etcdctl lease keep-alive`, which does not know why.
pub fn ended(id: LeaseId) -> String {
    format!("lease {id} expired or revoked.\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::Header;

    fn answer(ttl: i64, granted_ttl: i64) -> TimeToLive {
        let keys = vec![b"/a".to_vec(), b"\x1b[2J".to_vec()];
        TimeToLive { id: LeaseId(0x694d), ttl, granted_ttl, keys, header: Header::default() }
    }

    #[test]
    fn a_time_to_live_reads_as_etcdctls() {
        let alive = time_to_live(&answer(7, 10), false, false);
        assert_eq!(alive, b"lease 000000000000694d granted with TTL(10s), remaining(7s)\n");
        let gone = time_to_live(&answer(-1, 0), true, false);
        assert_eq!(gone, b"lease 000000000000694d already expired\n");
        let dying = time_to_live(&answer(-3, 10), false, false);
        assert_eq!(dying, b"lease 000000000000694d granted with TTL(10s), remaining(-3s)\n");
    }

    #[test]
    fn keys_are_raw_but_for_a_terminal() {
        let raw = time_to_live(&answer(7, 10), true, false);
        assert!(raw.ends_with(b", attached keys([/a \x1b[2J])\n"));
        let shown = time_to_live(&answer(7, 10), true, true);
        assert!(shown.ends_with(b", attached keys([/a \\x1b[2J])\n"));
    }
}
