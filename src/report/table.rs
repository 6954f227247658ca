//! Aligned columns.

use unicode_width::UnicodeWidthStr;

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Lines of columns two spaces apart, as wide as their widest cell; no blanks at the end of a line.
pub(super) fn table<const N: usize>(header: [(&str, Align); N], rows: &[[String; N]]) -> String {
    let titles = header.map(|(title, _)| title.to_owned());
    let lines = || std::iter::once(&titles).chain(rows);
    let widths: [usize; N] =
        std::array::from_fn(|column| lines().map(|cells| cells[column].width()).max().unwrap_or(0));
    let aligns = header.map(|(_, align)| align);
    lines().map(|cells| line(cells, &widths, &aligns)).collect()
}

fn line<const N: usize>(cells: &[String; N], widths: &[usize; N], aligns: &[Align; N]) -> String {
    let mut text = String::new();
    for (column, cell) in cells.iter().enumerate() {
        let blanks = " ".repeat(widths[column] - cell.width());
        let padded = if aligns[column] == Align::Left { [cell, blanks.as_str()] } else { [blanks.as_str(), cell] };
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
