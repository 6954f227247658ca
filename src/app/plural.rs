//! Counts in words.

/// `1 lease`, or `N leases`.
pub(super) fn leases_in_words(count: usize) -> String {
    if count == 1 { "1 lease".to_owned() } else { format!("{count} leases") }
}
