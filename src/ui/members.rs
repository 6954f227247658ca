//! Members view: every member of the cluster, and below the table what is known about the selected one.
//!
//! ```text
//! 3 members · renewals go through etcd-1: it is the leader
//! MEMBER    ROLE      ANSWERED    VERSION     RTT  TERM  REVISION       DB
//! etcd-1    leader    now         3.6.16   0.4 ms     4      1204  20.1 MB
//! etcd-2    unknown   12.0 s ago  3.6.16        -     4      1190  20.1 MB
//! etcd-3 *  follower  now         3.6.16   0.6 ms     4      1204  20.1 MB
//! * not among the endpoints
//!
//! etcd-2 · unknown · id 8e9e05c52164694d · 10.0.0.2:2379
//! last known: term 4, revision 1190, raft index 2000
//! ...
//! ```

mod leaders;
mod rates;

use std::time::SystemTime;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::{MemberRole, MemberRow, certificate_expiry, probe_step_text, size_in_words};
use crate::escape::printable;
use crate::plural::plural;
use crate::width::DisplayWidth;
use etcd_lease::MemberView;
use etcd_lease::wire::MemberProbe;
use simkit::Timestamp;

use super::format::UNKNOWN;
use super::line::{cut, wrap};
use super::{RenderContext, Role, filter_line, format, pane};

/// Maximum width of a name and of an address.
const MAX_TEXT: usize = 32;
/// Maximum width of a version, which comes from etcd.
const MAX_VERSION: usize = 16;
const GAP: usize = 2;
/// Rows that are shown even if the text below them is then cut off.
const LEAST_ROWS: usize = 3;
/// The title of the column that is left out in plain text.
const CERTIFICATE: &str = "CERTIFICATE";

/// A column with its rank. The highest rank is hidden first when width runs out.
struct MemberColumn {
    title: &'static str,
    rank: u8,
    is_number: bool,
    text: fn(RenderContext<'_>, &MemberRow<'_>) -> String,
}

const fn column(
    title: &'static str,
    rank: u8,
    is_number: bool,
    text: fn(RenderContext<'_>, &MemberRow<'_>) -> String,
) -> MemberColumn {
    MemberColumn { title, rank, is_number, text }
}

const COLUMNS: [MemberColumn; 13] = [
    column("MEMBER", 0, false, |_, row| name(row)),
    column("ROLE", 0, false, |_, row| row.role.word().to_owned()),
    column("ANSWERED", 0, false, answered),
    column("VERSION", 1, false, |_, row| version(row)),
    column("RTT", 2, true, |_, row| round_trip(row)),
    column("TERM", 3, true, |_, row| of_status(row, |status| known(status.raft_term))),
    column("REVISION", 4, true, |_, row| of_status(row, |status| known(status.revision.unsigned_abs()))),
    column("RAFT INDEX", 8, true, |_, row| of_status(row, |status| known(status.raft_index))),
    column("DB", 5, true, |_, row| of_status(row, |status| size(status.db_size))),
    column("IN USE", 9, true, |_, row| of_status(row, |status| size(status.db_size_in_use))),
    column("QUOTA", 6, true, |_, row| of_status(row, |status| size(status.db_size_quota?))),
    column(CERTIFICATE, 7, false, certificate),
    column("ADDRESS", 10, false, |_, row| cut(&printable(row.address.as_bytes()), MAX_TEXT)),
];

/// Draws the view. The tiny layout has one line per member.
pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, is_tiny: bool, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let rows = ctx.app.view.members_view.rows(&ctx.app.cluster);
    let members = rows.iter().filter(|row| row.role != MemberRole::Removed).count();
    let count = plural(members as u64, "member");
    let inner = if is_tiny { area } else { frame(ctx, &count, area, buf) };
    let page = Page { ctx, cursor: ctx.app.view.members_view.cursor_row(&rows), rows, width: inner.width.into() };
    let lines = if is_tiny { page.tiny(inner.height.into()) } else { page.lines(inner.height.into()) };
    for (y, line) in (inner.y..inner.bottom()).zip(lines) {
        buf.set_line(inner.x, y, &line, inner.width);
    }
    filter_line::draw_in_view(ctx, &count, area, buf);
}

