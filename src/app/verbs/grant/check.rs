//! Parsing and validating the fields of the form.

use std::time::Duration;

use tui_input::Input;

use super::{Field, GrantForm, PRESETS};
use crate::app::grant::InvalidKeyTemplate;
use crate::app::{GrantRequest, KeyTemplate};
use crate::plural::plural;
use etcd_lease::{LeaseId, MAX_TTL};

/// Maximum number of leases per form.
const MOST_LEASES: u32 = 10_000;

impl GrantForm {
    /// Explains the value of a field.
    ///
    /// # Errors
    /// Returns the rule that the field violates.
    pub fn check(&self, field: Field) -> Result<String, String> {
        match field {
            Field::Ttl => self.ttl().map(|ttl| self.explain_ttl(ttl)),
            Field::Count => self.count().map(|count| plural(count, "lease")),
            Field::Id => self.id().map(|id| id.map_or("chosen by etcd".to_owned(), |id| id.to_string())),
            Field::Put(line) => self.template(line).map(|template| template.map_or(self.hint(line), |_| String::new())),
            Field::KeepAlive => Ok(String::new()),
            Field::Pace => Ok(self.explain_pace()),
        }
    }

    fn explain_ttl(&self, ttl: i64) -> String {
        match self.ttl.value() {
            digit @ ("1" | "2" | "3") => format!("{ttl} s ({digit}s means {digit} s)"),
            _ => format!("{ttl} s"),
        }
    }

    /// The hint next to an empty key field.
    fn hint(&self, line: usize) -> String {
        if line == 0 { "none" } else { "add another key (optional)" }.to_owned()
    }

    fn explain_pace(&self) -> String {
        let Ok(ttl) = self.ttl() else { return String::new() };
        if !self.keep_alive {
            return "only if kept alive".to_owned();
        }
        let every = self.pace.expected(Duration::from_secs(ttl.unsigned_abs()));
        format!("every {:.1} s", every.as_secs_f64())
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
            _ if self.count().is_ok_and(|count| count > 1) => Err("only with one lease".to_owned()),
            text => text.parse().map(Some).map_err(|_| "hex, not 0".to_owned()),
        }
    }

    /// The key template of a line. `None` if the line is empty.
    fn template(&self, line: usize) -> Result<Option<KeyTemplate>, String> {
        let parse = |input: &Input| match input.value() {
            "" => None,
            text => Some(KeyTemplate::parse(text)),
        };
        let Some(parsed) = parse(&self.templates[line]) else { return Ok(None) };
        let template = parsed.map_err(|bad| match bad {
            InvalidKeyTemplate::NoEquals(_) => "add =VALUE".to_owned(),
            InvalidKeyTemplate::EmptyKey => "add a key before the =".to_owned(),
        })?;
        let mut above = self.templates[..line].iter().filter_map(parse).flatten();
        if above.any(|other| other.key() == template.key()) {
            return Err("same key as above".to_owned());
        }
        if self.count().is_ok_and(|count| count > 1) && !template.differs_per_lease() {
            return Err("one key each: /a/{n}=x".to_owned());
        }
        Ok(Some(template))
    }

    fn templates(&self) -> Result<Vec<KeyTemplate>, (Field, String)> {
        let template = |line| self.template(line).map_err(|rule| (Field::Put(line), rule)).transpose();
        (0..self.templates.len()).filter_map(template).collect()
    }

    /// Whether all fields are valid.
    pub fn is_right(&self) -> bool {
        self.fields().into_iter().all(|field| self.check(field).is_ok())
    }

    /// The grant request, if all fields are valid.
    ///
    /// # Errors
    /// Returns the first invalid field and the rule that it violates.
    pub fn request(&self) -> Result<GrantRequest, (Field, String)> {
        let at = |field| move |rule| (field, rule);
        let request = GrantRequest {
            ttl: self.ttl().map_err(at(Field::Ttl))?,
            count: self.count().map_err(at(Field::Count))?,
            id: self.id().map_err(at(Field::Id))?,
            templates: self.templates()?,
            keep_alive: self.keep_alive,
            pace: Some(self.pace),
            first_number: 1,
            job: None,
        };
        // Different templates can expand to the same key.
        request.check().map_err(|bad| (Field::Put(0), bad.to_string()))?;
        Ok(request)
    }
}

