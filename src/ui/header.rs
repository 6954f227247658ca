//! Header: cluster, health and permissions of this session.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::{AppState, ClusterLabel};
use crate::escape::printable;
use etcd_lease::MemberView;
use simkit::Timestamp;

use super::line::{Segment, cut, draw_ends};
use super::{RenderContext, Role, format};

pub(super) fn draw(ctx: RenderContext<'_>, area: Rect, buf: &mut Buffer) {
    if !area.is_empty() {
        let mut right = rights(ctx.app, ctx.now);
        right.extend(frozen(ctx));
        draw_ends(ctx.theme, (link(ctx), right), ("  ", "  "), area, buf);
    }
}

/// Banner of a frozen display. It is hidden last.
pub(super) fn frozen(ctx: RenderContext<'_>) -> Option<Segment> {
    let picture = ctx.app.frozen.as_ref()?;
    let age = (ctx.now - picture.at).as_secs();
    Some(Segment::new(0, Role::Danger, format!("‖ FROZEN {age} s")))
}

fn link(ctx: RenderContext<'_>) -> Vec<Segment> {
    let mut parts = vec![Segment::new(7, Role::Title, "leasetop")];
    let name = |named: &ClusterLabel| Segment::new(0, Role::of_name(named), printable(named.name.as_bytes()));
    parts.extend(ctx.app.config.label.as_ref().map(name));
    match (ctx.app.cluster.unreached_since, ctx.app.cluster.member()) {
        (None, Some(member)) => parts.extend(reached(ctx.app, member)),
        (since, _) => {
            let waited = since.map_or(0, |since| (ctx.now - since).as_secs());
            parts.push(Segment::new(0, Role::Danger, format!("✗ {}", printable(ctx.app.config.target.as_bytes()))));
            parts.push(Segment::new(1, Role::Danger, format!("unreachable for {waited} s")));
        }
    }
    parts
}

fn reached(app: &AppState, member: &MemberView) -> Vec<Segment> {
    let mut parts = vec![Segment {
        pieces: vec![("● ".to_owned(), Role::Good), (printable(member.endpoint.as_bytes()), Role::Text)],
        rank: 0,
    }];
    let number = app.cluster.view.chosen.map_or(1, |chosen| chosen + 1);
    let of = app.cluster.view.members.len();
    let star = if member.is_leader { "★" } else { "" };
    parts.push(Segment::new(2, Role::Text, format!("m{number}{star} of {of}")));
    if !member.version.is_empty() {
        parts.push(Segment::new(3, Role::Text, format!("etcd {}", printable(member.version.as_bytes()))));
    }
    if !member.has_leader {
        parts.push(Segment::new(1, Role::Danger, "no leader"));
    }
    // Term and revision are 0 if this user may not read the member status.
    let known = |number: u64| (number != 0).then_some(number);
    parts.extend(known(member.raft_term).map(|term| Segment::new(5, Role::Dim, format!("term {term}"))));
    let revision = known(member.revision.unsigned_abs());
    parts.extend(revision.map(|revision| Segment::new(6, Role::Dim, format!("rev {revision}"))));
    parts.extend(
        member.round_trip.map(|span| Segment::new(4, Role::Dim, format!("rtt {:>7}", format::round_trip(span)))),
    );
    parts
}

fn rights(app: &AppState, now: Timestamp) -> Vec<Segment> {
    let polls = format!("polls {}/s (max {})", app.polls.rate(now), app.polls.limit);
    let rank = if app.polls.chosen_limit.is_some() { 6 } else { 8 };
    let mut parts = vec![Segment::new(rank, Role::Dim, polls)];
    if app.config.is_sandbox() {
        let name = if app.config.is_demo { "demo on the embedded sandbox" } else { "embedded sandbox" };
        parts.push(Segment::new(4, Role::Warning, name));
        if app.view.clock_speed > 1 {
            let waits = if app.view.is_clock_waiting(now) { ", waiting for this machine" } else { "" };
            parts.push(Segment::new(1, Role::Warning, format!("clock ×{}{waits}", app.view.clock_speed)));
        }
    }
    if let Some(trouble) = &app.cluster.list_failure {
        let text = if trouble.is_forbidden { "list denied" } else { "list failed" };
        parts.push(Segment::new(1, Role::Danger, text));
    }
    if let Some(trouble) = &app.keys.failure {
        let text = if trouble.is_forbidden { "keys denied" } else { "keys failed" };
        parts.push(Segment::new(1, Role::Danger, text));
    }
    if let Some(prefix) = app.config.range.as_prefix() {
        parts.push(Segment::new(3, Role::Warning, format!("keys {}", cut(&printable(prefix), 24))));
    }
    if app.config.is_read_only {
        parts.push(Segment::new(1, Role::Warning, "read-only"));
    }
    parts
}
