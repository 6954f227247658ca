//! Which warnings of a lease are muted.

use crate::inference::lints::LINTS;

/// The muted warnings of one lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MutedWarnings(u16);

impl MutedWarnings {
    /// Whether the warning with this name is muted.
    pub(super) fn has(self, name: &str) -> bool {
        self.0 & bit(name) != 0
    }

    /// Mutes the warning with this name.
    pub(super) fn add(&mut self, name: &str) {
        self.0 |= bit(name);
    }

    /// Number of muted warnings.
    pub(super) fn count(self) -> usize {
        self.0.count_ones() as usize
    }
}

/// The bit of a warning; 0 if there is no warning with this name.
fn bit(name: &str) -> u16 {
    LINTS.iter().position(|lint| lint.name() == name).map_or(0, |place| 1 << place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_warning_has_a_bit() {
        assert!(LINTS.len() <= 16);
        let mut muted = MutedWarnings::default();
        for lint in LINTS {
            assert!(!muted.has(lint.name()));
            muted.add(lint.name());
        }
        assert_eq!(muted.count(), LINTS.len());
    }
}
