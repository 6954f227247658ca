//! The JSON objects of a command in other formats: fields, one a line, and CSV.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::csv;

/// Which objects are the rows of a command's CSV, and what is in its columns.
#[derive(Clone, Copy, Debug)]
pub struct CsvLayout {
    /// The schema of the JSON objects.
    pub schema: &'static str,
    /// The field with the rows. None if each object is a row.
    pub rows: Option<&'static str>,
    /// Names of fields; those of an inner object after a dot. They are the titles too.
    pub columns: &'static [&'static str],
}

const fn layout(schema: &'static str, rows: Option<&'static str>, columns: &'static [&'static str]) -> CsvLayout {
    CsvLayout { schema, rows, columns }
}

/// CSV of `grant`.
pub const GRANT_CSV: CsvLayout = layout("grant", None, &["id", "ttl", "requested_ttl", "revision"]);
/// CSV of `revoke`.
pub const REVOKE_CSV: CsvLayout = layout("revoke", None, &["id", "revision", "keys_deleted"]);
/// CSV of `timetolive`.
pub const TIME_TO_LIVE_CSV: CsvLayout = layout("timetolive", None, &["id", "granted_ttl", "ttl", "keys"]);
/// CSV of `keep-alive`.
pub const KEEP_ALIVE_CSV: CsvLayout = layout("keep-alive", None, &["at", "id", "ttl", "round_trip", "ended"]);
/// CSV of `wait`.
pub const WAIT_CSV: CsvLayout = layout(
    "wait",
    None,
    &["at", "id", "until", "happened", "was_there", "reason", "left", "left_error", "count", "unknown", "end"],
);
/// CSV of `keys`.
pub const KEYS_CSV: CsvLayout = layout("keys", None, &["action", "keys", "where", "help"]);
/// CSV of `locks`: one row per lock.
pub const LOCKS_CSV: CsvLayout = layout(
    "locks",
    Some("locks"),
    &["name", "kind", "evidence", "holder", "value", "held", "held_sureness", "waiters"],
);
/// CSV of `members`.
pub const MEMBERS_CSV: CsvLayout = layout(
    "members",
    Some("members"),
    &[
        "name",
        "id",
        "address",
        "is_endpoint",
        "is_chosen",
        "answers",
        "answered_ago",
        "role",
        "version",
        "term",
        "revision",
        "raft_index",
        "db_size",
        "db_size_in_use",
        "db_size_quota",
        "round_trip",
        "alarms",
        "problems",
    ],
);
/// CSV of `list --group`.
pub const GROUPS_CSV: CsvLayout = layout(
    "groups",
    Some("groups"),
    &[
        "name",
        "leases",
        "state",
        "state_leases",
        "left",
        "share",
        "renewals_per_second",
        "availability",
        "availability_watched",
        "gone",
        "gone_now",
        "key_outages",
        "longest_key_outage",
    ],
);
/// CSV of `exercise`: one row per TTL.
pub const EXERCISE_CSV: CsvLayout = layout(
    "exercise",
    Some("series"),
    &[
        "ttl",
        "granted_ttl",
        "count",
        "lost",
        "renewals",
        "interval.expected",
        "interval.mean",
        "interval.min",
        "interval.max",
        "interval.p50",
        "interval.p99",
        "interval_to_ttl",
        "round_trip.p50",
        "round_trip.p99",
        "least_left",
        "queue.capacity",
        "queue.depth",
        "queue.dropped",
    ],
);

/// JSON with the fields of an object in their order.
enum Node {
    Scalar(Value),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// The fields of JSON lines: `"name" : value`, with a blank line before each object of a list. Unknown values are left out.
pub fn fields(json: &str) -> String {
    let mut text = String::new();
    for (index, object) in nodes(json).iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        push_fields(&mut text, "", object);
    }
    text
}

fn push_fields(text: &mut String, name: &str, node: &Node) {
    match node {
        Node::Scalar(Value::Null) => (),
        Node::Scalar(value) => text.push_str(&format!("\"{name}\" : {value}\n")),
        Node::List(parts) => {
            for part in parts {
                if matches!(part, Node::Object(_)) {
                    text.push('\n');
                }
                push_fields(text, name, part);
            }
        }
        Node::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                push_fields(text, &name, value);
            }
        }
    }
}

