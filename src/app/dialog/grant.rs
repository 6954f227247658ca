//! The form for new leases.

use tui_input::Input;

use super::{Dialog, edit};
use crate::app::{Effect, GrantOrder, Key, Lease, Model, Pairs, Put, Value};
use crate::domain::{LeaseId, MAX_TTL, Moment};

/// TTLs in seconds that a single digit means: the TTLs of the exercise.
pub const PRESETS: [(&str, i64); 3] = [("1", 10), ("2", 120), ("3", 3600)];

/// Leases that one form can grant.
const MOST_LEASES: u32 = 10_000;

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The TTL.
    Ttl,
    /// How many leases.
    Count,
    /// The id to ask for.
    Id,
    /// A key to attach, with its value.
    Put,
    /// Whether to keep them alive.
    KeepAlive,
}

impl Field {
    /// All fields, from top to bottom.
    pub const ALL: [Field; 5] = [Field::Ttl, Field::Count, Field::Id, Field::Put, Field::KeepAlive];

    fn neighbour(self, step: usize) -> Field {
        let place = Field::ALL.iter().position(|field| *field == self).unwrap_or(0);
        Field::ALL[(place + step) % Field::ALL.len()]
    }
}

/// The form as far as it is filled in.
#[derive(Clone, Debug)]
pub struct GrantForm {
    /// The field that keys go to.
    pub focus: Field,
    /// Whether to keep the leases alive.
    pub keep_alive: bool,
    ttl: Input,
    count: Input,
    id: Input,
    put: Input,
}

impl Default for GrantForm {
    fn default() -> Self {
        GrantForm {
            focus: Field::Ttl,
            keep_alive: true,
            ttl: Input::default(),
            count: Input::default(),
            id: Input::default(),
            put: Input::default(),
        }
    }
}

impl GrantForm {
    /// Filled as this lease was granted: its TTL, its first key with the value if that is known, kept alive.
    pub fn like(lease: &Lease, values: Option<&Pairs>) -> Self {
        let text =
            |(key, value): &(Vec<u8>, Value)| Some(format!("{}={}", std::str::from_utf8(key).ok()?, value.text()?));
        // A digit alone would be taken for a preset.
        let ttl = lease.granted_ttl.map_or(String::new(), |ttl| format!("{ttl}s"));
        let put = values.and_then(|pairs| pairs.iter().find_map(text)).unwrap_or_default();
        GrantForm { ttl: ttl.into(), put: put.into(), ..GrantForm::default() }
    }

    /// The text of a field; none for the one that is a switch.
    pub fn input(&self, field: Field) -> Option<&Input> {
        match field {
            Field::Ttl => Some(&self.ttl),
            Field::Count => Some(&self.count),
            Field::Id => Some(&self.id),
            Field::Put => Some(&self.put),
            Field::KeepAlive => None,
        }
    }

    fn input_mut(&mut self) -> Option<&mut Input> {
        match self.focus {
            Field::Ttl => Some(&mut self.ttl),
            Field::Count => Some(&mut self.count),
            Field::Id => Some(&mut self.id),
            Field::Put => Some(&mut self.put),
            Field::KeepAlive => None,
        }
    }

    /// What a field means as it stands.
    ///
    /// # Errors
    /// The rule that it breaks, in words.
    pub fn check(&self, field: Field) -> Result<String, String> {
        match field {
            Field::Ttl => self.ttl().map(|ttl| self.explain_ttl(ttl)),
            Field::Count => self.count().map(in_words),
            Field::Id => self.id().map(|id| id.map_or("the server chooses".to_owned(), |id| id.to_string())),
            Field::Put => self.put_hint(),
            Field::KeepAlive => Ok(String::new()),
        }
    }

    fn explain_ttl(&self, ttl: i64) -> String {
        match self.ttl.value() {
            digit @ ("1" | "2" | "3") => format!("{ttl} s (for {digit} s write {digit}s)"),
            _ => format!("{ttl} s"),
        }
    }

    fn put_hint(&self) -> Result<String, String> {
        let puts = self.puts()?;
        if puts.is_empty() {
            return Ok("nothing attached".to_owned());
        }
        // Wrong numbers are told at their own fields.
        match self.order() {
            Err((Field::Put, rule)) => Err(rule),
            _ => Ok(String::new()),
        }
    }

    fn ttl(&self) -> Result<i64, String> {
        parse_ttl(self.ttl.value())
    }

    fn count(&self) -> Result<u32, String> {
        let rule = || format!("a number from 1 to {MOST_LEASES}");
        if self.count.value().is_empty() {
            return Ok(1);
        }
        self.count.value().trim().parse().ok().filter(|n| (1..=MOST_LEASES).contains(n)).ok_or_else(rule)
    }

    fn id(&self) -> Result<Option<LeaseId>, String> {
        match self.id.value().trim() {
            "" => Ok(None),
            _ if self.count().is_ok_and(|count| count > 1) => Err("one id cannot name several leases".to_owned()),
            text => text.parse().map(Some).map_err(|_| "hex as etcdctl prints it, not 0".to_owned()),
        }
    }

