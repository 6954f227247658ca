//! Which member led from when until when.

use ratatui::text::Line;

use super::super::{Role, format};
use super::Page;
use crate::app::{Absence, PastLeader};
use crate::escape::printable;
use simkit::Timestamp;

impl Page<'_> {
    /// Which member led from when until when, the newest first.
    pub(super) fn leaders(&self) -> Vec<Line<'static>> {
        let leaders = &self.ctx.app.cluster.members.leaders;
        let since = leaders
            .restarted
            .map_or_else(|| "leasetop started".to_owned(), |at| format!("{}, when the cluster changed", self.time(at)));
        let mut lines = vec![Line::styled(format!("Leaders since {since}"), self.style(Role::Title))];
        for past in leaders.newest_first(self.ctx.now) {
            lines.extend(self.paragraph(&printable(self.leader(past).as_bytes()), Role::Text));
        }
        lines
    }

    /// `term 3: m3 from 14:10:24 until 14:10:58, then no leader was seen for 20.4 s`
    fn leader(&self, PastLeader { period, is_current, absence }: PastLeader) -> String {
        let name = self.ctx.app.cluster.member_name(period.member_id);
        let before = if period.is_older { "before " } else { "" };
        let named = if is_current { "now".to_owned() } else { self.time(period.named) };
        // The other members name a leader for a while after it has died.
        let until = match period.answered.filter(|at| self.time(*at) != self.time(period.named)) {
            Some(answered) => format!(", last answered {}, named until {named}", self.time(answered)),
            None => format!(" until {named}"),
        };
        let absence = match absence {
            Some((Absence::NoLeader, span)) => {
                format!(", then no leader was seen for {}", format::span(span.as_secs_f64()))
            }
            Some((Absence::NoAnswer, span)) => {
                format!(", then no member answered for {}", format::span(span.as_secs_f64()))
            }
            None => String::new(),
        };
        format!("term {}: {name} from {before}{}{until}{absence}", period.term, self.time(period.from))
    }

    fn time(&self, at: Timestamp) -> String {
        self.ctx.wall.day_and_time(at, self.ctx.now)
    }
}
