//! ASCII fallback for terminals that cannot show Unicode.

use ratatui::buffer::Buffer;

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
        '─' | '·' | '┄' | '▱' => '-',
        '╵' => '\'',
        '│' | '┤' | '┃' => '|',
        '┴' | '┼' => '+',
        '▁' | '▂' | '▃' => '_',
        '▄' | '▅' | '▆' => '=',
        '▇' | '█' | '▰' => '#',
        '░' => '.',
        '●' | '★' => '*',
        '▲' | '△' | '↑' => '^',
        '↓' => 'v',
        '‖' => '=',
        '⧗' => '%',
        '“' | '”' => '"',
        '✗' | '✖' => 'x',
        '⊘' => '/',
        '→' | '▸' => '>',
        '…' => '~',
        '×' => 'x',
        '▢' => 'o',
        '◆' => '#',
        '◇' => '+',
        '↻' => '@',
        '○' => 'o',
        '＋' => '+',
        '•' => '.',
        _ => '?',
    }
}
