//! The picture for terminals that know nothing but ASCII.

use ratatui::buffer::Buffer;

/// Replaces each sign that is not ASCII by one that is, cell by cell.
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
