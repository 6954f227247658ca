//! Rows and columns of the lease table, in the monitor and in `list`.

use super::CliError;
use super::options::TableArgs;
use crate::app::Column;

impl TableArgs {
    /// Whether any of the options was given.
    pub(super) fn is_some(&self) -> bool {
        self.filter.is_some() || self.sort.is_some() || !self.columns.is_empty() || self.group.is_some()
    }

    /// The chosen columns, or `default`.
    ///
    /// # Errors
    /// If a column appears twice.
    pub(super) fn columns_or(&self, default: &[Column]) -> Result<Vec<Column>, CliError> {
        if self.columns.is_empty() {
            return Ok(default.to_vec());
        }
        let is_repeated = |(index, column): &(usize, &Column)| self.columns[..*index].contains(column);
        if let Some((_, column)) = self.columns.iter().enumerate().find(is_repeated) {
            return Err(CliError::Usage(format!("column `{column}` appears twice in --columns")));
        }
        Ok(self.columns.clone())
    }
}
