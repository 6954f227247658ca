//! How long each lease waits between renewals, as a share of its TTL: counts on a small grid.
//!
//! A scatter plot of 100,000 leases is drawn from the grid at a fixed cost.

/// What a point of the scatter plot says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShareMark {
    /// A lease of another client, of which polls may have missed a renewal: its share is at most this.
    AtMost,
    /// A lease of another client.
    Others,
    /// An own lease.
    Own,
    /// A lease that one missed renewal kills.
    TooLate,
}

/// Columns per factor of 10 in the TTL.
const PER_DECADE: f64 = 12.0;
/// Enough for TTLs up to 115 days.
const COLUMNS: usize = 85;
/// 2 % of the TTL each. The last one also has every share above 100 %.
const ROWS: usize = 51;
const MARKS: usize = 4;

/// A filled place of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharePoint {
    /// The TTL in seconds, rounded to the middle of its column.
    pub ttl: f64,
    /// Interval / TTL, from 0 to 1.
    pub share: f64,
    /// The most urgent mark of its leases.
    pub mark: ShareMark,
    /// Number of leases.
    pub leases: u32,
}

/// Number of leases by TTL, share of the TTL, and mark.
#[derive(Clone, Debug)]
pub struct ShareGrid {
    counts: Vec<[u32; MARKS]>,
}

impl Default for ShareGrid {
    fn default() -> Self {
        ShareGrid { counts: vec![[0; MARKS]; COLUMNS * ROWS] }
    }
}

impl ShareGrid {
    /// Adds or removes a lease.
    pub(super) fn count(&mut self, ttl: u32, share: f64, mark: ShareMark, is_added: bool) {
        let column = (f64::from(ttl.max(1)).log10() * PER_DECADE).round() as usize;
        let row = (share.clamp(0.0, 1.0) * (ROWS - 1) as f64).round() as usize;
        let count = &mut self.counts[column.min(COLUMNS - 1) * ROWS + row][mark as usize];
        *count = if is_added { count.saturating_add(1) } else { count.saturating_sub(1) };
    }

    /// The filled places, by rising TTL.
    pub fn points(&self) -> impl Iterator<Item = SharePoint> {
        self.counts.iter().enumerate().filter_map(|(place, counts)| {
            let mark = [ShareMark::TooLate, ShareMark::Own, ShareMark::Others, ShareMark::AtMost]
                .into_iter()
                .find(|mark| counts[*mark as usize] > 0)?;
            Some(SharePoint {
                ttl: 10_f64.powf((place / ROWS) as f64 / PER_DECADE),
                share: (place % ROWS) as f64 / (ROWS - 1) as f64,
                mark,
                leases: counts.iter().sum(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_urgent_mark_is_seen_and_all_leases_are_counted() {
        let mut grid = ShareGrid::default();
        grid.count(10, 0.33, ShareMark::Others, true);
        grid.count(10, 0.331, ShareMark::Own, true);
        grid.count(10, 0.8, ShareMark::TooLate, true);
        grid.count(u32::MAX, 7.0, ShareMark::Others, true);
        let seen: Vec<_> =
            grid.points().map(|point| (point.ttl.round(), point.share, point.mark, point.leases)).collect();
        assert_eq!(seen[..2], [(10.0, 0.34, ShareMark::Own, 2), (10.0, 0.8, ShareMark::TooLate, 1)]);
        assert_eq!((seen[2].1, seen[2].2), (1.0, ShareMark::Others));
        grid.count(10, 0.33, ShareMark::Own, false);
        grid.count(10, 0.33, ShareMark::Others, false);
        assert_eq!(grid.points().count(), 2);
    }
}
