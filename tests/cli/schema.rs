//! A checker for the part of JSON Schema that `assets/schema` uses; an unknown word is a fault of the schema.

use serde_json::{Map, Value};

/// The schema of that name.
pub(crate) fn read(name: &str) -> Value {
    let path = format!("{}/assets/schema/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Holds a value against a schema; the first fault with its place.
pub(crate) fn check(schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    let rules = schema.as_object().ok_or(format!("{place}: a schema is an object"))?;
    rules.iter().try_for_each(|(word, rule)| keeps(rules, word, rule, value, place))
}

fn keeps(rules: &Map<String, Value>, word: &str, rule: &Value, value: &Value, place: &str) -> Result<(), String> {
    let fault = |holds: bool| if holds { Ok(()) } else { Err(format!("{place}: {value} breaks {word} {rule}")) };
    match word {
        "$schema" | "title" | "description" => Ok(()),
        "type" => fault(rule.as_array().map_or(is(rule, value), |types| types.iter().any(|one| is(one, value)))),
        "enum" => fault(rule.as_array().is_some_and(|values| values.contains(value))),
        "minimum" => fault(value.as_f64().is_none_or(|number| Some(number) >= rule.as_f64())),
        "pattern" => fault(value.as_str().is_none_or(|text| matches(rule, text))),
        "required" => fault(texts(rule).all(|name| value.get(name).is_some())),
        "additionalProperties" => fault(names(value).all(|name| rules["properties"].get(name).is_some())),
        "properties" => each(value.as_object(), |(name, value)| match rule.get(name) {
            Some(schema) => check(schema, value, &format!("{place}.{name}")),
            None => Ok(()),
        }),
        "items" => each(value.as_array(), |value| check(rule, value, &format!("{place}[]"))),
        "oneOf" => {
            let fitting =
                rule.as_array().map_or(0, |all| all.iter().filter(|s| check(s, value, place).is_ok()).count());
            fault(fitting == 1)
        }
        _ => Err(format!("{place}: this checker does not know {word}")),
    }
}

fn is(name: &Value, value: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    }
}

fn matches(pattern: &Value, text: &str) -> bool {
    let pattern = pattern.as_str().expect("a pattern is a string");
    regex::Regex::new(pattern).expect("a pattern is a regular expression").is_match(text)
}

fn texts(rule: &Value) -> impl Iterator<Item = &str> {
    rule.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn names(value: &Value) -> impl Iterator<Item = &String> {
    value.as_object().into_iter().flat_map(Map::keys)
}

fn each<T: IntoIterator>(all: Option<T>, rule: impl FnMut(T::Item) -> Result<(), String>) -> Result<(), String> {
    all.into_iter().flatten().try_for_each(rule)
}

#[test]
fn the_checker_finds_faults() {
    let schema = read("grant");
    let granted = |text: &str| check(&schema, &serde_json::from_str(text).expect("JSON"), "grant");
    assert_eq!(granted(r#"{"id":"000000000000694d","ttl":2,"requested_ttl":1,"revision":7}"#), Ok(()));
    for fault in [
        r#"{"id":"000000000000694d","ttl":2,"requested_ttl":1}"#,
        r#"{"id":26957,"ttl":2,"requested_ttl":1,"revision":7}"#,
        r#"{"id":"694D","ttl":2,"requested_ttl":1,"revision":7}"#,
        r#"{"id":"000000000000694d","ttl":0,"requested_ttl":1,"revision":7}"#,
        r#"{"id":"000000000000694d","ttl":2,"requested_ttl":1,"revision":7,"more":1}"#,
    ] {
        assert!(granted(fault).is_err(), "{fault}");
    }
}
