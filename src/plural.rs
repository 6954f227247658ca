//! Counts with their nouns.

/// `no keys`, `1 key`, `2 keys`.
pub fn plural(count: impl TryInto<u64>, noun: &str) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noun_agrees_with_the_count() {
        let texts = [0, 1, 2].map(|count| plural(count, "key"));
        assert_eq!(texts, ["no keys", "1 key", "2 keys"]);
    }
}
