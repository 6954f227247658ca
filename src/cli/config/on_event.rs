//! The `[[on-event]]` tables.

use serde::Deserialize;
use toml::Spanned;

use super::file::{BadConfig, Source};
use crate::app::TypedFilter;
use crate::runtime::{EventHook, RATES};

/// An `[[on-event]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table of settings")]
pub(super) struct OnEventTable {
    filter: Option<Spanned<String>>,
    command: Option<Spanned<String>>,
    rate: Option<Spanned<i64>>,
}

/// Checks the `[[on-event]]` tables and returns their commands.
pub(super) fn hooks(source: &Source<'_>, tables: &[Spanned<OnEventTable>]) -> Result<Vec<EventHook>, BadConfig> {
    tables.iter().map(|table| hook(source, table.get_ref(), table.span().start)).collect()
}

fn hook(source: &Source<'_>, table: &OnEventTable, at: usize) -> Result<EventHook, BadConfig> {
    let Some(command) = &table.command else {
        return Err(source.wrong(
            at,
            "on-event",
            "command is missing; add command = \"logger -t leasetop\" or another one",
        ));
    };
    let filter = match &table.filter {
        Some(filter) => {
            let parsed = filter.get_ref().parse();
            parsed.map_err(|bad| source.wrong(filter.span().start, "on-event.filter", bad))?
        }
        None => TypedFilter::default(),
    };
    let rate = match &table.rate {
        Some(rate) => {
            let number = u32::try_from(*rate.get_ref()).ok().filter(|rate| RATES.contains(rate));
            let wrong = || source.wrong(rate.span().start, "on-event.rate", "expected 1 to 6000 runs per minute");
            Some(number.ok_or_else(wrong)?)
        }
        None => None,
    };
    Ok(EventHook { filter, command: command.get_ref().clone(), rate })
}
