//! The formats of lease ids on the screen and in tables.

use etcd_lease::LeaseId;

/// The format of lease ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdFormat {
    /// Hexadecimal with 16 digits, as etcdctl prints ids.
    #[default]
    Hex,
    /// Decimal, as programs log ids and as etcdctl's JSON has them.
    Decimal,
}

impl IdFormat {
    /// The other format.
    pub fn other(self) -> IdFormat {
        match self {
            IdFormat::Hex => IdFormat::Decimal,
            IdFormat::Decimal => IdFormat::Hex,
        }
    }

    /// The full id.
    pub fn name(self, id: LeaseId) -> String {
        match self {
            IdFormat::Hex => id.to_string(),
            IdFormat::Decimal => id.0.to_string(),
        }
    }

    /// The last eight digits of the id, for narrow screens.
    pub fn short(self, id: LeaseId) -> String {
        self.last_digits(id, 8)
    }

    /// The last `digits` digits of the id, or the whole id if it has fewer.
    pub fn last_digits(self, id: LeaseId, digits: usize) -> String {
        let name = self.name(id);
        name[name.len().saturating_sub(digits)..].to_owned()
    }

    /// The column width of a full id. Most negative ids, which etcd never chooses itself, are a column longer and are cut.
    pub fn width(self) -> usize {
        match self {
            IdFormat::Hex => 16,
            IdFormat::Decimal => 19,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_printed_in_hex_or_decimal() {
        let id = LeaseId(0x694d_9aa8_d4d4_f304);
        assert_eq!((IdFormat::Hex.name(id), IdFormat::Hex.short(id)), (id.to_string(), id.short()));
        assert_eq!(
            (IdFormat::Decimal.name(id).as_str(), IdFormat::Decimal.short(id).as_str()),
            ("7587890997105062660", "05062660")
        );
        assert_eq!(
            (IdFormat::Decimal.name(LeaseId(-5)), IdFormat::Decimal.last_digits(LeaseId(-5), 4)),
            ("-5".into(), "-5".into())
        );
        assert!(
            [IdFormat::Hex, IdFormat::Decimal]
                .iter()
                .all(|ids| ids.other().other() == *ids && ids.name(id).len() == ids.width())
        );
    }
}