/// JSON lines as CSV (RFC 4180, with line feeds), below the titles if `with_titles`. Unknown values are empty, and the parts
/// of a list have a space between them.
pub fn records_csv(json: &str, layout: &CsvLayout, with_titles: bool) -> String {
    let objects = nodes(json);
    let rows = objects.iter().flat_map(|object| match layout.rows {
        None => std::slice::from_ref(object),
        Some(name) => match object.get(name) {
            Some(Node::List(rows)) => rows.as_slice(),
            _ => &[],
        },
    });
    let titles = if with_titles { csv::line(layout.columns.iter().copied()) } else { String::new() };
    let cells = |row: &Node| layout.columns.iter().map(|column| row.cell(column)).collect::<Vec<_>>();
    titles + &rows.map(|row| csv::line(cells(row))).collect::<String>()
}

fn nodes(json: &str) -> Vec<Node> {
    // Our own JSON, so it parses.
    json.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

impl Node {
    fn get(&self, field: &str) -> Option<&Node> {
        let Node::Object(fields) = self else { return None };
        fields.iter().find(|(name, _)| name == field).map(|(_, value)| value)
    }

    /// The text of a column; empty if it is unknown.
    fn cell(&self, column: &str) -> String {
        let value = column.split('.').try_fold(self, |node, field| node.get(field));
        value.map_or_else(String::new, Node::text)
    }

    fn text(&self) -> String {
        match self {
            Node::Scalar(Value::Null) | Node::Object(_) => String::new(),
            Node::Scalar(Value::String(text)) => text.clone(),
            Node::Scalar(value) => value.to_string(),
            Node::List(parts) => parts.iter().map(Node::text).collect::<Vec<_>>().join(" "),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(part) = parts.next_element()? {
            list.push(part);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = entries.next_entry()? {
            fields.push(field);
        }
        Ok(Node::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str =
        r#"{"term":3,"of":{"id":"a","gone":null},"rows":[{"n":1.5,"keys":["x","y,z"]},{"keys":[],"ok":true}]}"#;

    #[test]
    fn fields_keep_their_order_and_leave_out_what_is_unknown() {
        let expected = "\"term\" : 3\n\"of.id\" : \"a\"\n\n\"rows.n\" : 1.5\n\"rows.keys\" : \"x\"\n\"rows.keys\" : \"y,z\"\n\n\"rows.ok\" : true\n";
        assert_eq!(fields(JSON), expected);
        assert_eq!(fields("{\"a\":1}\n{\"a\":2}\n"), "\"a\" : 1\n\n\"a\" : 2\n");
    }

    #[test]
    fn csv_has_the_columns_of_its_layout() {
        let layout = layout("none", Some("rows"), &["n", "keys", "ok"]);
        assert_eq!(records_csv(JSON, &layout, true), "n,keys,ok\n1.5,\"x y,z\",\n,,true\n");
        assert_eq!(records_csv(JSON, &layout, false), "1.5,\"x y,z\",\n,,true\n");
        let flat = CsvLayout { rows: None, columns: &["of.id", "term"], ..layout };
        assert_eq!(records_csv(JSON, &flat, true), "of.id,term\na,3\n");
    }

    #[test]
    fn csv_of_wait_says_how_the_lease_ended() {
        let json =
            r#"{"at":"t","id":"7","until":"gone","happened":true,"was_there":true,"reason":null,"end":"revoked"}"#;
        assert_eq!(records_csv(json, &WAIT_CSV, false), "t,7,gone,true,true,,,,,,revoked\n");
    }

    /// Whether a schema has this field.
    fn has(schema: &Value, column: &str) -> bool {
        let (field, rest) = column.split_once('.').unwrap_or((column, ""));
        let any = schema["anyOf"].as_array().into_iter().flatten();
        let here = schema["properties"].get(field);
        let inside = |found: &Value| rest.is_empty() || has(found, rest);
        here.is_some_and(inside) || any.into_iter().any(|part| has(part, column))
    }

    #[test]
    fn every_column_is_a_field_of_the_schema() {
        for layout in [
            GRANT_CSV,
            REVOKE_CSV,
            TIME_TO_LIVE_CSV,
            KEEP_ALIVE_CSV,
            WAIT_CSV,
            KEYS_CSV,
            LOCKS_CSV,
            MEMBERS_CSV,
            GROUPS_CSV,
            EXERCISE_CSV,
        ] {
            let path = format!("{}/assets/schema/{}.json", env!("CARGO_MANIFEST_DIR"), layout.schema);
            let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a schema")).expect("JSON");
            let rows = layout.rows.map_or(&schema, |rows| &schema["properties"][rows]["items"]);
            let missing: Vec<_> = layout.columns.iter().filter(|column| !has(rows, column)).collect();
            assert!(missing.is_empty(), "{}: {missing:?}", layout.schema);
        }
    }
}
