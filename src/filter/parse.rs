//! Parses a filter.

use std::str::FromStr;

use super::field::{Number, Text, Unit};
use super::{Comparison, Expr, Filter, is_decimal_id};
use crate::inference::lints::by_name;
use etcd_lease::LeaseId;

/// The deepest nesting of parentheses and `!`.
const MAX_DEPTH: usize = 64;

/// A text that is not a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {expected}", at + 1)]
pub struct BadFilter {
    /// The position of the error in characters, from 0.
    pub at: usize,
    /// What was expected there.
    pub expected: String,
}

impl Filter {
    /// Whether the last word of a text may be the start of a condition, of `and`, `or` or `not`: `sta` may become `state:ok`.
    /// On its own such a word is part of a key.
    pub fn is_unfinished(text: &str) -> bool {
        const OTHERS: [&str; 4] = ["granted", "and", "or", "not"];
        let start = text.rfind(|c: char| is_end(c) || c == '!').map_or(0, |at| at + 1);
        let word = text.get(start..).unwrap_or_default().to_ascii_lowercase();
        let names = Text::NAMED.map(Text::name).into_iter().chain(Number::ALL.map(Number::name)).chain(OTHERS);
        !word.is_empty() && names.into_iter().any(|name| name.starts_with(&word))
    }
}

impl FromStr for Filter {
    type Err = BadFilter;

