//! The time left of a lease: it falls steadily and rises at each renewal.

use std::fmt::Write;

use super::drawing::{Anchor, Drawing, toned};
use super::severity::Severity;
use super::trace::Trace;
use super::{Page, raster, verdict};
use crate::width::{cut, cut_key};

const LEFT: f64 = 60.0;
const RIGHT: f64 = 990.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 112.0;
const HEIGHT: f64 = 156.0;
/// Intervals before and after what happened.
const BEFORE: f64 = 14.0;
const AFTER: f64 = 8.0;
/// The shortest window, in TTLs.
const MIN_TTLS: f64 = 2.0;
/// Maximum number of deadlines in a chart.
const MAX_POINTS: usize = 2_000;
/// Renewals that are closer than this share a mark.
const APART: f64 = 2.0;
/// Maximum number of labels on the time axis.
const MAX_TICKS: usize = 7;
/// Cells of a key above a chart, of the name in its title, and of the event below it.
const KEY_CELLS: usize = 70;
const TITLE_CELLS: usize = 200;
const EVENT_CELLS: usize = 135;

/// At most `most` charts: of the leases with the worst events, or of a few TTLs if nothing bad happened.
pub(super) fn charts(page: &Page, most: usize) -> Vec<Drawing> {
    verdict::interesting(&page.traces, most).into_iter().filter_map(|trace| chart(page, trace)).collect()
}

/// The part of time and the TTL that a chart shows.
struct Window {
    from: f64,
    until: f64,
    ttl: f64,
}

impl Window {
    /// A window around the worst event, or around the end of the trace if nothing bad happened. `None` without a TTL, and if
    /// the window would be empty.
    fn of(page: &Page, trace: &Trace) -> Option<Window> {
        let ttl = trace.ttl.filter(|ttl| *ttl > 0.0)?;
        let every = trace.interval.unwrap_or(ttl / 3.0);
        let is_bad = trace.severity > Severity::Ended;
        let around = trace.worst.as_ref().filter(|_| is_bad).map_or(trace.last, |(at, _)| *at);
        let from = around - (every * BEFORE).max(ttl * MIN_TTLS);
        let until = around + (every * AFTER).max(ttl * MIN_TTLS / 2.0);
        let from = from.max(trace.first).max(page.time.from);
        let until = until.min(trace.last + every / 2.0).min(page.time.until);
        if until > from { Some(Window { from, until, ttl }) } else { None }
    }

    fn x(&self, at: f64) -> f64 {
        LEFT + ((at - self.from) / (self.until - self.from)).clamp(0.0, 1.0) * (RIGHT - LEFT)
    }

    fn y(&self, left: f64) -> f64 {
        BOTTOM - (left / self.ttl).clamp(0.0, 1.0) * (BOTTOM - TOP)
    }

    fn contains(&self, at: f64) -> bool {
        self.from <= at && at <= self.until
    }
}

fn chart(page: &Page, trace: &Trace) -> Option<Drawing> {
    let window = Window::of(page, trace)?;
    let mut drawing = Drawing { height: HEIGHT, ..Drawing::default() };
    let ttl = format!("{:.0} s", window.ttl);
    drawing.open_group("chart", &format!("Time left of {}", cut(trace.name(), TITLE_CELLS)));
    let name = cut_key(trace.name(), KEY_CELLS);
    drawing.text((0.0, 14.0), Anchor::Start, "key strong", &name);
    let state = format!("{}, {}", trace.state, describe(trace));
    drawing.text((RIGHT, 14.0), Anchor::End, &toned("text", trace.tone()), &state);
    for (at, label) in page.time.ticks(window.from, window.until, MAX_TICKS) {
        drawing.line((window.x(at), TOP), (window.x(at), BOTTOM), "grid");
        drawing.text((window.x(at), BOTTOM + 22.0), Anchor::Middle, "dim", &label);
    }
    drawing.line((LEFT, BOTTOM), (RIGHT, BOTTOM), "axis");
    drawing.text((LEFT - 6.0, TOP + 4.0), Anchor::End, "dim", &ttl);
    drawing.text((LEFT - 6.0, BOTTOM + 4.0), Anchor::End, "dim", "0 s");
    let marks = page.marks.iter().filter(|mark| window.contains(mark.at));
    raster::marks(&mut drawing, marks, |at| window.x(at), (TOP - 1.0, BOTTOM));
    danger(&mut drawing, &window, trace);
    let (line, area) = lines(&window, trace);
    drawing.path("area", &area);
    drawing.path("teeth", &line);
    events(&mut drawing, &window, trace);
    drawing.close_group();
    Some(drawing)
}

