//! A sawtooth of renewal cycles in braille, two cells per cycle.

/// Cells of one cycle.
const CELLS: usize = 2;
/// Dot columns of one cycle.
const COLUMNS: usize = 2 * CELLS;
/// Dot rows of a cell.
const ROWS: usize = 4;
/// Bits of the dots of a braille cell: left and right column, from the top.
const DOTS: [[u8; ROWS]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// The braille cell without dots. A cell with dots has their bits added to it.
const BLANK: u32 = 0x2800;
/// A cycle that is not known.
const GAP: &str = "··";

/// Draws cycles, each given by the share of the TTL that it used up: the time left falls from the top, and rises at the
/// next renewal. A deep tooth means that little time was left. A cycle that is not known is drawn as `··`.
pub fn sawtooth(cycles: &[Option<f64>]) -> String {
    let mut before = None;
    let tooth = |cycle: &Option<f64>| match cycle {
        Some(depth) => tooth(*depth, &mut before),
        None => {
            before = None;
            GAP.to_owned()
        }
    };
    cycles.iter().map(tooth).collect()
}

/// The cells of one cycle. `before` is the dot row of the column before it, if any.
fn tooth(depth: f64, before: &mut Option<usize>) -> String {
    let mut cells = [0_u8; CELLS];
    for (column, share) in falling(depth).enumerate() {
        let row = ((share * ROWS as f64) as usize).min(ROWS - 1);
        for dot in joined(*before, row) {
            cells[column / 2] |= DOTS[column % 2][dot];
        }
        *before = Some(row);
    }
    cells.into_iter().map(|dots| char::from_u32(BLANK + u32::from(dots)).unwrap_or(' ')).collect()
}

/// The share used up in each dot column of a cycle.
fn falling(depth: f64) -> impl Iterator<Item = f64> {
    (0..COLUMNS).map(move |column| depth.clamp(0.0, 1.0) * column as f64 / (COLUMNS - 1) as f64)
}

/// The dots of a column: its row, and those that join it with the column before.
fn joined(before: Option<usize>, row: usize) -> std::ops::RangeInclusive<usize> {
    match before {
        Some(before) if before < row => before + 1..=row,
        Some(before) if before > row => row..=before,
        _ => row..=row,
    }
}

/// The lowest dot row of a braille cell, 0 at the top. `None` if it is blank or not a braille cell.
pub fn lowest_row(cell: char) -> Option<usize> {
    let dots = u8::try_from(u32::from(cell).checked_sub(BLANK)?).ok()?;
    (0..ROWS).rev().find(|row| DOTS.iter().any(|column| dots & column[*row] != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deeper_cycle_falls_further() {
        assert_eq!(sawtooth(&[]), "");
        assert_eq!(sawtooth(&[Some(0.33); 3]), "⠉⠑⠋⠑⠋⠑");
        assert_eq!(sawtooth(&[Some(0.8); 2]), "⠑⢄⡗⢄");
        assert_eq!(sawtooth(&[Some(0.0)]), "⠉⠉");
        assert_eq!(sawtooth(&[Some(7.0)]), sawtooth(&[Some(1.0)]));
    }

    #[test]
    fn a_gap_keeps_its_place_between_the_cycles() {
        assert_eq!(sawtooth(&[Some(0.8), None, Some(0.8)]), "⠑⢄··⠑⢄");
    }

    #[test]
    fn a_braille_cell_has_a_lowest_dot() {
        assert_eq!(['⠉', '⢄', '\u{2800}', 'x'].map(lowest_row), [Some(0), Some(3), None, None]);
    }
}
