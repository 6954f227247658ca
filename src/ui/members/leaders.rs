//! Which member led from when until when.

use ratatui::text::Line;

use super::super::{Role, format};
use super::Page;
use crate::escape::printable;

impl Page<'_> {
    /// Which member led from when until when, the newest first.
    pub(super) fn leaders(&self) -> Vec<Line<'static>> {
        let cluster = &self.ctx.app.cluster;
        let mut lines = vec![Line::styled("Leaders since leasetop started", self.style(Role::Title))];
        for (period, gap) in cluster.members.leaders.newest_first(self.ctx.now) {
            let name = cluster.member_name(period.member_id);
            let before = if period.is_older { "before " } else { "" };
            let from = self.ctx.wall.time_of_day(period.from);
            let until = period.until.map_or("now".to_owned(), |until| self.ctx.wall.time_of_day(until));
            let gap = if gap.is_zero() {
                String::new()
            } else {
                format!(", then no leader was seen for {}", format::span(gap.as_secs_f64()))
            };
            let text = format!("term {}: {name} from {before}{from} until {until}{gap}", period.term);
            lines.extend(self.paragraph(&printable(text.as_bytes()), Role::Text));
        }
        lines
    }
}
