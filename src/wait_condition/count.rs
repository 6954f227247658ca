//! Conditions on the number of leases that match a filter.

use std::fmt;

use crate::filter::Filter;

/// A range for the number of leases that match a filter: `count(key:/svc/)>=3`, `any(left<5s)` or `none(state:late)`.
#[derive(Clone, Debug, PartialEq)]
pub struct CountCondition {
    text: String,
    filter: Filter,
    least: usize,
    /// `None` if there is no maximum.
    most: Option<usize>,
}

/// The comparisons of `count`, longer signs first.
const SIGNS: [&str; 5] = [">=", "<=", ">", "<", "="];

impl CountCondition {
    /// Parses a condition. `None` if the text does not start like one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Option<Result<Self, String>> {
        let (name, rest) = text.split_once('(')?;
        if !["count", "any", "none"].contains(&name) {
            return None;
        }
        Some(parse(text, name, rest))
    }

    /// The filter whose leases are counted.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Whether it is certainly met if `matching` leases match and `unknown` others may.
    pub fn is_met(&self, matching: usize, unknown: usize) -> bool {
        matching >= self.least && self.most.is_none_or(|most| matching + unknown <= most)
    }
}

fn parse(text: &str, name: &str, rest: &str) -> Result<CountCondition, String> {
    let Some((filter, comparison)) = rest.rsplit_once(')') else { return Err(format!("`{name}(` without `)`")) };
    let filter = filter.parse::<Filter>().map_err(|error| format!("in {name}(): {error}"))?;
    let range = match (name, comparison.trim()) {
        ("any", "") => Some((1, None)),
        ("none", "") => Some((0, Some(0))),
        ("count", comparison) => range(comparison),
        _ => return Err(format!("unexpected text after {name}(...)")),
    };
    let Some((least, most)) = range else {
        return Err("expected a number of leases after count(...): >=3, =0, <5".to_owned());
    };
    Ok(CountCondition { text: text.to_owned(), filter, least, most })
}

/// The minimum and the maximum that a comparison such as `>=3` allows. `None` if it is not a comparison, or if it allows
/// no number.
fn range(comparison: &str) -> Option<(usize, Option<usize>)> {
    let (sign, number) = SIGNS.iter().find_map(|sign| Some((*sign, comparison.strip_prefix(sign)?)))?;
    let number: usize = number.trim().parse().ok()?;
    match sign {
        ">=" => Some((number, None)),
        ">" => Some((number.checked_add(1)?, None)),
        "<=" => Some((0, Some(number))),
        "<" => Some((0, Some(number.checked_sub(1)?))),
        _ => Some((number, Some(number))),
    }
}

impl fmt::Display for CountCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(text: &str) -> CountCondition {
        CountCondition::parse(text).expect("a condition").unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_condition_is_met_when_no_unknown_lease_can_change_it() {
        for (text, met, unmet) in [
            ("count(key:/svc/ and state:ok)>=3", [(3, 0), (3, 9), (4, 0)], [(2, 0), (2, 9), (0, 3)]),
            ("count(key:/a) > 2", [(3, 0), (3, 1), (9, 9)], [(2, 0), (0, 0), (2, 1)]),
            ("count((ttl<30 or keys=0))=2", [(2, 0); 3], [(1, 1), (2, 1), (3, 0)]),
            ("count(ttl<30)<=1", [(0, 0), (1, 0), (0, 1)], [(2, 0), (1, 1), (0, 2)]),
            ("count(ttl<30)<2", [(0, 0), (1, 0), (0, 1)], [(2, 0), (1, 1), (0, 2)]),
            ("any(left<5s)", [(1, 0), (2, 0), (1, 5)], [(0, 0), (0, 5), (0, 1)]),
            ("none(key:\"(\")", [(0, 0); 3], [(0, 1), (1, 0), (1, 1)]),
        ] {
            let condition = condition(text);
            assert_eq!(condition.to_string(), text);
            assert!(met.iter().all(|(sure, unknown)| condition.is_met(*sure, *unknown)), "{text}");
            assert!(!unmet.iter().any(|(sure, unknown)| condition.is_met(*sure, *unknown)), "{text}");
        }
        assert_eq!(condition("any(left<5s)").filter().to_string(), "left<5");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("count(key:/a)", "expected a number of leases"),
            ("count(key:/a)>=x", "expected a number of leases"),
            ("count(key:/a)<0", "expected a number of leases"),
            ("count(key:/a)!=2", "expected a number of leases"),
            ("any(left<5s", "`any(` without `)`"),
            ("any(left<5s)>2", "unexpected text after any"),
            ("none(left<)", "in none(): at character 6: expected a duration"),
        ] {
            let error = CountCondition::parse(text).expect("it starts like one").expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(CountCondition::parse("gone").is_none() && CountCondition::parse("all(x)").is_none());
    }
}
