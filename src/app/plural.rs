//! Numbers of things in words.

/// One lease, several leases.
pub(super) fn leases_in_words(count: usize) -> String {
    if count == 1 { "1 lease".to_owned() } else { format!("{count} leases") }
}
