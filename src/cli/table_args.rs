//! Which leases are shown, what of them, and in which order: for the monitor and for `list`.

use super::CliError;
use crate::app::{Column, Sort, TypedFilter};

/// What was said of the rows.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct TableArgs {
    /// Show the leases that this means: ttl<30 left<5s keys=0 drops>0 state:late who:own key:/svc/ id:694d, or any part of
    /// an id or key; `and`, `or`, ! and parentheses combine
    #[arg(long, value_name = "FILTER")]
    pub(super) filter: Option<TypedFilter>,
    /// Sort by a column, as left:asc or drop:desc
    #[arg(long, value_name = "COLUMN[:asc|:desc]")]
    pub(super) sort: Option<Sort>,
    /// The columns from left to right, of: id who state left ttl every last next margin q drop rtt keys warn key
    #[arg(long, value_name = "COLUMN,...", value_delimiter = ',')]
    columns: Vec<Column>,
}

impl TableArgs {
    /// Whether anything was said.
    pub(super) fn is_some(&self) -> bool {
        self.filter.is_some() || self.sort.is_some() || !self.columns.is_empty()
    }

    /// The columns that were chosen, or else these.
    ///
    /// # Errors
    /// Where one is named twice.
    pub(super) fn columns_or(&self, usual: &[Column]) -> Result<Vec<Column>, CliError> {
        let is_twice = |(place, column): (usize, &Column)| self.columns[..place].contains(column).then_some(*column);
        match self.columns.iter().enumerate().find_map(is_twice) {
            Some(twice) => Err(CliError::Usage(format!("--columns names {twice} twice"))),
            None if self.columns.is_empty() => Ok(usual.to_vec()),
            None => Ok(self.columns.clone()),
        }
    }
}
