//! What etcd counted per second, beside what leasetop saw.

use std::time::Duration;

use ratatui::text::Line;

use super::super::{Role, format};
use super::Page;
use crate::escape::printable;

/// Width of the column that says what is counted.
const WHAT: usize = 40;
/// Width of each column of numbers.
const NUMBER: usize = 12;
/// The counters are read every 10 s. The time of a reading is shown if it is longer ago than two of them.
const OLD: Duration = Duration::from_secs(20);

impl Page<'_> {
    /// What the leader counted per second, beside what leasetop saw.
    pub(super) fn rates(&self) -> Vec<Line<'static>> {
        let counters = &self.ctx.app.cluster.server_counters;
        if let Some(failure) = &counters.failure {
            let text = format!("The counters of etcd cannot be read: {}", printable(failure.text.as_bytes()));
            return self.paragraph(&text, Role::Dim);
        }
        let is_replay = self.ctx.app.config.is_replay;
        let Some(rates) = counters.rates() else {
            if !is_replay {
                return Vec::new();
            }
            let now = self.ctx.wall.time_of_day(self.ctx.now);
            let text = format!(
                "Leases per second: none recorded up to {now}. They are recorded only while the monitor shows its members view."
            );
            return self.paragraph(&text, Role::Dim);
        };
        let over = format::span(rates.over.as_secs_f64());
        let title = if is_replay || self.ctx.now - rates.until > OLD {
            format!("Leases per second, {over} until {}", self.ctx.wall.time_of_day(rates.until))
        } else {
            format!("Leases per second, last {over}")
        };
        let line = |what: &str, etcd: &str, seen: &str, difference: &str| {
            format!("{what:<WHAT$}{etcd:>NUMBER$}{seen:>NUMBER$}{difference:>NUMBER$}")
        };
        let mut lines = vec![Line::styled(line(&title, "etcd", "leasetop", "difference"), self.style(Role::Title))];
        lines.extend(rates.pairs.iter().map(|pair| {
            let [etcd, seen] = [pair.etcd, pair.seen].map(|rate| format!("{rate:.1}"));
            let text = line(pair.what, &etcd, &seen, &format!("{:+.1}", pair.seen - pair.etcd));
            Line::styled(text, self.style(Role::Text))
        }));
        lines
    }
}
