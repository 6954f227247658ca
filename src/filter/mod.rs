//! The filter language for leases.
//!
//! All conditions must hold, with or without `and` between them; there are also `or`, `!` or `not`, and parentheses. `ttl<30 left<5s
//! share>60% keys=0 drops>0` compare numbers. `state:late warn:any service:orders key:/svc/ id:694d` search texts. Any other
//! word is part of an id or a key, and so is any text in quotes. A word that looks like a mistaken condition is an error. `ttl` and `granted` both mean the granted TTL.
//!
//! Unknown values never match: a comparison with one is neither true nor false, `!` keeps it so, and a lease matches only
//! if the whole filter is true.

mod complete;
mod field;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use etcd_lease::LeaseId;

pub use complete::{Completions, complete};
#[cfg(test)]
pub(crate) use field::EVENTS;
pub use field::Number;
use field::Text;
pub use parse::BadFilter;
pub(crate) use parse::seconds;

/// The facts about one lease that a filter needs. It gets each fact only when needed: for 100,000 leases a fact costs
/// about a millisecond.
pub trait FilterFacts {
    /// The lease id.
    fn id(&self) -> LeaseId;
    /// Its owner: `own`, `adopted` or `other`.
    fn who(&self) -> &str;
    /// Its state, as [`LeaseState::word`](crate::app::LeaseState::word) prints it.
    fn state(&self) -> &str;
    /// Whether the state is known. If not, the lease is taken for healthy.
    fn is_state_known(&self) -> bool {
        true
    }
    /// Whether it is in the state with this name. `None` if that is unknown.
    fn is_in_state(&self, name: &str) -> Option<bool> {
        if self.is_state_known() { Some(names_state(name, self.state())) } else { None }
    }
    /// A number. `None` if it is unknown.
    fn number(&self, number: Number) -> Option<f64>;
    /// The known attached keys, not escaped; there may be more.
    fn keys(&self) -> impl ExactSizeIterator<Item = &[u8]>;
    /// The service, not escaped. `None` without a known key.
    fn service(&self) -> Option<&[u8]>;
    /// Whether it has the warning with this name. `any` means any that is not muted, `muted` means any that is
    /// muted. `None` if warnings are unknown.
    fn has_warning(&self, name: &str) -> Option<bool>;
    /// Who renews it: `leasetop`, `clientv3` (and so etcdctl), `several`, `other` or `nobody`. `None` if unknown.
    fn renewer(&self) -> Option<&str>;
    /// The name of the event that the filter is asked about. `None` if it is asked about a lease alone.
    fn event(&self) -> Option<&str> {
        None
    }
}

/// A parsed filter. Its `Display` text parses to the same filter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter(Option<Expr>);

#[derive(Clone, Debug, PartialEq)]
enum Expr {
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Number, Comparison, f64),
    Has(Text, String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
    Unequal,
}

impl Filter {
    /// Whether a lease matches. An empty filter matches every lease.
    pub fn matches(&self, facts: &impl FilterFacts) -> bool {
        self.decide(facts) == Some(true)
    }

    /// Whether a lease matches, or `None` if that depends on an unknown value.
    pub fn decide(&self, facts: &impl FilterFacts) -> Option<bool> {
        self.0.as_ref().map_or(Some(true), |expr| expr.holds(facts))
    }

    /// Whether it is empty and matches every lease.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it only needs the facts that are known of every lease without working them out: the id, the owner, the
    /// state, the TTL, the time left, the interval, the time since the last renewal, the number of keys and the first keys.
    pub fn is_simple(&self) -> bool {
        let is_hard = |expr: &Expr| match expr {
            Expr::Compare(number, ..) => {
                use Number::{Every, Keys, Last, Left, Share, Ttl};
                !matches!(number, Every | Keys | Last | Left | Share | Ttl)
            }
            Expr::Has(text, _) => matches!(text, Text::Warn | Text::Renewer),
            _ => false,
        };
        !self.0.as_ref().is_some_and(|expr| expr.any(&is_hard))
    }