    fn from_str(text: &str) -> Result<Self, BadFilter> {
        let mut parser = Parser { chars: text.chars().collect(), at: 0, depth: 0 };
        if parser.peek().is_none() {
            return Ok(Filter(None));
        }
        let expr = parser.any()?;
        match parser.peek() {
            None => Ok(Filter(Some(expr))),
            Some(_) => parser.error_at(parser.at, "`)` without `(`"),
        }
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn error_at<T>(&self, at: usize, expected: impl Into<String>) -> Result<T, BadFilter> {
        Err(BadFilter { at, expected: expected.into() })
    }

    /// Skips blanks and returns the next character.
    fn peek(&mut self) -> Option<char> {
        while self.chars.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.chars.get(self.at).copied()
    }

    /// Whether this word comes next, `and`, `or` or `not`, in any case.
    fn is_word(&mut self, word: &str) -> bool {
        self.peek();
        let end = self.at + word.len();
        let ends = self.chars.get(end).is_none_or(|c| is_end(*c));
        let is_word = |chars: &[char]| word.chars().eq(chars.iter().map(char::to_ascii_lowercase));
        ends && self.chars.get(self.at..end).is_some_and(is_word)
    }

    /// Skips this word if it comes next.
    fn consume(&mut self, word: &str) -> bool {
        let is_next = self.is_word(word);
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    fn any(&mut self) -> Result<Expr, BadFilter> {
        let mut parts = vec![self.all()?];
        while self.consume("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Expr::Any))
    }

    fn all(&mut self) -> Result<Expr, BadFilter> {
        let mut parts = vec![self.term()?];
        while self.consume("and") || self.peek().is_some_and(|c| c != ')') && !self.is_word("or") {
            parts.push(self.term()?);
        }
        Ok(one_or(parts, Expr::All))
    }

    fn term(&mut self) -> Result<Expr, BadFilter> {
        const WANTED: &str = "expected a condition: ttl<30, state:late, or a part of a key";
        match self.peek() {
            None | Some(')') => self.error_at(self.at, WANTED),
            Some(_) if self.is_word("or") || self.is_word("and") => self.error_at(self.at, WANTED),
            Some('!') => self.negated("!"),
            Some(_) if self.is_word("not") => self.negated("not"),
            Some('(') => self.nested("(", Parser::group),
            Some('"') => Ok(Expr::Has(Text::Anywhere, self.quoted()?)),
            Some(_) => self.condition(),
        }
    }

    fn negated(&mut self, sign: &str) -> Result<Expr, BadFilter> {
        Ok(Expr::Not(Box::new(self.nested(sign, Parser::term)?)))
    }

    /// Skips the sign at the current position and reads what follows, one level deeper.
    fn nested(&mut self, sign: &str, read: fn(&mut Parser) -> Result<Expr, BadFilter>) -> Result<Expr, BadFilter> {
        if self.depth == MAX_DEPTH {
            return self.error_at(self.at, format!("nested too deeply (at most {MAX_DEPTH} levels)"));
        }
        self.at += sign.len();
        self.depth += 1;
        let expr = read(self);
        self.depth -= 1;
        expr
    }

    fn group(&mut self) -> Result<Expr, BadFilter> {
        let opened = self.at - 1;
        let expr = self.any()?;
        if self.peek() != Some(')') {
            return self.error_at(opened, "`(` without `)`");
        }
        self.at += 1;
        Ok(expr)
    }

    fn quoted(&mut self) -> Result<String, BadFilter> {
        let opened = self.at;
        let mut text = String::new();
        loop {
            self.at += 1;
            match self.chars.get(self.at) {
                None => return self.error_at(opened, "this quote is not closed"),
                Some('"') => break,
                Some('\\') => {
                    self.at += 1;
                    text.extend(self.chars.get(self.at));
                }
                Some(c) => text.push(*c),
            }
        }
        self.at += 1;
        Ok(text)
    }

    fn word(&mut self) -> String {
        let rest = self.chars[self.at..].iter().copied();
        let word: String = rest.take_while(|c| !is_end(*c)).collect();
        self.at += word.chars().count();
        word
    }

    fn condition(&mut self) -> Result<Expr, BadFilter> {
        let start = self.at;
        let word = self.word();
        if let Some(at) = word.chars().position(|c| matches!(c, '&' | '|')) {
            return self.error_at(start + at, "combine conditions with and, or, !; quote the word to search for it");
        }
        let name_end = word.find(['<', '>', '=', '!', ':']).unwrap_or(word.len());
        let (name, rest) = word.split_at(name_end);
        if let (Some(text), Some(part)) = (Text::named(name), rest.strip_prefix(':')) {
            return self.has(text, part, start + name.chars().count() + 1);
        }
        let comparison = comparison(rest);
        let is_condition = rest.starts_with(':') || comparison.is_some();
        if let Some(known) = known_in_other_case(name).filter(|_| is_condition) {
            return self.error_at(start, format!("write {known} in lower case, or quote the word to search for it"));
        }
        if let Some(mistake) = mistaken_condition(name, rest) {
            return self.error_at(start, mistake);
        }
        match (comparison, Number::named(name)) {
            (Some((comparison, value)), Some(number)) => {
                self.compare(number, comparison, value, start + name.chars().count() + comparison.sign().len())
            }
            (Some(_), None) => self.error_at(start, not_a_number(name)),
            (None, Some(number)) if !rest.is_empty() => {
                self.error_at(start, format!("{name} is a number; compare it: {}", number.example()))
            }
            (None, _) => Ok(Expr::Has(Text::Anywhere, word)),
        }
    }

    fn has(&mut self, text: Text, part: &str, at: usize) -> Result<Expr, BadFilter> {
        let is_quoted = part.is_empty() && self.chars.get(self.at) == Some(&'"');
        let part = if is_quoted { self.quoted()? } else { part.to_owned() };
        let words = text.words();
        if part.is_empty() && words.is_empty() {
            return self.error_at(at, format!("expected text after {}", text.prefix()));
        }
        if text == Text::Id {
            let Some(id) = id_or_part(part) else {
                return self.error_at(at, "expected a part of an id in hex, or an id: 0x694d, dec:26957");
            };
            return Ok(Expr::Has(text, id));
        }
        if words.is_empty() || words.contains(&part.as_str()) {
            return Ok(Expr::Has(text, part));
        }
        if let (Text::Warn, Some(lint)) = (text, by_name(&part)) {
            return Ok(Expr::Has(text, lint.name().to_owned()));
        }
        self.error_at(at, format!("expected one of: {}", words.join(" ")))
    }

    /// `at` is the position of the value, in characters.
    fn compare(&self, number: Number, comparison: Comparison, value: &str, at: usize) -> Result<Expr, BadFilter> {
        if let Some(value) = measure(value, number.unit()) {
            return Ok(Expr::Compare(number, comparison, value));
        }
        let expected = match number.unit() {
            Unit::Time => "expected a duration: 30, 500ms, 2m, 1h",
            Unit::Percent => "expected a percentage: 60%",
            Unit::Count => "expected a number without a unit",
        };
        self.error_at(at, expected)
    }
}

/// The known name that a word would be in lower case.
fn known_in_other_case(name: &str) -> Option<String> {
    let known = name.to_ascii_lowercase();
    let is_known = Text::named(&known).is_some() || Number::named(&known).is_some();
    Some(known).filter(|known| is_known && known != name)
}

/// From this port on, a word with a port is an address. A count in a condition is usually smaller.
const LEAST_PORT: u16 = 80;

/// The error in a word that may be a misspelt condition: letters before its only colon. `None` for a URL or an address, and
/// for a name that is not similar to that of a condition before a number.
fn mistaken_condition(name: &str, rest: &str) -> Option<String> {
    let part = rest.strip_prefix(':').filter(|part| !part.starts_with("//") && !part.contains(':'))?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    if !is_name || Number::named(name).is_some() {
        return None;
    }
    let is_address = part.parse::<u16>().is_ok_and(|port| port >= LEAST_PORT);
    match similar_condition(name) {
        _ if is_address => None,
        Some(similar) => {
            Some(format!("there is no condition {name}; similar: {similar}; quote the word to search for it"))
        }
        None if part.starts_with(|c: char| c.is_ascii_digit()) => None,
        None => Some(format!("there is no condition {name}; quote the word to search for it")),
    }
}

/// An example of the condition that was probably meant.
fn similar_condition(name: &str) -> Option<&'static str> {
    if name == "queue" {
        return Some(Number::Queue.example());
    }
    let texts = Text::NAMED.into_iter().map(|text| (text.name(), text.example()));
    let numbers = Number::ALL.into_iter().map(|number| (number.name(), number.example()));
    texts.chain(numbers).find(|(known, _)| is_misspelt(name, known)).map(|(_, example)| example)
}

/// Whether a word differs from a name of at least three letters by one wrong, missing or additional letter, or by two swapped
/// ones. The first letter must be the same: hosts with short names are not similar to a condition.
fn is_misspelt(word: &str, name: &str) -> bool {
    let (word, name) = (word.as_bytes(), name.as_bytes());
    let same = word.iter().zip(name).take_while(|(one, other)| one == other).count();
    let (typed, meant) = (&word[same..], &name[same..]);
    let end = typed.iter().rev().zip(meant.iter().rev()).take_while(|(one, other)| one == other).count();
    let is_near = match (&typed[..typed.len() - end], &meant[..meant.len() - end]) {
        ([_], [_] | []) | ([], [_]) => true,
        ([a, b], [c, d]) => (a, b) == (d, c),
        _ => false,
    };
    is_near && same > 0 && name.len() >= 3
}

/// The text to search for in printed ids: a part as it is, and `0x...` and `dec:...` as the whole id. `None` if no id can
/// contain it.
fn id_or_part(part: String) -> Option<String> {
    if !part.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return part.parse::<LeaseId>().ok().map(|id| id.to_string());
    }
    Some(part).filter(|part| !is_decimal_id(part) || part.parse::<i64>().is_ok())
}

fn not_a_number(name: &str) -> String {
    match Text::named(name) {
        Some(text) => format!("{name} is not a number; write it with a colon: {}", text.example()),
        None => format!("only these can be compared: {}; quote the word to search for it", Number::names()),
    }
}

fn one_or(mut parts: Vec<Expr>, several: fn(Vec<Expr>) -> Expr) -> Expr {
    if parts.len() == 1 { parts.swap_remove(0) } else { several(parts) }
}

pub(super) fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '(' | ')' | '"')
}

/// The comparison at the start of a text, and the rest. Longer signs are tried first.
fn comparison(text: &str) -> Option<(Comparison, &str)> {
    use Comparison::{AtLeast, AtMost, Equal, Less, More, Unequal};
    let signs = [AtMost, AtLeast, Unequal, Less, More, Equal];
    signs.into_iter().find_map(|comparison| Some((comparison, text.strip_prefix(comparison.sign())?)))
}

/// A duration in seconds, given as a number of seconds or with a unit: ms, s, m, h or d.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    measure(text, Unit::Time)
}

/// A number; a time is converted to seconds.
fn measure(text: &str, unit: Unit) -> Option<f64> {
    let unit_at = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(unit_at);
    let factor = match (unit, suffix) {
        (_, "") | (Unit::Percent, "%") | (Unit::Time, "s") => 1.0,
        (Unit::Time, "ms") => 1e-3,
        (Unit::Time, "m") => 60.0,
        (Unit::Time, "h") => 3_600.0,
        (Unit::Time, "d") => 86_400.0,
        _ => return None,
    };
    let number = digits.parse::<f64>().ok()? * factor;
    if number.is_finite() { Some(number) } else { None }
}
