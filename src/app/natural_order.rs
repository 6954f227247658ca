//! Natural order of keys: digits compare by value, so `/a/9` comes before `/a/10`.

/// Encodes a key so that comparing the encoded bytes compares the keys in natural order. Keys that differ only in
/// leading zeros have the same code.
pub(super) fn encode(key: &[u8]) -> Vec<u8> {
    let mut code = Vec::with_capacity(key.len() + 4);
    let mut rest = key;
    while let Some(first) = rest.first() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            code.push(*first);
            rest = &rest[1..];
            continue;
        }
        let (number, after) = rest.split_at(digits);
        let zeros = number.iter().take_while(|byte| **byte == b'0').count();
        // The marker sorts where digits sort. A longer number is larger.
        code.push(b'0');
        code.push(u8::try_from(digits - zeros).unwrap_or(u8::MAX));
        code.extend_from_slice(&number[zeros..]);
        rest = after;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_compare_by_value() {
        let ordered =
            ["", "/a", "/a/", "/a/0", "/a/2", "/a/2b", "/a/10", "/a/10/x", "/a/x", "/b/9", "/b/10.0.9", "/b/10.0.10"];
        for pair in ordered.windows(2) {
            assert!(encode(pair[0].as_bytes()) < encode(pair[1].as_bytes()), "{pair:?}");
        }
        assert_eq!(encode(b"a007"), encode(b"a7"));
    }
}
