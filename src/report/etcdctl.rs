//! Exactly etcdctl's `simple` lines (`etcdctl/ctlv3/command/printer_simple.go`).

use crate::error_table::sentence;
use crate::escape::printable;
use etcd_lease::{Ended, Granted, LeaseId, TimeToLive, TtlStatus};

/// `etcdctl lease grant`.
pub fn granted(granted: &Granted) -> String {
    format!("lease {} granted with TTL({}s)\n", granted.id, granted.ttl)
}

/// `etcdctl lease revoke`.
pub fn revoked(id: LeaseId) -> String {
    format!("lease {id} revoked\n")
}

/// `etcdctl lease timetolive`, with the keys if `with_keys`. Keys are raw bytes, as in etcdctl, but escaped if
/// `for_terminal`, because a key may contain an escape sequence.
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

/// One reply of `etcdctl lease keep-alive`.
pub fn kept(id: LeaseId, ttl: i64) -> String {
    format!("lease {id} keepalived with TTL({ttl})\n")
}

/// The last line of `etcdctl lease keep-alive`, which gives no reason.
pub fn ended(id: LeaseId) -> String {
    format!("lease {id} expired or revoked.\n")
}

/// Why a keepalive ended, to follow the lease's name. For stderr: etcdctl has no such line.
pub fn end_reason(ended: &Ended) -> String {
    let text = match ended {
        Ended::Expired => "expired".to_owned(),
        Ended::NotFound => "not found".to_owned(),
        Ended::Unanswered { trouble: None } => "got no reply for its TTL".to_owned(),
        Ended::Unanswered { trouble: Some(cause) } => format!("got no reply for its TTL ({cause})"),
        Ended::NotStarted { error: None } => "got no reply".to_owned(),
        Ended::NotStarted { error: Some(error) } => format!("was not asked about: {}", sentence(error)),
        Ended::Forbidden { message } => format!("may not be renewed ({message})"),
        Ended::Cancelled => "is no longer needed".to_owned(),
        Ended::Closed => "lost its engine".to_owned(),
    };
    printable(text.as_bytes())
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
    fn a_time_to_live_is_etcdctls_line() {
        let alive = time_to_live(&answer(7, 10), false, false);
        assert_eq!(alive, b"lease 000000000000694d granted with TTL(10s), remaining(7s)\n");
        let gone = time_to_live(&answer(-1, 0), true, false);
        assert_eq!(gone, b"lease 000000000000694d already expired\n");
        let dying = time_to_live(&answer(-3, 10), false, false);
        assert_eq!(dying, b"lease 000000000000694d granted with TTL(10s), remaining(-3s)\n");
    }

    #[test]
    fn keys_are_escaped_only_for_a_terminal() {
        let raw = time_to_live(&answer(7, 10), true, false);
        assert!(raw.ends_with(b", attached keys([/a \x1b[2J])\n"));
        let shown = time_to_live(&answer(7, 10), true, true);
        assert!(shown.ends_with(b", attached keys([/a \\x1b[2J])\n"));
    }
}
