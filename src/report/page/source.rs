//! Finds out from the content of a file what a page can be made from.

use std::io::{BufRead, Read};

use serde_json::Value;

use super::result;
use super::{Page, recorded_page};
use crate::app::AppConfig;
use crate::escape::{printable, printable_message};
use crate::recording::{Recording, RecordingError};

/// What a page can be made from.
#[derive(Debug)]
pub enum PageSource {
    /// A recording.
    Recording(Recording),
    /// The JSON of `exercise` or `list`.
    Result(Value),
}

/// Why no page can be made from a file.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The file is something else.
    #[error(
        "{file} {what}; a report needs a recording, or the output of `exercise -w json` or `list --for 1m -w json`"
    )]
    Other {
        /// The file.
        file: String,
        /// What it is, as a predicate.
        what: String,
    },
}

/// The largest result that is read, in bytes.
const MAX_RESULT: u64 = 256_000_000;
const NEITHER: &str = "is neither a recording nor complete JSON";
/// Maximum number of field names in a message.
const MAX_NAMED: usize = 4;

impl PageSource {
    /// Reads a file with this name.
    ///
    /// # Errors
    /// The recording cannot be read, or the file is neither a recording nor a result.
    pub fn read(mut lines: impl BufRead, file: &str) -> Result<PageSource, PageError> {
        let other = |what: &str| PageError::Other { file: file.to_owned(), what: what.to_owned() };
        // Devices without line ends are not read for long.
        let is_json =
            lines.fill_buf().is_ok_and(|start| start.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{'));
        if !is_json {
            return Err(other(NEITHER));
        }
        let mut first = Vec::new();
        let is_read = lines.by_ref().take(MAX_RESULT).read_until(b'\n', &mut first).is_ok();
        let mut value = serde_json::from_slice::<Value>(&first);
        if value.as_ref().is_ok_and(|value| value.get("leasetop_recording").is_some()) {
            let lines = first.as_slice().chain(lines);
            return Ok(PageSource::Recording(Recording::read_lines(lines, file.to_owned())?));
        }
        if value.is_err() && is_read && std::str::from_utf8(&first).is_ok() {
            // JSON of several lines, as `jq` writes it.
            let is_read = lines.take(MAX_RESULT).read_to_end(&mut first).is_ok();
            value = if is_read { serde_json::from_slice(&first) } else { value };
        }
        let Ok(value) = value else { return Err(other(NEITHER)) };
        match what_else(&value) {
            None => Ok(PageSource::Result(value)),
            Some(what) => Err(other(&what)),
        }
    }

    /// The page. `config` has the user's muted warnings and locks.
    ///
    /// # Errors
    /// The result is malformed.
    pub fn into_page(self, file: &str, config: AppConfig) -> Result<Page, PageError> {
        match self {
            PageSource::Recording(recording) => Ok(recorded_page(recording, file, config)),
            PageSource::Result(value) => result::page(value, file).map_err(|error| PageError::Other {
                file: file.to_owned(),
                what: format!("is malformed: {}", printable_message(&error.to_string())),
            }),
        }
    }
}

/// What a JSON object is, as a predicate. `None` if it is a result of `exercise` or `list`.
fn what_else(value: &Value) -> Option<String> {
    let has = |field: &str| value.get(field).is_some();
    if has("series") && has("answer") || has("leases") && has("cluster") {
        return None;
    }
    let command = match () {
        () if has("event") && has("at") => "events",
        () if has("groups") => "list --group",
        () if has("locks") => "locks",
        () if has("members") => "members",
        () if has("until") && has("happened") => "wait",
        () if has("requested_ttl") => "grant",
        () => {
            let names = value.as_object().into_iter().flat_map(|object| object.keys());
            let names: Vec<String> = names.take(MAX_NAMED).map(|name| printable(name.as_bytes())).collect();
            let names =
                if names.is_empty() { "no fields".to_owned() } else { format!("the fields {}", names.join(", ")) };
            return Some(format!("is JSON with {names}"));
        }
    };
    Some(format!("has the output of `leasetop {command}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        match PageSource::read(bytes, "FILE") {
            Ok(PageSource::Recording(_)) => "recording".to_owned(),
            Ok(PageSource::Result(_)) => "result".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_content_decides_what_a_file_is() {
        assert_eq!(read(b"{\"series\":[],\"answer\":\"\"}\n"), "result");
        assert_eq!(read(b"{\n  \"cluster\": {},\n  \"leases\": []\n}\n"), "result");
        let needs = "; a report needs a recording, or the output of `exercise -w json` or `list --for 1m -w json`";
        for (bytes, what) in [
            (&b"\x00\x01"[..], NEITHER),
            (b"[1]", NEITHER),
            (b"{\"leases\":[", NEITHER),
            (b"{}", "is JSON with no fields"),
            (b"{\"a\\u001b\":1}", "is JSON with the fields a\\x1b"),
            (b"{\"cluster\":{},\"groups\":[]}", "has the output of `leasetop list --group`"),
            (b"{\"at\":\"\",\"event\":\"term\"}\n{\"at\":\"\"}\n", "has the output of `leasetop events`"),
        ] {
            assert_eq!(read(bytes), format!("FILE {what}{needs}"));
        }
        assert!(read(b"{\"leasetop_recording\":0}\n").starts_with("FILE has format 0 of leasetop"), "an older format");
    }
}
