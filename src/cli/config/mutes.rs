//! The `[[mute]]` tables.

use serde::Deserialize;
use toml::Spanned;

use super::file::{BadConfig, Source};
use crate::app::{MuteRule, MuteTarget};
use crate::escape::printable;
use crate::inference::lints::{LINTS, by_name};

/// A `[[mute]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table of settings")]
pub(super) struct MuteTable {
    warning: Option<Spanned<String>>,
    service: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
    id: Option<Spanned<String>>,
}

/// Checks the `[[mute]]` tables and returns their rules.
pub(super) fn rules(source: &Source<'_>, tables: &[Spanned<MuteTable>]) -> Result<Vec<MuteRule>, BadConfig> {
    tables.iter().map(|table| rule(source, table.get_ref(), table.span().start)).collect()
}

fn rule(source: &Source<'_>, table: &MuteTable, at: usize) -> Result<MuteRule, BadConfig> {
    let Some(name) = &table.warning else {
        return Err(source.wrong(at, "mute", "warning is missing; add one, for example warning = \"short-ttl\""));
    };
    let Some(lint) = by_name(name.get_ref()) else {
        let names: Vec<&str> = LINTS.iter().map(|lint| lint.name()).collect();
        return Err(source.wrong(name.span().start, "mute.warning", format!("expected one of: {}", names.join(" "))));
    };
    Ok(MuteRule { warning: lint.name(), target: target(source, table, at)? })
}

fn target(source: &Source<'_>, table: &MuteTable, at: usize) -> Result<MuteTarget, BadConfig> {
    match (&table.service, &table.key, &table.id) {
        (Some(service), None, None) => Ok(MuteTarget::Service(service.get_ref().clone())),
        (None, Some(key), None) => Ok(MuteTarget::KeyPrefix(key.get_ref().clone())),
        (None, None, Some(id)) => {
            let parsed = id.get_ref().parse();
            parsed
                .map(MuteTarget::Id)
                .map_err(|bad| source.wrong(id.span().start, "mute.id", printable(bad.to_string().as_bytes())))
        }
        _ => Err(source.wrong(at, "mute", "write one of service, key (a prefix) and id")),
    }
}
