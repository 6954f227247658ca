//! The screen for terminals without Unicode.

use ratatui::buffer::Buffer;

/// Replaces each cell that is not ASCII by a similar ASCII sign.
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
        '─' | '·' => '-',
        '│' | '┤' => '|',
        '┴' | '┼' => '+',
        '▁' | '▂' | '▃' => '_',
        '▄' | '▅' | '▆' => '=',
        '▇' | '█' => '#',
        '░' => '.',
        '●' | '★' => '*',
        '▲' | '△' | '↑' => '^',
        '↓' => 'v',
        '‖' => '=',
        '⧗' => '%',
        '“' | '”' => '"',
        '✗' => 'x',
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