fn frame(ctx: RenderContext<'_>, count: &str, area: Rect, buf: &mut Buffer) -> Rect {
    let cluster = &ctx.app.cluster;
    let through = cluster.members.renewals_through(&cluster.view);
    let through =
        through.map_or_else(|| "no endpoint answers".to_owned(), |through| format!("renewals go through {through}"));
    let filter = filter_line::of_view(ctx.app);
    let title = format!("{count}{filter} · {}", printable(through.as_bytes()));
    pane::draw(area, &Line::styled(title, ctx.theme.style(Role::Dim)), &Line::default(), buf)
}

struct Page<'a> {
    ctx: RenderContext<'a>,
    rows: Vec<MemberRow<'a>>,
    cursor: Option<usize>,
    width: usize,
}

impl Page<'_> {
    /// The table around the cursor, and below it the selected member, the leaders so far and the counters of the leader.
    fn lines(&self, height: usize) -> Vec<Line<'static>> {
        let Some(cursor) = self.cursor else { return self.advice() };
        let detail = self.detail(&self.rows[cursor]);
        let notes = self.notes();
        let below = detail.len() + 1 + notes.len();
        let shown = height.saturating_sub(1 + below).max(LEAST_ROWS).min(self.rows.len());
        let columns = self.columns();
        let mut lines =
            vec![Line::styled(self.cells(&columns, |column| column.title.to_owned()), self.style(Role::Title))];
        lines.extend(self.window(cursor, shown).map(|place| self.row(place, &columns)));
        lines.extend(notes);
        lines.push(Line::default());
        lines.extend(detail);
        lines.push(Line::default());
        lines.extend(self.leaders());
        lines.push(Line::default());
        lines.extend(self.rates());
        lines
    }

    /// One line per member, around the cursor.
    fn tiny(&self, height: usize) -> Vec<Line<'static>> {
        let Some(cursor) = self.cursor else { return self.advice() };
        let line = |place: usize| {
            let row = &self.rows[place];
            let text = format!("{} {} {}", name(row), row.role.word(), answered(self.ctx, row));
            self.marked(cut(&text, self.width), place, row)
        };
        self.window(cursor, height).map(line).collect()
    }

    /// The places of the rows around the cursor.
    fn window(&self, cursor: usize, height: usize) -> std::ops::Range<usize> {
        let top = cursor.saturating_sub(height / 2).min(self.rows.len().saturating_sub(height));
        top..(top + height).min(self.rows.len())
    }

    fn row(&self, place: usize, columns: &[(&'static MemberColumn, usize)]) -> Line<'static> {
        let row = &self.rows[place];
        self.marked(self.cells(columns, |column| (column.text)(self.ctx, row)), place, row)
    }

    /// The line of a member, reversed if it is under the cursor.
    fn marked(&self, mut text: String, place: usize, row: &MemberRow<'_>) -> Line<'static> {
        if self.cursor == Some(place) {
            text += &" ".repeat(self.width.saturating_sub(text.width()));
            return Line::styled(text, self.ctx.theme.cursor());
        }
        Line::styled(text, self.style(text_role(row)))
    }

    fn cells(
        &self,
        columns: &[(&'static MemberColumn, usize)],
        text: impl Fn(&'static MemberColumn) -> String,
    ) -> String {
        let cell = |(column, width): &(&'static MemberColumn, usize)| {
            let text = text(column);
            let free = " ".repeat(width.saturating_sub(text.width()));
            if column.is_number { free + &text } else { text + &free }
        };
        columns.iter().map(cell).collect::<Vec<_>>().join(&" ".repeat(GAP))
    }

    /// The columns that fit, with their widths.
    fn columns(&self) -> Vec<(&'static MemberColumn, usize)> {
        let width = |column: &'static MemberColumn| {
            let texts = self.rows.iter().map(|row| (column.text)(self.ctx, row).width());
            (column, texts.chain([column.title.width()]).max().unwrap_or(0))
        };
        let has_tls = self.rows.iter().any(|row| row.certificate_end.is_some());
        let columns = COLUMNS.iter().filter(|column| has_tls || column.title != CERTIFICATE);
        let mut columns: Vec<_> = columns.map(width).collect();
        let total = |columns: &[(&MemberColumn, usize)]| columns.iter().map(|(_, width)| width + GAP).sum::<usize>();
        while total(&columns) > self.width + GAP {
            let highest = columns.iter().map(|(column, _)| column.rank).max().unwrap_or(0);
            if highest == 0 {
                break;
            }
            columns.retain(|(column, _)| column.rank != highest);
        }
        columns
    }

    /// What `*` means, and that the member list may be out of date.
    fn notes(&self) -> Vec<Line<'static>> {
        let mut notes = Vec::new();
        if self.rows.iter().any(|row| !row.is_endpoint) {
            notes.extend(self.paragraph("* not among the endpoints", Role::Dim));
        }
        if let Some(failure) = &self.ctx.app.cluster.members.failure {
            let text = format!("The member list may be out of date: {}", printable(failure.text.as_bytes()));
            notes.extend(self.paragraph(&text, Role::Warning));
        }
        notes
    }

    /// The selected member: its identity, last status, certificate, problems and last lease probe.
    fn detail(&self, row: &MemberRow<'_>) -> Vec<Line<'static>> {
        let mut lines = self.paragraph(&identity(row), Role::Title);
        if let Some(status) = row.status {
            let age = if row.answers == Some(false) { "last known: " } else { "" };
            let MemberView { raft_term, revision, raft_index, .. } = status;
            let text = format!("{age}term {raft_term}, revision {revision}, raft index {raft_index}");
            lines.extend(self.paragraph(&text, Role::Text));
            lines.extend(self.paragraph(&format!("{age}{}", database(status)), Role::Text));
        }
        lines.extend(row.certificate_end.into_iter().flat_map(|end| self.certificate(end)));
        for problem in &row.problems {
            lines.extend(self.paragraph(&printable(problem.as_bytes()), Role::Danger));
        }
        lines.extend(row.probe.into_iter().flat_map(|(probe, at)| self.probe(probe, at)));
        lines
    }

    /// What the member answered to the last probe with a lease.
    fn probe(&self, probe: &MemberProbe, at: Timestamp) -> Vec<Line<'static>> {
        let role = if probe.is_done() { Role::Good } else { Role::Danger };
        let ago = format::span((self.ctx.now - at).as_secs_f64());
        let steps = probe.steps().map(|(name, step)| format!("{name} {}", probe_step_text(step)));
        let text = format!("lease probe {ago} ago: {}", steps.join(", "));
        self.paragraph(&printable(text.as_bytes()), role)
    }

    /// `certificate until 2026-12-11: expires in 12 days`
    fn certificate(&self, end: SystemTime) -> Vec<Line<'static>> {
        let now = self.ctx.wall.time(self.ctx.now);
        let until = format!("certificate until {}", self.ctx.wall.date(end));
        match certificate_expiry(end, now) {
            None => self.paragraph(&until, Role::Text),
            Some(expiry) => {
                let role = if end < now { Role::Danger } else { Role::Warning };
                self.paragraph(&format!("{until}: {expiry}"), role)
            }
        }
    }

    fn advice(&self) -> Vec<Line<'static>> {
        let is_filtered = self.ctx.app.view.is_filtered();
        let text = if is_filtered { "No member matches the filter." } else { "No member is known yet." };
        self.paragraph(text, Role::Dim)
    }

    fn paragraph(&self, text: &str, role: Role) -> Vec<Line<'static>> {
        wrap(text, self.width).into_iter().map(|line| Line::styled(line, self.style(role))).collect()
    }

    fn style(&self, role: Role) -> ratatui::style::Style {
        self.ctx.theme.style(role)
    }
}

/// The name, or the id if there is none, with a `*` if the member is not an endpoint.
fn name(row: &MemberRow<'_>) -> String {
    let name = cut(&printable(row.name().as_bytes()), MAX_TEXT);
    let name = if name.is_empty() { format!("{:x}", row.id()) } else { name };
    if row.is_endpoint { name } else { name + " *" }
}

/// When the member last answered: `now`, `12.0 s ago`, `never` or `not asked`.
fn answered(ctx: RenderContext<'_>, row: &MemberRow<'_>) -> String {
    match row.answers {
        None => "not asked".to_owned(),
        Some(true) => "now".to_owned(),
        Some(false) => match row.silent_for(ctx.now) {
            Some(span) => format!("{} ago", format::span(span.as_secs_f64())),
            None => "never".to_owned(),
        },
    }
}

/// The day on which the certificate of the member ends.
fn certificate(ctx: RenderContext<'_>, row: &MemberRow<'_>) -> String {
    row.certificate_end.map_or_else(|| UNKNOWN.to_owned(), |end| ctx.wall.date(end))
}

/// The round trip of the last answer, or `-` if the member does not answer.
fn round_trip(row: &MemberRow<'_>) -> String {
    if row.answers == Some(true) {
        return of_status(row, |status| Some(format::round_trip(status.round_trip?)));
    }
    UNKNOWN.to_owned()
}

fn version(row: &MemberRow<'_>) -> String {
    of_status(row, |status| Some(cut(&printable(status.version.as_bytes()), MAX_VERSION)))
}

/// A value of the last status, or `-` if it is unknown.
fn of_status(row: &MemberRow<'_>, show: impl FnOnce(&MemberView) -> Option<String>) -> String {
    row.status.and_then(show).unwrap_or_else(|| UNKNOWN.to_owned())
}

fn known(number: u64) -> Option<String> {
    if number == 0 { None } else { Some(number.to_string()) }
}

fn size(bytes: u64) -> Option<String> {
    if bytes == 0 { None } else { Some(size_in_words(bytes)) }
}

/// `etcd-1 · leader · id 8e9e05c52164694d · 10.0.0.1:2379`
fn identity(row: &MemberRow<'_>) -> String {
    let mut parts = vec![name(row), row.role.word().to_owned()];
    if row.id() != 0 {
        parts.push(format!("id {:x}", row.id()));
    }
    if row.address.is_empty() {
        parts.push("advertises no client URL".to_owned());
    } else {
        parts.push(printable(row.address.as_bytes()));
    }
    parts.join(" · ")
}

/// `database 20.1 MB of 2.1 GB (1 %), 16.0 MB in use`
fn database(status: &MemberView) -> String {
    let file = size(status.db_size).unwrap_or_else(|| UNKNOWN.to_owned());
    let quota = status.db_size_quota.map_or_else(String::new, |quota| {
        let share = status.db_size as f64 / quota as f64 * 100.0;
        format!(" of {} ({share:.0} %)", size_in_words(quota))
    });
    let used = size(status.db_size_in_use).map_or_else(String::new, |used| format!(", {used} in use"));
    let note = if status.db_size_quota.is_none() { ", quota unknown (reported by etcd 3.6 and later)" } else { "" };
    format!("database {file}{quota}{used}{note}")
}

/// The style of the line of a member.
fn text_role(row: &MemberRow<'_>) -> Role {
    match row.role {
        _ if row.is_silent() || !row.alarms.is_empty() => Role::Danger,
        MemberRole::Leader => Role::Good,
        MemberRole::Follower | MemberRole::Learner => Role::Text,
        MemberRole::Unknown | MemberRole::Removed => Role::Dim,
    }
}
