//! Tables of aligned columns.

use crate::width::DisplayWidth;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// A table with columns two spaces apart, each as wide as its widest cell, and no trailing spaces. Every row has a cell for
/// each title.
pub(super) fn table<'a, R: AsRef<[String]>>(header: impl AsRef<[(&'a str, Align)]>, rows: &[R]) -> String {
    let header = header.as_ref();
    let titles: Vec<String> = header.iter().map(|(title, _)| (*title).to_owned()).collect();
    let lines = || std::iter::once(titles.as_slice()).chain(rows.iter().map(AsRef::as_ref));
    let width = |column: usize| lines().map(|cells| cells[column].width()).max().unwrap_or(0);
    let columns: Vec<_> = header.iter().enumerate().map(|(column, (_, align))| (width(column), *align)).collect();
    lines().map(|cells| line(cells, &columns)).collect()
}

fn line(cells: &[String], columns: &[(usize, Align)]) -> String {
    let mut text = String::new();
    for (cell, (width, align)) in cells.iter().zip(columns) {
        let blanks = " ".repeat(width - cell.width());
        let padded = if *align == Align::Left { [cell, blanks.as_str()] } else { [blanks.as_str(), cell] };
        text.push_str(&padded.concat());
        text.push_str("  ");
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["ab".to_owned(), "1".to_owned()], ["é".to_owned(), "1000".to_owned()]];
        let text = table([("NAME", Align::Left), ("N", Align::Right)], &rows);
        assert_eq!(text, "NAME     N\nab       1\né     1000\n");
    }
}