    /// Whether it asks for what is only known of a lease that is watched: figures of renewals, warnings, or a state that
    /// follows from them.
    pub fn needs_watching(&self) -> bool {
        let is_watched = |expr: &Expr| match expr {
            Expr::Compare(number, ..) => {
                use Number::{Every, Last, Margin, Next, Renewals, Share};
                matches!(number, Every | Last | Margin | Next | Renewals | Share)
            }
            Expr::Has(Text::State, state) => is_seen_by_watching(state),
            Expr::Has(text, _) => matches!(text, Text::Warn | Text::Renewer),
            _ => false,
        };
        self.0.as_ref().is_some_and(|expr| expr.any(&is_watched))
    }

    /// Whether it searches the keys of leases.
    pub fn reads_keys(&self) -> bool {
        let searches_keys = |expr: &Expr| matches!(expr, Expr::Has(Text::Key | Text::Service | Text::Anywhere, _));
        self.0.as_ref().is_some_and(|expr| expr.any(&searches_keys))
    }

    /// The numbers that change by time alone, with the values it compares them with: when a lease reaches one of them, the
    /// result may change without an event.
    pub fn crossings(&self) -> Vec<(Number, f64)> {
        let mut crossings = Vec::new();
        if let Some(expr) = &self.0 {
            expr.collect_crossings(&mut crossings);
        }
        crossings
    }
}

impl Expr {
    /// The result, or `None` if it depends on an unknown value.
    fn holds(&self, facts: &impl FilterFacts) -> Option<bool> {
        match self {
            Expr::All(parts) => combine(parts, facts, false),
            Expr::Any(parts) => combine(parts, facts, true),
            Expr::Not(part) => part.holds(facts).map(|holds| !holds),
            Expr::Compare(number, comparison, value) => Some(comparison.holds(facts.number(*number)?, *value)),
            Expr::Has(text, part) => text.has(facts, part),
        }
    }

    /// Whether a part has a property.
    fn any(&self, has_it: &impl Fn(&Expr) -> bool) -> bool {
        match self {
            Expr::All(parts) | Expr::Any(parts) => parts.iter().any(|part| part.any(has_it)),
            Expr::Not(part) => part.any(has_it),
            Expr::Compare(..) | Expr::Has(..) => has_it(self),
        }
    }

    fn collect_crossings(&self, crossings: &mut Vec<(Number, f64)>) {
        match self {
            Expr::All(parts) | Expr::Any(parts) => parts.iter().for_each(|part| part.collect_crossings(crossings)),
            Expr::Not(part) => part.collect_crossings(crossings),
            Expr::Compare(number, _, value) if number.changes_with_time() => crossings.push((*number, *value)),
            Expr::Compare(..) | Expr::Has(..) => (),
        }
    }
}

/// Combines the results of the parts: `decisive` if any part has that result; otherwise `None` if a part is unknown, and
/// the opposite of `decisive` if none is.
fn combine(parts: &[Expr], facts: &impl FilterFacts, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for part in parts {
        match part.holds(facts) {
            Some(holds) if holds == decisive => return Some(decisive),
            None => result = None,
            Some(_) => (),
        }
    }
    result
}

impl Comparison {
    fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Comparison::Less => a < b,
            Comparison::AtMost => a <= b,
            Comparison::Equal => a == b,
            Comparison::AtLeast => a >= b,
            Comparison::More => a > b,
            Comparison::Unequal => a != b,
        }
    }
}

impl Text {
    fn has(self, facts: &impl FilterFacts, part: &str) -> Option<bool> {
        let in_id = || in_id(facts.id(), part);
        match self {
            Text::State => facts.is_in_state(part),
            Text::Who => Some(facts.who() == part),
            Text::Warn => facts.has_warning(part),
            Text::Renewer => {
                facts.renewer().map(|renewer| renewer == part || part == "etcdctl" && renewer == "clientv3")
            }
            Text::Service => in_service(facts, part),
            Text::Event => facts.event().map(|event| event == part),
            Text::Id => Some(in_id()),
            Text::Key => in_keys(facts, part),
            Text::Anywhere if in_id() => Some(true),
            Text::Anywhere => in_keys(facts, part),
        }
    }
}

/// Whether only watching a lease shows that it is in the state with this name.
pub fn is_seen_by_watching(state: &str) -> bool {
    ["unrenewed", "late", "risk", "stalled", "paused"].contains(&state)
}

