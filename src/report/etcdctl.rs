//! Exactly etcdctl's `simple` lines and `fields` (`etcdctl/ctlv3/command/printer_simple.go`, `printer_fields.go`).

use crate::error_table::sentence;
use crate::escape::printable;
use etcd_lease::{Ended, Granted, Header, LeaseId, TimeToLive, TtlStatus};

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

/// `etcdctl lease list`.
pub fn leases(ids: &[LeaseId]) -> String {
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    format!("found {} leases\n{lines}", ids.len())
}

/// etcdctl's `fields`: ids in decimal, or in hex with `--hex`.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// Whether ids are in hex.
    pub is_hex: bool,
}

impl Fields {
    /// `etcdctl lease grant -w fields`.
    pub fn granted(self, granted: &Granted) -> String {
        format!("{}{}\"TTL\" : {}\n", self.header(granted.header), self.id(granted.id), granted.ttl)
    }

    /// `etcdctl lease revoke -w fields`.
    pub fn revoked(self, header: Header) -> String {
        self.header(header)
    }

    /// `etcdctl lease timetolive -w fields`. Keys are quoted.
    pub fn time_to_live(self, answer: &TimeToLive) -> String {
        let TimeToLive { id, ttl, granted_ttl, header, .. } = *answer;
        let keys: String =
            answer.keys.iter().map(|key| format!("\"Key\" : \"{}\"\n", printable(key).replace('"', "\\\""))).collect();
        format!("{}{}\"TTL\" : {ttl}\n\"GrantedTTL\" : {granted_ttl}\n{keys}", self.header(header), self.id(id))
    }

    /// One reply of `etcdctl lease keep-alive -w fields`.
    pub fn kept(self, id: LeaseId, ttl: i64, header: Header) -> String {
        format!("{}{}\"TTL\" : {ttl}\n", self.header(header), self.id(id))
    }

    /// `etcdctl lease list -w fields`.
    pub fn leases(self, ids: &[LeaseId], header: Header) -> String {
        self.header(header) + &ids.iter().map(|id| self.id(*id)).collect::<String>()
    }

    fn id(self, id: LeaseId) -> String {
        if self.is_hex { format!("\"ID\" : {id}\n") } else { format!("\"ID\" : {}\n", id.0) }
    }

    /// The fields of a header, without a revision of 0, which etcdctl prints only before 3.6.
    fn header(self, header: Header) -> String {
        let Header { cluster_id, member_id, revision, raft_term } = header;
        let id = |id: u64| if self.is_hex { format!("{id:x}") } else { id.to_string() };
        let (cluster, member) = (id(cluster_id), id(member_id));
        let revision = if revision == 0 { String::new() } else { format!("\"Revision\" : {revision}\n") };
        format!("\"ClusterID\" : {cluster}\n\"MemberID\" : {member}\n{revision}\"RaftTerm\" : {raft_term}\n")
    }
}

/// Why a keepalive ended, to follow the lease's name. For stderr: etcdctl has no such line.
pub fn end_reason(ended: &Ended) -> String {
    let text = match ended {
        Ended::Expired => "expired".to_owned(),
        Ended::NotFound => "not found".to_owned(),
        Ended::Unanswered { trouble: None } => "got no reply for its TTL".to_owned(),
        Ended::Unanswered { trouble: Some(cause) } => format!("got no reply for its TTL ({cause})"),
        Ended::NotStarted { error: None } => "got no reply".to_owned(),
        Ended::NotStarted { error: Some(error) } => format!("is not kept alive: {}", sentence(error)),
        Ended::Forbidden { message } => format!("may not be renewed ({message})"),
        Ended::Cancelled => "is no longer needed".to_owned(),
        Ended::Closed => "lost its engine".to_owned(),
    };
    printable(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn fields_are_etcdctls() {
        let header = Header { cluster_id: 14_841_639_068_965_178_418, member_id: 10, revision: 7, raft_term: 2 };
        let answer = TimeToLive { header, ..answer(7, 10) };
        let decimal = Fields { is_hex: false }.time_to_live(&answer);
        let start = "\"ClusterID\" : 14841639068965178418\n\"MemberID\" : 10\n\"Revision\" : 7\n\"RaftTerm\" : 2\n";
        let rest = "\"ID\" : 26957\n\"TTL\" : 7\n\"GrantedTTL\" : 10\n\"Key\" : \"/a\"\n\"Key\" : \"\\x1b[2J\"\n";
        assert_eq!(decimal, format!("{start}{rest}"));
        let hex = Fields { is_hex: true }.leases(&[LeaseId(0x694d)], Header { revision: 0, ..header });
        let expected =
            "\"ClusterID\" : cdf818194e3a8c32\n\"MemberID\" : a\n\"RaftTerm\" : 2\n\"ID\" : 000000000000694d\n";
        assert_eq!(hex, expected);
    }

    #[test]
    fn keys_are_escaped_only_for_a_terminal() {
        let raw = time_to_live(&answer(7, 10), true, false);
        assert!(raw.ends_with(b", attached keys([/a \x1b[2J])\n"));
        let shown = time_to_live(&answer(7, 10), true, true);
        assert!(shown.ends_with(b", attached keys([/a \\x1b[2J])\n"));
    }
}
