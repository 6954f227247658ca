//! The `[[lock]]` tables.

use serde::Deserialize;
use toml::Spanned;

use super::file::{BadConfig, Source};
use crate::inference::locks::LockPattern;

/// A `[[lock]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table of settings")]
pub(super) struct LockTable {
    key: Option<Spanned<String>>,
}

/// Checks the `[[lock]]` tables and returns their patterns.
pub(super) fn patterns(source: &Source<'_>, tables: &[Spanned<LockTable>]) -> Result<Vec<LockPattern>, BadConfig> {
    tables.iter().map(|table| pattern(source, table.get_ref(), table.span().start)).collect()
}

fn pattern(source: &Source<'_>, table: &LockTable, at: usize) -> Result<LockPattern, BadConfig> {
    let Some(key) = &table.key else {
        return Err(source.wrong(at, "lock", "key is missing; add key = \"/service/*/leader\" or another pattern"));
    };
    key.get_ref().parse().map_err(|bad: &str| source.wrong(key.span().start, "lock.key", bad))
}
