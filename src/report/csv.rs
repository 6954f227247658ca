//! Lines of CSV (RFC 4180, with line feeds).

use etcd_lease::LeaseId;

/// One line of cells.
pub(super) fn line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| quoted(cell.as_ref())).collect();
    cells.join(",") + "\n"
}

/// A cell in quotes where its text needs them. A cell that a spreadsheet would run as a formula gets an apostrophe; a
/// negative number or id is none.
fn quoted(cell: &str) -> String {
    let is_negative = cell.parse::<f64>().is_ok() || cell.parse::<LeaseId>().is_ok();
    let is_formula = cell.starts_with(['=', '+', '@', '\t', '\r']) || cell.starts_with('-') && !is_negative;
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if !cell.contains([',', '"', '\n', '\r']) {
        return cell;
    }
    format!("\"{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_needed() {
        assert_eq!(
            ["a", "a,b", "a\"b", "-1.5", "-000000000007abc", "", "=1+1", "-x"].map(quoted),
            ["a", "\"a,b\"", "\"a\"\"b\"", "-1.5", "-000000000007abc", "", "'=1+1", "'-x"]
        );
    }
}