/// `TTL 10 s, every 3.50 s`
fn describe(trace: &Trace) -> String {
    let ttl = format!("TTL {:.0} s", trace.ttl.unwrap_or_default());
    trace.interval.map_or(ttl.clone(), |every| format!("{ttl}, every {every:.2} s"))
}

/// Draws the line below which less than one interval is left.
fn danger(drawing: &mut Drawing, window: &Window, trace: &Trace) {
    /// Closer to an edge than this share of the TTL, the line and its label would touch the axis or its labels.
    const EDGE: f64 = 0.1;
    let shown = window.ttl * EDGE..window.ttl * (1.0 - EDGE);
    let Some(every) = trace.interval.filter(|every| *every > shown.start && *every < shown.end) else { return };
    let y = window.y(every);
    drawing.line((LEFT, y), (RIGHT, y), "danger");
    drawing.text((LEFT - 6.0, y + 4.0), Anchor::End, "dim", &format!("{every:.1} s"));
}

/// The line of the time left, and the area below it.
fn lines(window: &Window, trace: &Trace) -> (String, String) {
    let (mut line, mut area) = (String::new(), String::new());
    let first = trace.deadlines.partition_point(|point| point.at <= window.from).saturating_sub(1);
    let points = &trace.deadlines[first..];
    let mut is_open = false;
    for (index, point) in points.iter().take(MAX_POINTS).enumerate() {
        let from = point.at.max(window.from);
        let until = points.get(index + 1).map_or(trace.last, |next| next.at).min(window.until);
        let deadline = point.deadline.filter(|_| from <= until);
        // Writing to strings cannot fail.
        let _ = match deadline {
            Some(deadline) => fall(window, (from, until, deadline), (&mut line, &mut area), &mut is_open),
            None if is_open => {
                is_open = false;
                write!(area, "V{BOTTOM:.1}Z")
            }
            None => Ok(()),
        };
    }
    if is_open {
        let _ = write!(area, "V{BOTTOM:.1}Z");
    }
    (line, area)
}

/// Adds the falling line of one deadline, and the area below it. If no line `is_open` before it, starts a new one.
fn fall(
    window: &Window,
    (from, until, deadline): (f64, f64, f64),
    (line, area): (&mut String, &mut String),
    is_open: &mut bool,
) -> std::fmt::Result {
    let start = (window.x(from), window.y(deadline - from));
    let (mark, foot) = if *is_open { ("L", None) } else { ("M", Some(BOTTOM)) };
    write!(line, "{mark}{:.1} {:.1}", start.0, start.1)?;
    if let Some(foot) = foot {
        write!(area, "M{:.1} {foot:.1}", start.0)?;
    }
    write!(area, "L{:.1} {:.1}", start.0, start.1)?;
    *is_open = true;
    let zero = if from < deadline && deadline < until { Some((deadline, 0.0)) } else { None };
    for (at, left) in zero.into_iter().chain([(until, deadline - until)]) {
        let place = format!("L{:.1} {:.1}", window.x(at), window.y(left));
        line.push_str(&place);
        area.push_str(&place);
    }
    Ok(())
}

/// Draws renewals and dropped responses on the axis, the worst event with its text, and the end.
fn events(drawing: &mut Drawing, window: &Window, trace: &Trace) {
    for (times, class, height) in [(&trace.renewals, "renewals", 5.0), (&trace.drops, "dropped", 8.0)] {
        let mut last = f64::MIN;
        let mut path = String::new();
        for x in times.iter().filter(|at| window.contains(**at)).map(|at| window.x(*at)) {
            if x - last >= APART {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{x:.1} {BOTTOM:.1}v{height}");
                last = x;
            }
        }
        drawing.path(class, &path);
    }
    if let Some((at, _)) = trace.worst.as_ref().filter(|(at, _)| window.contains(*at)) {
        drawing.line((window.x(*at), TOP - 6.0), (window.x(*at), BOTTOM), &toned("mark", trace.tone()));
    }
    if let Some(at) = trace.end.filter(|at| window.contains(*at)) {
        let x = window.x(at);
        let cross = format!("M{:.1} {:.1}l8 8M{:.1} {:.1}l8 -8", x - 4.0, BOTTOM - 4.0, x - 4.0, BOTTOM + 4.0);
        drawing.path(&toned("end", trace.tone()), &cross);
    }
    let told = trace.worst.as_ref().map(|(_, text)| text.as_str()).unwrap_or_default();
    drawing.text((LEFT, HEIGHT - 7.0), Anchor::Start, "dim", &cut(told, EVENT_CELLS));
}
