use super::{Finding, Lint, LintFacts, LintInput, each};

/// Kubernetes attaches at most this many keys to one lease (kubernetes#98257).
const MOST: u64 = 1_000;

/// A lease with more than 1,000 keys.
///
/// > 4,200 keys are attached to it.
#[derive(Clone, Copy, Debug)]
pub struct Crowded;

impl Crowded {
    fn sentence(facts: &LintFacts) -> Option<String> {
        let keys = facts.keys?;
        if keys <= MOST {
            return None;
        }
        Some(format!("{} keys are attached to it.", thousands(keys)))
    }
}

impl Lint for Crowded {
    fn name(&self) -> &'static str {
        "crowded"
    }

    fn label(&self) -> &'static str {
        "crowded"
    }

    fn why(&self) -> &'static str {
        "When it ends, etcd deletes all of them in one revision and does nothing else meanwhile."
    }

    fn advice(&self) -> &'static str {
        "Spread the keys over more leases, at most 1,000 each."
    }

    fn check(&self, input: LintInput<'_>) -> Vec<Finding> {
        each(self, input, Crowded::sentence)
    }
}

/// A number with a comma between its thousands: `4,200`.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
