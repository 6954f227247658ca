//! The filter language for leases.
//!
//! All conditions must hold, with or without `and` between them; there are also `or`, `!` and parentheses. `ttl<30 left<5s
//! granted=120 keys=0 drops>0` compare numbers. `state:late who:own key:/svc/ id:694d` search texts. Any other word is part
//! of an id or a key, and so is any text in quotes. `ttl` and `granted` both mean the granted TTL.
//!
//! Unknown values never match: a comparison with one is neither true nor false, `!` keeps it so, and a lease matches only
//! if the whole filter is true.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use etcd_lease::LeaseId;

pub use parse::BadFilter;
pub(crate) use parse::seconds;

/// The facts about one lease that a filter needs. It gets each fact only when needed: for 100,000 leases a fact costs about a
/// millisecond.
pub trait FilterFacts {
    /// The lease id.
    fn id(&self) -> LeaseId;
    /// Its owner: `own`, `adopted` or `other`.
    fn who(&self) -> &str;
    /// Its state, as [`LeaseState::word`](crate::app::LeaseState::word) prints it.
    fn state(&self) -> &str;
    /// The granted TTL in seconds.
    fn ttl(&self) -> Option<i64>;
    /// Time left in seconds.
    fn left(&self) -> Option<f64>;
    /// Number of attached keys.
    fn key_count(&self) -> Option<usize>;
    /// The known attached keys, not escaped; there may be more.
    fn keys(&self) -> &[Vec<u8>];
    /// Number of dropped responses.
    fn drops(&self) -> Option<u64>;
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
enum Number {
    Ttl,
    Left,
    Keys,
    Drops,
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

#[derive(Clone, Copy, Debug, PartialEq)]
enum Text {
    State,
    Who,
    Key,
    Id,
    Anywhere,
}

impl Filter {
    /// Whether a lease matches. An empty filter matches every lease.
    pub fn matches(&self, facts: &impl FilterFacts) -> bool {
        self.0.as_ref().is_none_or(|expr| expr.holds(facts) == Some(true))
    }

    /// Whether it is empty and matches every lease.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The times left in seconds that it compares with: when a lease reaches one of them, time alone may change the result.
    pub fn times_left(&self) -> Vec<f64> {
        let mut times = Vec::new();
        if let Some(expr) = &self.0 {
            expr.collect_times_left(&mut times);
        }
        times
    }
}

impl Expr {
    /// The result, or `None` if it depends on an unknown value.
    fn holds(&self, facts: &impl FilterFacts) -> Option<bool> {
        match self {
            Expr::All(parts) => combine(parts, facts, false),
            Expr::Any(parts) => combine(parts, facts, true),
            Expr::Not(part) => part.holds(facts).map(|holds| !holds),
            Expr::Compare(number, comparison, value) => Some(comparison.holds(number.of(facts)?, *value)),
            Expr::Has(text, part) => text.has(facts, part),
        }
    }

    fn collect_times_left(&self, times: &mut Vec<f64>) {
        match self {
            Expr::All(parts) | Expr::Any(parts) => parts.iter().for_each(|part| part.collect_times_left(times)),
            Expr::Not(part) => part.collect_times_left(times),
            Expr::Compare(Number::Left, _, seconds) => times.push(*seconds),
            Expr::Compare(..) | Expr::Has(..) => (),
        }
    }
}

/// `decisive` if any part has that result; otherwise `None` if a part is unknown.
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

impl Number {
    fn of(self, facts: &impl FilterFacts) -> Option<f64> {
        match self {
            Number::Ttl => facts.ttl().map(|ttl| ttl as f64),
            Number::Left => facts.left(),
            Number::Keys => facts.key_count().map(|count| count as f64),
            Number::Drops => facts.drops().map(|drops| drops as f64),
        }
    }
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
            Text::State => Some(facts.state() == part),
            Text::Who => Some(facts.who() == part),
            Text::Id => Some(in_id()),
            Text::Key => in_keys(facts, part),
            Text::Anywhere if in_id() => Some(true),
            Text::Anywhere => in_keys(facts, part),
        }
    }
}

/// Does not allocate, because it runs for each of 100,000 leases at every key press.
fn in_id(id: LeaseId, part: &str) -> bool {
    if !part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return false;
    }
    let (text, start) = hex(id);
    part.is_empty() || text[start..].windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// The printed id, from the returned index on.
fn hex(id: LeaseId) -> ([u8; 17], usize) {
    let digits = id.0.unsigned_abs();
    let digit = |place: usize| b"0123456789abcdef"[(digits >> (64 - 4 * place) & 15) as usize];
    let mut text: [u8; 17] = std::array::from_fn(|place| if place == 0 { b'-' } else { digit(place) });
    let start = usize::from(id.0 >= 0 || digits >> 60 == 0);
    if id.0 < 0 {
        text[start] = b'-';
    }
    (text, start)
}

fn in_keys(facts: &impl FilterFacts, part: &str) -> Option<bool> {
    let has = |key: &Vec<u8>| part.is_empty() || key.windows(part.len()).any(|window| window == part.as_bytes());
    let keys = facts.keys();
    if keys.iter().any(has) {
        return Some(true);
    }
    let knows_all = facts.key_count() == Some(keys.len());
    if knows_all { Some(false) } else { None }
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
            Expr::Compare(number, comparison, value) => write!(f, "{}{}{value}", number.name(), comparison.sign()),
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

impl Number {
    fn name(self) -> &'static str {
        match self {
            Number::Ttl => "ttl",
            Number::Left => "left",
            Number::Keys => "keys",
            Number::Drops => "drops",
        }
    }
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

impl Text {
    fn prefix(self) -> &'static str {
        match self {
            Text::State => "state:",
            Text::Who => "who:",
            Text::Key => "key:",
            Text::Id => "id:",
            Text::Anywhere => "",
        }
    }
}