    fn puts(&self) -> Result<Vec<Put>, String> {
        match self.put.value() {
            "" => Ok(Vec::new()),
            text => Put::parse(text).map(|put| vec![put]).map_err(|_| "KEY=VALUE, the key not empty".to_owned()),
        }
    }

    /// The order, if every field is right.
    ///
    /// # Errors
    /// The first field that is not, and the rule that it breaks.
    pub fn order(&self) -> Result<GrantOrder, (Field, String)> {
        let at = |field| move |rule| (field, rule);
        let order = GrantOrder {
            ttl: self.ttl().map_err(at(Field::Ttl))?,
            count: self.count().map_err(at(Field::Count))?,
            id: self.id().map_err(at(Field::Id))?,
            puts: self.puts().map_err(at(Field::Put))?,
            keep_alive: self.keep_alive,
            pace: None,
            first_number: 1,
        };
        let several = "several leases need a key each: write {n}, as in /service/{n}=x";
        order.check().map_err(|_| (Field::Put, several.to_owned()))?;
        Ok(order)
    }
}

fn in_words(count: u32) -> String {
    if count == 1 { "1 lease".to_owned() } else { format!("{count} leases") }
}

/// A TTL as it is typed: a preset, seconds, or a number with s, m, h or d.
fn parse_ttl(text: &str) -> Result<i64, String> {
    let text = text.trim();
    if let Some((_, ttl)) = PRESETS.iter().find(|(digit, _)| *digit == text) {
        return Ok(*ttl);
    }
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "s"),
    };
    let factor = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => 1,
    };
    let rule = || "1 = 10 s, 2 = 120 s, 3 = 3600 s, or seconds (90, 5m, 2h)".to_owned();
    let number: i64 = number.trim().parse().map_err(|_| rule())?;
    match number.saturating_mul(factor) {
        ..=0 => Err("1 second or more".to_owned()),
        1..=MAX_TTL => Ok(number * factor),
        _ => Err("etcd grants 9000000000 s at most".to_owned()),
    }
}

pub(super) fn key(model: &mut Model, mut form: Box<GrantForm>, key: Key, now: Moment) -> Vec<Effect> {
    match key {
        Key::Esc | Key::Ctrl('c') => return Vec::new(),
        Key::Enter => match form.order() {
            Ok(order) => return grant(model, order, now),
            Err((field, _)) => form.focus = field,
        },
        Key::Tab | Key::Down => form.focus = form.focus.neighbour(1),
        Key::BackTab | Key::Up => form.focus = form.focus.neighbour(Field::ALL.len() - 1),
        key => type_into(&mut form, key),
    }
    model.dialog = Some(Dialog::Grant(form));
    Vec::new()
}

fn type_into(form: &mut GrantForm, key: Key) {
    match (form.input_mut(), key) {
        (Some(input), key) => {
            edit(key).map(|edit| input.handle(edit));
        }
        (None, Key::Char('y')) => form.keep_alive = true,
        (None, Key::Char('n')) => form.keep_alive = false,
        (None, Key::Char(' ') | Key::Left | Key::Right) => form.keep_alive = !form.keep_alive,
        (None, _) => {}
    }
}

fn grant(model: &mut Model, order: GrantOrder, now: Moment) -> Vec<Effect> {
    model.say(now, false, format!("granting {} of {} s …", in_words(order.count), order.ttl));
    vec![Effect::Grant(order)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(texts: [&str; 4]) -> GrantForm {
        let [ttl, count, id, put] = texts.map(|text| Input::new(text.to_owned()));
        GrantForm { ttl, count, id, put, ..GrantForm::default() }
    }

    #[test]
    fn a_ttl_is_a_preset_or_a_span() {
        let spans =
            [("1", 10), ("2", 120), ("3", 3600), ("2s", 2), ("15", 15), ("5m", 300), ("2h", 7200), ("1d", 86_400)];
        for (text, ttl) in spans {
            assert_eq!(parse_ttl(text), Ok(ttl), "{text}");
        }
        for text in ["", "0", "-5", "x", "5x", "9000000001", "99999999999999999999", "999999999999d", "m"] {
            assert!(parse_ttl(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_first_wrong_field_is_named() {
        let wrong = |texts| filled(texts).order().expect_err("wrong").0;
        assert_eq!(wrong(["", "1", "", ""]), Field::Ttl);
        assert_eq!(wrong(["1", "0", "", ""]), Field::Count);
        assert_eq!(wrong(["1", "10001", "", ""]), Field::Count);
        assert_eq!(wrong(["1", "1", "zz", ""]), Field::Id);
        assert_eq!(wrong(["1", "2", "5", ""]), Field::Id);
        assert_eq!(wrong(["1", "1", "", "nokey"]), Field::Put);
        assert_eq!(wrong(["1", "2", "", "/a=b"]), Field::Put);
        assert_eq!(filled(["1", "2", "", "/a/{n}=b"]).order().map(|order| order.count), Ok(2));
        assert_eq!(filled(["1", "", "", "/a=b"]).order().map(|order| order.count), Ok(1));
    }
}
