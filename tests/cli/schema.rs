//! The schemas in `assets/schema`, which the library writes from its structs.

use serde_json::Value;

/// The schema of that name.
pub(crate) fn read(name: &str) -> Value {
    let path = format!("{}/assets/schema/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Checks a value against the schema of that name.
pub(crate) fn check(name: &str, value: &Value) {
    if let Err(fault) = jsonschema::validate(&read(name), value) {
        panic!("{value} breaks the schema {name} at {:?}: {fault}", fault.instance_path().to_string());
    }
}

#[test]
fn a_schema_finds_faults() {
    let schema = read("grant");
    let is_valid = |text: &str| jsonschema::is_valid(&schema, &serde_json::from_str(text).expect("JSON"));
    assert!(is_valid(r#"{"id":"000000000000694d","ttl":2,"requested_ttl":1,"revision":7}"#));
    for fault in [
        r#"{"id":"000000000000694d","ttl":2,"requested_ttl":1}"#,
        r#"{"id":26957,"ttl":2,"requested_ttl":1,"revision":7}"#,
        r#"{"id":"694D","ttl":2,"requested_ttl":1,"revision":7}"#,
        r#"{"id":"000000000000694d","ttl":0,"requested_ttl":1,"revision":7}"#,
        r#"{"id":"000000000000694d","ttl":2,"requested_ttl":1,"revision":7,"more":1}"#,
    ] {
        assert!(!is_valid(fault), "{fault}");
    }
}