/// Whether a state is the one that a filter names. `expired` includes the leases that were never renewed.
pub fn names_state(part: &str, state: &str) -> bool {
    match part {
        "expired" => matches!(state, "expired" | "ran out"),
        "ran-out" => state == "ran out",
        part => state == part,
    }
}

/// Digits of the longest id in hex.
const HEX_DIGITS: usize = 16;
/// Length of the longest id in hex: a minus sign and the digits.
const HEX_LENGTH: usize = 1 + HEX_DIGITS;

/// Whether an id in hex contains a text, or the text is the id in decimal. Does not allocate, because it runs for each of
/// 100,000 leases at every key press.
fn in_id(id: LeaseId, part: &str) -> bool {
    if !part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return false;
    }
    if is_decimal_id(part) {
        return part.parse() == Ok(id.0);
    }
    let (text, start) = hex(id);
    part.is_empty() || text[start..].windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// Whether digits are a decimal id, as programs print it: hex never has as many.
fn is_decimal_id(digits: &str) -> bool {
    digits.trim_start_matches('-').len() > HEX_DIGITS
}

/// The printed id, from the returned index on.
fn hex(id: LeaseId) -> ([u8; HEX_LENGTH], usize) {
    let digits = id.0.unsigned_abs();
    let digit = |place: usize| b"0123456789abcdef"[(digits >> (64 - 4 * place) & 15) as usize];
    let mut text: [u8; HEX_LENGTH] = std::array::from_fn(|place| if place == 0 { b'-' } else { digit(place) });
    let start = usize::from(id.0 >= 0 || digits >> 60 == 0);
    if id.0 < 0 {
        text[start] = b'-';
    }
    (text, start)
}

fn in_keys(facts: &impl FilterFacts, part: &str) -> Option<bool> {
    if facts.keys().any(|key| contains(key, part.as_bytes())) {
        return Some(true);
    }
    let knows_all = facts.number(Number::Keys) == Some(facts.keys().len() as f64);
    if knows_all { Some(false) } else { None }
}

fn in_service(facts: &impl FilterFacts, part: &str) -> Option<bool> {
    match facts.service() {
        Some(service) => Some(contains(service, part.as_bytes())),
        None if facts.number(Number::Keys) == Some(0.0) => Some(false),
        None => None,
    }
}

/// Whether a text contains another one. Looks for the last byte of `part`, which is rarer than the first: most searches
/// start with a slash. The first byte is compared before the others, because calling a function takes longer.
fn contains(text: &[u8], part: &[u8]) -> bool {
    let Some((last, before)) = part.split_last() else { return true };
    let Some(candidates) = text.get(before.len()..) else { return false };
    let mut ends = candidates.iter().enumerate().filter(|(_, byte)| *byte == last).map(|(at, _)| at);
    let first = before.first();
    ends.any(|start| first.is_none_or(|first| text[start] == *first) && text[start..].starts_with(before))
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |expr| expr.fmt(f))
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::All(parts) => joined(f, parts, " ", |part| matches!(part, Expr::All(_) | Expr::Any(_))),
            Expr::Any(parts) => joined(f, parts, " or ", |part| matches!(part, Expr::Any(_))),
            Expr::Not(part) if matches!(**part, Expr::All(_) | Expr::Any(_)) => write!(f, "!({part})"),
            Expr::Not(part) => write!(f, "!{part}"),
            Expr::Compare(number, comparison, value) => {
                write!(f, "{}{}{value}", number.name(), comparison.sign())
            }
            Expr::Has(text, part) => {
                let part = part.replace('\\', "\\\\").replace('"', "\\\"");
                write!(f, "{}\"{part}\"", text.prefix())
            }
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], between: &str, in_parentheses: fn(&Expr) -> bool) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        f.write_str(if index > 0 { between } else { "" })?;
        if in_parentheses(part) { write!(f, "({part})")? } else { write!(f, "{part}")? }
    }
    Ok(())
}

impl Comparison {
    fn sign(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Equal => "=",
            Comparison::AtLeast => ">=",
            Comparison::More => ">",
            Comparison::Unequal => "!=",
        }
    }
}