/// Parses a TTL: a preset digit, seconds, or a number with the unit s, m, h or d. Returns seconds, or the rule that the text
/// violates.
pub(in crate::app) fn parse_ttl(text: &str) -> Result<i64, String> {
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
    let rule = || "seconds, or 5m, 2h, 1d".to_owned();
    let number: i64 = number.trim().parse().map_err(|_| rule())?;
    match number.saturating_mul(factor) {
        ..=0 => Err("at least 1 s".to_owned()),
        1..=MAX_TTL => Ok(number * factor),
        _ => Err("at most 9000000000 s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etcd_lease::RenewalSchedule;

    fn filled<const N: usize>(texts: [&str; 3], templates: [&str; N]) -> GrantForm {
        let [ttl, count, id] = texts.map(|text| Input::new(text.to_owned()));
        let templates = templates.map(|text| Input::new(text.to_owned())).to_vec();
        GrantForm { ttl, count, id, templates, ..GrantForm::new(RenewalSchedule::Clientv3) }
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
        let wrong = |ttl, count, id, put| filled([ttl, count, id], [put]).request().expect_err("wrong").0;
        assert_eq!(wrong("", "1", "", ""), Field::Ttl);
        assert_eq!(wrong("1", "0", "", ""), Field::Count);
        assert_eq!(wrong("1", "10001", "", ""), Field::Count);
        assert_eq!(wrong("1", "1", "zz", ""), Field::Id);
        assert_eq!(wrong("1", "2", "5", ""), Field::Id);
        assert_eq!(wrong("1", "1", "", "nokey"), Field::Put(0));
        assert_eq!(wrong("1", "2", "", "/a=b"), Field::Put(0));
        assert_eq!(filled(["1", "2", ""], ["/a/{n}=b"]).request().map(|order| order.count), Ok(2));
        assert_eq!(filled(["1", "", ""], ["/a=b"]).request().map(|order| order.count), Ok(1));
    }

    /// A hint must fit into 26 columns.
    #[test]
    fn every_rule_fits_beside_its_field() {
        let ttls = ["", "x", "0", "9000000001"].map(|ttl| filled([ttl, "", ""], [""]));
        let others = [
            filled(["9000000000", "0", "zz"], ["/a"]),
            filled(["2", "10000", "7"], ["=x"]),
            filled(["3", "2", ""], ["/a=b"]),
            filled(["3", "", ""], ["/a=b", "/a=b", ""]),
        ];
        for form in ttls.into_iter().chain(others) {
            for field in form.fields() {
                let (Ok(words) | Err(words)) = form.check(field);
                assert!(words.len() <= 26, "{words}");
            }
        }
    }

    #[test]
    fn each_line_of_keys_is_checked_by_itself() {
        let form = filled(["1", "", ""], ["/a=b=c", "", "/a=d", "/b", "=x", "/c="]);
        let right = |line| form.check(Field::Put(line)).is_ok();
        assert_eq!([0, 1, 2, 3, 4, 5].map(right), [true, true, false, false, false, true]);
        assert_eq!(form.request().expect_err("wrong").0, Field::Put(2));
        let form = filled(["1", "2", ""], ["/a/{n}=b", "/b/{id}=", "", "/c=d"]);
        assert_eq!(form.request().expect_err("wrong").0, Field::Put(3));
    }

    #[test]
    fn keys_that_meet_once_they_are_numbered_are_refused() {
        let form = filled(["1", "", ""], ["/a/{n}=b", "/a/1=c"]);
        assert_eq!(form.request().expect_err("they meet").0, Field::Put(0));
    }
}
