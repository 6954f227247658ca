//! Counts that agree with their noun.

/// `no keys`, `1 key`, `2 keys`. Only for nouns whose plural ends in `s`.
pub fn plural(count: u64, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_agree_with_their_noun() {
        assert_eq!([0, 1, 2].map(|count| plural(count, "key")), ["no keys", "1 key", "2 keys"]);
    }
}
