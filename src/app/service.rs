//! The service of a lease: the common part of the keys of all instances of one program.

use super::Lease;
use etcd_lease::LeaseId;

/// The name shown for leases without a key.
pub const NO_KEY: &str = "(no key)";

/// The service of a lease, not escaped; `None` while no key is known.
///
/// It is the first key up to its last slash: `/svc/orders/10.0.0.5:8000` belongs to `/svc/orders`. The key of a lock or an
/// election ends with the id of its lease, or contains it as a whole part; there the service is the name of the lock. A key
/// without a slash is a service of its own.
pub fn service(lease: &Lease) -> Option<&[u8]> {
    let key = lease.keys.as_ref()?.first.first()?;
    Some(service_of(key, lease.id))
}

/// The service of a key that is attached to the lease `id`.
pub fn service_of(key: &[u8], id: LeaseId) -> &[u8] {
    let end = before_id(key, id).or_else(|| key.iter().rposition(|byte| *byte == b'/'));
    match end {
        None => key,
        Some(end) => trimmed(&key[..end]).unwrap_or(b"/"),
    }
}

/// The slash before the first part of the key that is the id of the lease, as Go's `%x` prints it. Small ids are common
/// numbers and do not count.
fn before_id(key: &[u8], id: LeaseId) -> Option<usize> {
    /// Practically every id that etcd chooses is at least this large, because it contains a member id and a time.
    const CHOSEN_BY_ETCD: u64 = 1 << 44;
    if id.0.unsigned_abs() < CHOSEN_BY_ETCD {
        return None;
    }
    let slashes = key.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let part = |slash: usize| key[slash + 1..].split(|byte| *byte == b'/').next().unwrap_or_default();
    slashes.into_iter().find(|slash| is_id(part(*slash), id))
}

/// Whether a part of a key is the id in hexadecimal.
fn is_id(part: &[u8], id: LeaseId) -> bool {
    /// 16 digits and a sign.
    const MAX_LENGTH: usize = 17;
    let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
    if part.len() > MAX_LENGTH || !part.iter().all(is_hex) {
        return false;
    }
    std::str::from_utf8(part).is_ok_and(|digits| i64::from_str_radix(digits, 16) == Ok(id.0))
}

/// A name without the slashes at its end. `None` if nothing is left.
fn trimmed(name: &[u8]) -> Option<&[u8]> {
    let last = name.iter().rposition(|byte| *byte != b'/')?;
    Some(&name[..=last])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: LeaseId = LeaseId(0x694d_9aa8_d4d4_f304);

    fn name(key: &str, id: LeaseId) -> String {
        String::from_utf8_lossy(service_of(key.as_bytes(), id)).into_owned()
    }

    #[test]
    fn a_service_is_the_key_up_to_its_last_slash() {
        for (key, service) in [
            ("/svc/orders/10.0.0.5:8000", "/svc/orders"),
            ("svc/orders/1", "svc/orders"),
            ("/leader", "/"),
            ("leader", "leader"),
            ("/svc/orders/", "/svc/orders"),
            ("//", "/"),
            ("", ""),
        ] {
            assert_eq!(name(key, ID), service, "{key}");
        }
    }

    #[test]
    fn a_lock_ends_before_the_id_of_its_lease() {
        for (key, service) in [
            ("/locks/nightly/694d9aa8d4d4f304", "/locks/nightly"),
            ("/locks/nightly//694d9aa8d4d4f304", "/locks/nightly"),
            ("/jobs/694d9aa8d4d4f304/worker/3", "/jobs"),
            ("/jobs/694d9aa8d4d4f305/worker/3", "/jobs/694d9aa8d4d4f305/worker"),
        ] {
            assert_eq!(name(key, ID), service, "{key}");
        }
        assert_eq!(name("/rack/10/host/1", LeaseId(0x10)), "/rack/10/host", "10 is a common number");
    }

    #[test]
    fn a_lease_without_a_key_has_no_service() {
        let mut lease = Lease::new(ID);
        assert_eq!(service(&lease), None);
        lease.keys = Some(crate::app::LeaseKeys::of(vec![b"/svc/b/1".to_vec(), b"/svc/a/2".to_vec()]));
        assert_eq!(service(&lease), Some(&b"/svc/a"[..]), "the first key decides");
    }
}
