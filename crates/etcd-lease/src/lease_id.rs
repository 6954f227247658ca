//! Lease ids, parsed and printed as etcdctl does.

use std::fmt;
use std::str::FromStr;

/// A lease id: any `i64` except 0 (etcd's `LeaseID`).
///
/// It prints as in etcdctl, which is Go's `%016x`: zero-padded to 16 columns, including the sign. It parses signed
/// hexadecimal without a prefix, as etcdctl does, and also `0x...` and `dec:...`.
///
/// ```
/// use etcd_lease::LeaseId;
/// assert_eq!(LeaseId(-5).to_string(), "-000000000000005");
/// assert_eq!("694d9aa8d4d4f304".parse(), Ok(LeaseId(0x694d9aa8d4d4f304)));
/// assert_eq!("dec:-5".parse(), Ok(LeaseId(-5)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub i64);

/// The text is not a lease id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid lease id \"{text}\": {rule}")]
pub struct BadLeaseId {
    text: String,
    rule: String,
}

impl LeaseId {
    /// Reads the hex digits of this id as a decimal number. Programs and etcdctl's JSON print ids in decimal, so such
    /// an id may have been meant. `None` if a digit is a letter.
    ///
    /// ```
    /// use etcd_lease::LeaseId;
    /// assert_eq!(LeaseId(0x16).read_as_decimal(), Some(LeaseId(16)));
    /// assert_eq!(LeaseId(0x1f).read_as_decimal(), None);
    /// ```
    pub fn read_as_decimal(self) -> Option<LeaseId> {
        let digits = format!("{:x}", self.0.unsigned_abs());
        let decimal: i64 = digits.parse().ok()?;
        Some(LeaseId(if self.0 < 0 { -decimal } else { decimal }))
    }

    /// The last eight hex digits, for narrow screens.
    pub fn short(self) -> String {
        let full = self.to_string();
        full[full.len() - 8..].to_owned()
    }
}

impl From<LeaseId> for i64 {
    fn from(id: LeaseId) -> i64 {
        id.0
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs();
        match self.0 {
            i64::MIN..=-1 => write!(f, "-{digits:015x}"),
            _ => write!(f, "{digits:016x}"),
        }
    }
}

impl fmt::Debug for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LeaseId({self})")
    }
}

impl FromStr for LeaseId {
    type Err = BadLeaseId;

    fn from_str(text: &str) -> Result<Self, BadLeaseId> {
        let bad = |rule: &str| BadLeaseId { text: text.to_owned(), rule: rule.to_owned() };
        let parsed = if let Some(decimal) = text.strip_prefix("dec:") {
            decimal.parse().map_err(|_| bad("expected a 64-bit decimal number after dec:"))
        } else {
            let (sign, digits) = match text.strip_prefix('-') {
                Some(rest) => ("-", rest),
                None => ("", text),
            };
            let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits);
            if digits.starts_with(['+', '-']) {
                return Err(bad("more than one sign"));
            }
            i64::from_str_radix(&format!("{sign}{digits}"), 16).map_err(|_| match text.parse() {
                Ok(decimal) => {
                    bad(&format!("it is decimal; in hexadecimal it is {}; or use dec:{decimal}", LeaseId(decimal)))
                }
                Err(_) => bad("expected 64-bit hexadecimal, as etcdctl prints it"),
            })
        }?;
        if parsed == 0 {
            return Err(bad("0 means no lease"));
        }
        Ok(LeaseId(parsed))
    }
}

/// Writes the id as etcdctl prints it.
#[cfg(feature = "serde")]
impl serde::Serialize for LeaseId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for LeaseId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        i64::from_str_radix(&text, 16).map(LeaseId).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_parses_the_extremes() {
        for id in [1, -1, i64::MAX, i64::MIN, 0x694d9aa8d4d4f304] {
            assert_eq!(LeaseId(id).to_string().parse(), Ok(LeaseId(id)));
            assert!(LeaseId(id).to_string().len() >= 16);
        }
        assert_eq!(LeaseId(i64::MIN).to_string(), "-8000000000000000");
        assert_eq!(LeaseId(i64::MIN).short(), "00000000");
    }

    #[test]
    fn a_decimal_id_is_answered_with_its_hexadecimal_form() {
        let error = "7587890997105062660".parse::<LeaseId>().unwrap_err().to_string();
        let said = "it is decimal; in hexadecimal it is 694d9aa8d4d4f304; or use dec:7587890997105062660";
        assert!(error.ends_with(said), "{error}");
        assert_eq!(LeaseId(-0x10).read_as_decimal(), Some(LeaseId(-10)));
        assert_eq!(LeaseId(i64::MIN).read_as_decimal(), Some(LeaseId(-8_000_000_000_000_000)));
    }

    #[test]
    fn hex_may_have_a_prefix() {
        for text in ["694d", "0x694d", "0X694D", "dec:26957"] {
            assert_eq!(text.parse(), Ok(LeaseId(0x694d)), "{text}");
        }
        assert_eq!("-0X5".parse(), Ok(LeaseId(-5)));
    }

    #[test]
    fn rejects_what_etcdctl_rejects() {
        for text in ["", "0", "xyz", "ffffffffffffffff", "0x", "--5", "-+5", "dec:", "dec:9223372036854775808", "1 2"] {
            assert!(text.parse::<LeaseId>().is_err(), "{text}");
        }
    }
}
