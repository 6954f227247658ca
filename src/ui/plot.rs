//! Dots finer than cells: a grid of braille characters, two dots wide and four high each.

/// A picture of dots, counted from the lower left corner.
#[derive(Debug)]
pub(super) struct Plot {
    rows: usize,
    /// Each column of dots, the lowest as the lowest bit: however many lines fall into one, each costs the same.
    columns: Vec<u64>,
}

/// Dots of a cell, side by side.
pub(super) const ACROSS: usize = 2;
/// Dots of a cell, one above the other.
pub(super) const UP: usize = 4;
/// Rows of cells at most.
const MOST: usize = u64::BITS as usize / UP;

/// The bit of a dot in its cell: from left to right, and in each from below.
const BITS: [[u8; UP]; ACROSS] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];

impl Plot {
    /// Empty, of so many cells; at most 16 of them one above the other.
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Plot { rows: rows.min(MOST), columns: vec![0; columns * ACROSS] }
    }

    /// A line straight up, from dot to dot, both included; what lies outside is left away.
    pub(super) fn line(&mut self, across: usize, from: usize, to: usize) {
        let Some(top) = (self.rows * UP).checked_sub(1).map(|top| to.min(top)).filter(|top| from <= *top) else {
            return;
        };
        if let Some(column) = self.columns.get_mut(across) {
            *column |= u64::MAX >> (u64::BITS as usize - 1 - (top - from)) << from;
        }
    }

    /// The rows as text, from the top down; a cell without a dot is a blank.
    pub(super) fn rows(&self) -> impl Iterator<Item = String> {
        (0..self.rows).rev().map(|row| self.columns.chunks(ACROSS).map(|pair| braille(cell(pair, row))).collect())
    }
}

/// The dots of a cell in this row of these columns, as the bits of its character.
fn cell(columns: &[u64], row: usize) -> u8 {
    let dots = |(column, bits): (&u64, &[u8; UP])| {
        let is_set = |up: usize| column >> (row * UP + up) & 1 == 1;
        (0..UP).filter(|up| is_set(*up)).fold(0, |cell, up| cell | bits[up])
    };
    columns.iter().zip(&BITS).map(dots).fold(0, |cell, dots| cell | dots)
}

fn braille(bits: u8) -> char {
    const EMPTY: u32 = 0x2800;
    match bits {
        0 => ' ',
        bits => char::from_u32(EMPTY + u32::from(bits)).unwrap_or(' '),
    }
}

/// A braille character where there is nothing but ASCII: whether its dots lie above, below, or both. None for others.
pub(super) fn plain(sign: char) -> Option<char> {
    const UPPER: u32 = 0x01 | 0x02 | 0x08 | 0x10;
    let bits = u32::from(sign).checked_sub(0x2800).filter(|bits| *bits <= 0xff)?;
    Some(match (bits & UPPER != 0, bits & !UPPER != 0) {
        (true, true) => ':',
        (true, false) => '\'',
        (false, true) => '.',
        (false, false) => ' ',
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_where_they_were_put() {
        let mut plot = Plot::new(2, 2);
        plot.line(0, 0, 7);
        plot.line(1, 3, 4);
        plot.line(3, 0, 0);
        plot.line(4, 0, 7);
        plot.line(2, 9, 20);
        assert_eq!(plot.rows().collect::<Vec<_>>(), ["⣇ ", "⡏⢀"]);
        assert_eq!(Plot::new(0, 0).rows().count(), 0);
    }

    #[test]
    fn in_ascii_halves_are_told_apart() {
        assert_eq!(['⡏', '⠉', '⣀', '\u{2800}'].map(plain), [Some(':'), Some('\''), Some('.'), Some(' ')]);
        assert_eq!(['a', '█'].map(plain), [None, None]);
    }
}
