//! The JSON schemas in `assets/schema`, generated from the structs that the reports serialise.

use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::{events, exercise, json, keymap, listing, locks, members, waited};

/// A lease id in hex, as etcdctl prints it.
pub(super) const ID: &str = "^-?[0-9a-f]{15,16}$";
/// RFC 3339 in UTC with milliseconds.
pub(super) const TIME: &str = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$";

/// A line of keep-alive.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum KeepAliveLine {
    Kept(json::KeptObject),
    Ended(json::EndedObject<'static>),
}

/// The result of wait.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum WaitLine {
    Lease(waited::WaitedObject),
    Leases(waited::WaitedForCountObject),
}

fn schema<T: JsonSchema>(name: &str) -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.inline_subschemas = true;
        settings.transforms.push(Box::new(RecursiveTransform(close)));
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), name.into());
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}

/// Forbids further properties, and null for properties that are left out instead. Removes `format`, because the widths of
/// Rust's numbers are not part of the interface.
fn close(schema: &mut Schema) {
    if schema.get("format").is_some_and(Value::is_string) {
        schema.remove("format");
    }
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|one| one == name));
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
        if let Some(Value::Array(types)) = property.get_mut("type") {
            types.retain(|name| name != "null");
        }
    }
    schema.insert("additionalProperties".to_owned(), false.into());
}

/// To update the files: `UPDATE_SCHEMAS=1 cargo test --lib report::schema`.
#[test]
fn the_files_are_those_of_the_structs() {
    let schemas = [
        ("events", schema::<events::EventObject>("events")),
        ("exercise", schema::<exercise::ExerciseObject>("exercise")),
        ("grant", schema::<json::GrantedObject>("grant")),
        ("groups", schema::<listing::GroupsObject>("groups")),
        ("keep-alive", schema::<KeepAliveLine>("keep-alive")),
        ("keys", schema::<keymap::KeyObject>("keys")),
        ("list", schema::<listing::ListingObject<'_>>("list")),
        ("locks", schema::<locks::LocksObject>("locks")),
        ("members", schema::<members::MembersObject>("members")),
        ("revoke", schema::<json::RevokedObject>("revoke")),
        ("timetolive", schema::<json::TimeToLiveObject>("timetolive")),
        ("wait", schema::<WaitLine>("wait")),
    ];
    for (name, schema) in schemas {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/schema/{name}.json"));
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(&path, &schema).expect("the file can be written");
        }
        let file = std::fs::read_to_string(&path).expect("the file can be read");
        assert!(file == schema, "{} is out of date; run again with UPDATE_SCHEMAS=1:\n{schema}", path.display());
    }
}
