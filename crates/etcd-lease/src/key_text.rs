//! Keys as text in a recording: UTF-8 as it is. A key that is not UTF-8 or begins with `hex:` becomes `hex:` and its bytes
//! in hexadecimal.

use std::borrow::Cow;
use std::fmt::Write;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const HEX: &str = "hex:";

/// Writes a key.
///
/// # Errors
/// An error of the serializer.
pub fn serialize<S: Serializer>(key: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(key))
}

/// Reads a key.
///
/// # Errors
/// An error of the deserializer, or invalid hexadecimal digits after `hex:`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    decode(&text).ok_or_else(|| de::Error::custom("malformed key"))
}

/// Lists of keys as text in a recording.
pub mod list {
    use super::{Deserialize, Deserializer, Serialize, Serializer, de, decode, encode};

    /// Writes keys.
    ///
    /// # Errors
    /// An error of the serializer.
    pub fn serialize<S: Serializer>(keys: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
        keys.iter().map(|key| encode(key)).collect::<Vec<_>>().serialize(serializer)
    }

    /// Reads keys.
    ///
    /// # Errors
    /// An error of the deserializer, or invalid hexadecimal digits after `hex:`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let keys = texts.iter().map(|text| decode(text)).collect::<Option<_>>();
        keys.ok_or_else(|| de::Error::custom("malformed key"))
    }
}

fn encode(key: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(key) {
        Ok(text) if !text.starts_with(HEX) => Cow::Borrowed(text),
        _ => {
            let mut text = HEX.to_owned();
            for byte in key {
                let _ = write!(text, "{byte:02x}");
            }
            Cow::Owned(text)
        }
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let Some(digits) = text.strip_prefix(HEX) else { return Some(text.as_bytes().to_vec()) };
    // `from_str_radix` would accept a sign, and a single digit for a byte.
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read_as_it_was_written() {
        for key in [&b"/svc/a"[..], b"", b"hex:00", b"\xff\x00a", "/å".as_bytes()] {
            assert_eq!(decode(&encode(key)).as_deref(), Some(key));
        }
        assert_eq!((encode(b"/a"), encode(b"\xff")), ("/a".into(), "hex:ff".into()));
        assert_eq!((decode("hex:0g"), decode("hex:å")), (None, None));
    }

    #[test]
    fn a_byte_has_two_digits_and_no_sign() {
        for text in ["hex:f", "hex:00f", "hex:+f", "hex:-0", "hex:00+f"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
