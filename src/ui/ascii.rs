//! ASCII fallback for terminals that cannot show Unicode.

use ratatui::buffer::Buffer;

use crate::sawtooth::lowest_row;

/// Replaces every non-ASCII character with an ASCII one of the same width, cell by cell, so the layout does not
/// change.
pub(super) fn fold(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let sign = cell.symbol().chars().next().map_or('?', plain);
            cell.set_char(sign);
        }
    }
}

fn plain(sign: char) -> char {
    match sign {
        '╭' | '╮' | '╰' | '╯' => '+',
        '─' | '·' | '–' | '┄' | '▱' => '-',
        '╵' => '\'',
        '│' | '┤' | '┃' => '|',
        '▐' => '[',
        '▌' => ']',
        '┴' | '┼' | '┬' => '+',
        '▁' | '▂' | '▃' => '_',
        '▄' | '▅' | '▆' => '=',
        '▇' | '█' | '▰' => '#',
        '░' => '.',
        '●' | '★' => '*',
        '▲' | '△' | '↑' => '^',
        '↓' => 'v',
        '‖' => '=',
        '†' => '%',
        '▣' => 'O',
        '▉' | '▊' | '▋' => '#',
        '▍' | '▎' | '▏' => '=',
        '“' | '”' => '"',
        '✗' | '✖' => 'x',
        '⊘' => '/',
        '≤' => '<',
        '≥' => '>',
        // A cut text ends with `>`, as in `less -S`. A `~` would read as “about”.
        '→' | '▸' | '…' => '>',
        '×' => 'x',
        '±' => '~',
        '▢' => 'o',
        '◆' => '#',
        '◇' => '+',
        '↻' => '@',
        '○' => 'o',
        '＋' => '+',
        '•' => '.',
        _ => braille(sign),
    }
}

/// A braille cell by the height of its lowest dot.
fn braille(sign: char) -> char {
    const HEIGHTS: [char; 4] = ['\'', '-', '.', '_'];
    match lowest_row(sign) {
        Some(row) => HEIGHTS[row],
        None if sign == '\u{2800}' => ' ',
        None => '?',
    }
}
