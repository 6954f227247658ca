//! Bars in eighths of a cell on a thin line.

/// The last cell of a bar, by eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// The filled part of a bar of `width` cells, and the thin line for the rest. `share` is from 0 to 1. A share above 0
/// shows at least one eighth, and only a full share fills the bar.
pub(super) fn bar(share: f64, width: usize) -> (String, String) {
    let most = width * 8;
    let eighths = match share.clamp(0.0, 1.0) {
        _ if width == 0 => 0,
        share if share <= 0.0 => 0,
        share if share >= 1.0 => most,
        share => ((share * most as f64).round() as usize).clamp(1, most - 1),
    };
    let (full, part) = (eighths / 8, EIGHTHS[eighths % 8]);
    let rest = width - full - usize::from(!part.is_empty());
    ("█".repeat(full) + part, "─".repeat(rest))
}

/// A bar of `width` cells as one text: the filled part, then the thin line. `share` is from 0 to 1.
pub(super) fn bar_text(share: f64, width: usize) -> String {
    let (full, rest) = bar(share, width);
    full + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_drawn_in_eighths_and_keeps_its_width() {
        assert_eq!(bar_text(1.2, 4), "████");
        assert_eq!(bar_text(0.0, 4), "────");
        assert_eq!(bar_text(0.5, 4), "██──");
        assert_eq!(bar_text(0.3, 4), "█▎──");
        assert_eq!((bar_text(0.001, 4), bar_text(0.999, 4)), ("▏───".to_owned(), "███▉".to_owned()));
        for width in 0..20 {
            for share in 0..=100 {
                assert_eq!(bar_text(f64::from(share) / 100.0, width).chars().count(), width);
            }
        }
    }
}
